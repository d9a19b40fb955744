/**
 * A forward as everything after the file sees it: complete, checked, nothing optional
 * that code needs. Types only; `resolve.ts` makes these, the supervisor lives by them.
 */

/** Which cluster a forward means, and as whom. Names are not yet looked up in any kubeconfig. */
export interface Access {
  /** A kubeconfig named by the file or a flag; without it KUBECONFIG and the usual place. */
  readonly kubeconfig?: string
  /** Without it the kubeconfig's current context, resolved when the forward starts. */
  readonly context?: string
  /** Without it the context's own namespace, else `default`. */
  readonly namespace?: string
  /** The user to act as, instead of what the kubeconfig says of impersonation. */
  readonly as?: string
  /** Groups of that user; never without `as`. */
  readonly asGroups?: readonly string[]
  /** The server that the context must lead to: on another one nothing is opened. */
  readonly expectServer?: string
}

/** Kubernetes kinds a target may be of, in kubectl's singular. */
export type TargetKind = 'service' | 'deployment' | 'statefulset' | 'daemonset' | 'replicaset' | 'job' | 'replicationcontroller' | 'pod'

/** What a forward points at. */
export type Target =
  | { readonly kind: TargetKind; readonly name: string; readonly container?: string }
  /** The pod whose name starts so: `pod/api-*`. */
  | { readonly kind: 'prefix'; readonly of: TargetKind; readonly prefix: string; readonly container?: string }
  | { readonly kind: 'selector'; readonly labelSelector: string; readonly container?: string }

/** A port of the target, and the local one it appears on. */
export interface PortMapping {
  readonly name?: string
  /** 0 asks for a free one: `auto` of the file, until `auto-ports.ts` has chosen; any in the ad-hoc form. */
  readonly localPort: number
  /** A number, or the name of a service port or container port. */
  readonly remotePort: number | string
  /** `target`: a service's own port is translated; `container`: taken as the pod's. */
  readonly meaning: 'target' | 'container'
  /** Bind addresses, `localhost` already spelled out as 127.0.0.1 and ::1. */
  readonly addresses: readonly LocalAddress[]
  /** A local port that is taken fails the forward, instead of being waited for. */
  readonly onConflict?: 'fail'
  /** What is spoken, for links. */
  readonly appProtocol?: string
  /** The port meant when none is named. */
  readonly primary?: boolean
}

/** An address to bind; `auto` until `auto-ports.ts` has chosen one. */
export interface LocalAddress {
  readonly address: string
  /** Skipped with a note where the machine does not have it (`::1` of `localhost`). */
  readonly ifPresent: boolean
}

/** How connections wait while no pod can be reached; `maxConnections` 0 is `hold: off`. */
export interface HoldPolicy {
  readonly timeoutMs: number
  readonly windowMs: number
  readonly maxConnections: number
}

/** When a forward that lost its tunnel is started again. */
export type RestartPolicy = { readonly kind: 'always' } | { readonly kind: 'no' } | { readonly kind: 'on-failure'; readonly limit?: number }

/** One entry of the file. */
export interface Forward {
  readonly name: string
  readonly description?: string
  readonly access: Access
  readonly target: Target
  readonly ports: readonly PortMapping[]
  readonly enabled: boolean
  /** Forwards that have to be ready before it is started. */
  readonly dependsOn?: readonly string[]
  /** Pages by name: templates of `references.ts`. */
  readonly links?: Readonly<Record<string, string>>
  /** Its cluster is one to be asked about, once per run. */
  readonly protected?: boolean
  readonly requireReady: boolean
  readonly transport: { readonly mode: 'auto' | 'websocket' | 'spdy' | 'channel'; readonly pingIntervalMs: number }
  readonly hold: HoldPolicy
  readonly drainTimeoutMs: number
  /** The same shape as `tunnel/backoff.ts` takes. */
  readonly backoff: { readonly initialMs: number; readonly factor: number; readonly maxMs: number; readonly jitter: number; readonly resetAfterMs: number }
  readonly restart: RestartPolicy
  readonly timeouts: { readonly dialMs: number; readonly streamMs: number; readonly halfCloseMs: number }
  readonly maxConnections: number
  /** Where the forward stands in its file, for messages. */
  readonly position: { readonly file: string; readonly line: number; readonly column: number }
}

/** A whole file, resolved. */
export interface Project {
  readonly name: string
  readonly description?: string
  /** All profiles that its files name, when they name any. */
  readonly profiles?: readonly string[]
  /** Variables for programs: templates of `references.ts`. */
  readonly exports?: Readonly<Record<string, string>>
  readonly forwards: readonly Forward[]
  readonly settings: {
    readonly concurrency: number
    readonly watchDebounceMs: number /** Where free local ports are looked for, when the file says. */
    readonly portRange?: PortRange
  }
}

/** Local ports, both ends included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}
