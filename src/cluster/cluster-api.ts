/**
 * One cluster, as the supervisor and `trace` use it. Types only; `cluster.ts` builds it.
 */
import type { Dialer, DialPhase } from '../tunnel/dialer.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { DialGate, TransportMemory } from '../tunnel/gate.ts'
import type { Picture, TargetQuery } from './picture.ts'

/** Which kubeconfig and context, and as whom; what is absent is found as kubectl finds it. */
export interface ClusterAccess {
  readonly kubeconfig?: string
  readonly context?: string
  /** The user to act as, instead of what the kubeconfig says of impersonation. */
  readonly as?: string
  readonly asGroups?: readonly string[]
  /** The server that the context must lead to: another one is a failure, and nothing is opened there. */
  readonly expectServer?: string
}

/** One API server as one user sees it. Everything it starts ends with {@link Cluster.close}. */
export interface Cluster {
  /** Identity: kubeconfig, context, server, user and whom the user acts as. */
  readonly key: string
  readonly contextName: string
  readonly server: string
  /** The context's namespace, else `default`. */
  readonly namespace: string
  readonly dialer: Dialer
  readonly gate: DialGate & GateView
  readonly transports: TransportMemory
  /**
   * Follows a target until the subscription is closed. `onChange` is called with the
   * first picture and with each that differs; watches are shared between targets.
   */
  watchTarget(query: TargetQuery, onChange: (picture: Picture) => void): { close(): void }
  /**
   * One request with the user's credentials, for a look at the server itself: `/version`,
   * or the review of an access. Within 10 s; not through the gate, so that a diagnosis
   * can be made while it is closed. Never rejects.
   */
  request(request: ClusterRequest): Promise<JsonAnswer | Failure>
  /** Something changed outside (user, kubeconfig): retry now what waits. */
  kick(): void
  close(): Promise<void>
}

/** One request for JSON. */
export interface ClusterRequest {
  readonly method: 'GET' | 'POST'
  /** Below the server's own path, with its query: `/version`. */
  readonly path: string
  /** What is sent, as JSON. */
  readonly body?: object
  /** Hears of every step on the way. */
  readonly onPhase?: ((phase: DialPhase) => void) | undefined
  readonly signal: AbortSignal
}

/** An answer of 2xx, parsed; its shape is not looked at. */
export interface JsonAnswer {
  readonly kind: 'json'
  readonly value: Record<string, unknown>
}

/** What the gate shows to `describe`. */
export interface GateView {
  /** Undefined while the API server answers. */
  readonly closedFor: { readonly failure: Failure; readonly sinceMs: number; readonly nextTryMs: number } | undefined
  /** Calls back whenever `closedFor` changes; returns the way to stop. */
  onChange(listener: () => void): () => void
}

/** Opens clusters, one for each resolved context, shared by all forwards that name it. */
export interface Clusters {
  /** Never rejects. The same access gives the same cluster until {@link Clusters.refresh} finds its kubeconfig changed. */
  open(access: ClusterAccess): Promise<Cluster | Failure>
  /** The kubeconfig files that were read or looked for, and those in use without a name, to be watched. */
  readonly kubeconfigFiles: readonly string[]
  /** Those that an access reads. */
  filesOf(access: Pick<ClusterAccess, 'kubeconfig'>): readonly string[]
  /** Kubeconfig files may have changed: failed opens are retried, credentials re-read. */
  refresh(): Promise<void>
  close(): Promise<void>
}
