/**
 * What is shown of a forward: one pure function of the facts of its four objects.
 *
 * Nothing here is stored. The rows stand in the order of the table in
 * ARCHITECTURE.md ("The states"); the first that matches counts.
 */
import { withRoleHint } from '../cluster/role-hint.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { LaneFacts } from '../tunnel/pool.ts'
import type { Phase, Place, State, Status } from './events.ts'
import type { ListenerState } from './listener-machine.ts'

/** Everything that `describe` looks at. */
export interface ForwardFacts {
  readonly lifecycle: 'running' | 'draining' | 'stopped' | 'gave-up'
  readonly openConnections: number
  readonly endpoints: readonly EndpointFacts[]
  /** The cluster could not be opened (context, credentials). */
  readonly clusterFailure: Failure | undefined
  /** The cluster's breaker is open. */
  readonly gate: { readonly failure: Failure; readonly nextTryMs: number } | undefined
  /** Known while a cluster is open. */
  readonly place?: Place | undefined
  readonly target: TargetFacts
  readonly lane: LaneFacts | undefined
  /** The next pod is being dialled while this one still serves. */
  readonly switching: boolean
  readonly refusedInARow: number
  /** A lane was open at some time since the start or the last change. */
  readonly wasOpen: boolean
  /** Forwards that it depends on and that are not ready yet. */
  readonly pending?: readonly string[]
  /** What `kpf rbac` is told, to print the Role of this forward. */
  readonly role?: string | undefined
}

/** One local endpoint and how it stands. */
export interface EndpointFacts {
  readonly address: string
  readonly port: number
  readonly state: ListenerState
  /** When it is taken nobody waits for it. */
  readonly fails?: boolean
}

/** What the watch and `pick` made of the target. */
export type TargetFacts =
  | { readonly kind: 'unknown' }
  /** `unseen`: why no pod could be picked now, though this one is in use. */
  | { readonly kind: 'picked'; readonly pod: string; readonly image?: string; readonly unready?: string; readonly unseen?: Failure }
  | { readonly kind: 'none'; readonly reason: string; readonly coming: boolean; readonly hint?: string }
  | Failure

/** Refusals in a row after which the pod's port is said to be closed. */
const REFUSALS_SHOWN = 3

type Shown = Omit<Status, 'listeners' | 'attempt' | 'pod' | 'image' | 'place'>

/** The status of a forward. */
export function describe(facts: ForwardFacts): Status {
  const lane = facts.lane
  const picked = facts.target.kind === 'picked' ? facts.target : undefined
  return {
    ...(ended(facts) ?? listening(facts) ?? pending(facts) ?? open(facts) ?? broken(facts) ?? waiting(facts)),
    attempt: lane?.attempt ?? 0,
    ...(picked && { pod: picked.pod, ...(picked.image !== undefined && { image: picked.image }) }),
    ...(facts.place && { place: facts.place }),
    listeners: facts.endpoints.flatMap(({ address, state }) => (state.kind === 'bound' ? [endpointText(address, state.port)] : [])),
  }
}

/** `127.0.0.1:8080`, `[::1]:8080`. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function ended(facts: ForwardFacts): Shown | undefined {
  switch (facts.lifecycle) {
    case 'draining':
      return { state: 'stopping', phase: 'draining', message: `${facts.openConnections} open` }
    case 'stopped':
      return { state: 'stopped', phase: 'stopped' }
    case 'gave-up':
      return {
        state: 'failed',
        phase: 'gave-up',
        reason: 'KPF_RESTARTS_USED_UP',
        message: `gave up: ${facts.lane?.failure?.message ?? 'the tunnel was lost too often'}`,
        hint: 'press r, or change the file or the kubeconfig, to begin again',
      }
    case 'running':
      return undefined
  }
}

function pending({ pending: names = [] }: ForwardFacts): Shown | undefined {
  if (names.length === 0) return undefined
  return { state: 'waiting', phase: 'pending', reason: 'KPF_PENDING', message: `waits for ${names.map((name) => `"${name}"`).join(', ')} to be ready` }
}

function listening(facts: ForwardFacts): Shown | undefined {
  for (const { address, port, state, fails } of facts.endpoints) {
    if (state.kind === 'busy') {
      const holder = state.holder ? `is used by ${state.holder.command} (pid ${state.holder.pid})` : 'is used by another program'
      if (fails) {
        const hint = 'stop that program and press r, or choose another localPort'
        return {
          state: 'failed',
          phase: 'port-busy',
          reason: 'KPF_PORT_BUSY',
          message: `${endpointText(address, port)} ${holder}, and onConflict is fail`,
          hint,
        }
      }
      return {
        state: 'waiting',
        phase: 'port-busy',
        reason: 'KPF_PORT_BUSY',
        message: `${endpointText(address, port)} ${holder}; taken over when it is free`,
        hint: 'stop that program, or choose another localPort',
      }
    }
    if (state.kind === 'refused') return { state: 'failed', phase: 'bind', reason: 'KPF_BIND_REFUSED', ...bindAdvice(endpointText(address, port), state.errno) }
  }
  // Ready is bound and open: a port that is still being asked for may turn out to be taken.
  const isBinding = facts.endpoints.some(({ state }) => state.kind === 'binding')
  return isBinding && facts.lane?.state === 'open' ? { state: 'starting', phase: 'dialing' } : undefined
}

function bindAdvice(endpoint: string, errno: string): { message: string; hint: string } {
  if (errno === 'EACCES') return { message: `cannot listen on ${endpoint}: not permitted (EACCES)`, hint: 'choose a local port of 1024 or above' }
  if (errno === 'EADDRNOTAVAIL')
    return { message: `cannot listen on ${endpoint}: this machine does not have that address`, hint: 'choose an address of this machine' }
  return { message: `cannot listen on ${endpoint}: ${errno}`, hint: 'choose another address or local port' }
}

function open(facts: ForwardFacts): Shown | undefined {
  const { lane } = facts
  if (lane?.state === 'suspect') {
    return { state: 'degraded', phase: 'suspect', reason: 'KPF_TUNNEL_SILENT', message: lane.failure?.message ?? 'the tunnel has not answered a ping in time' }
  }
  if (lane?.state !== 'open') return undefined
  if (facts.refusedInARow >= REFUSALS_SHOWN) {
    const pod = facts.target.kind === 'picked' ? facts.target.pod : 'the pod'
    return {
      state: 'degraded',
      phase: 'refused',
      reason: 'KPF_STREAM_REFUSED',
      message: `nothing listens on the port in ${pod} (last ${facts.refusedInARow} connections refused)`,
      hint: 'check the remote port, and that the program in the pod is up',
    }
  }
  if (facts.target.kind === 'picked' && facts.target.unready !== undefined) {
    return { state: 'degraded', phase: 'unhealthy', reason: 'KPF_POD_NOT_RUNNING', message: facts.target.unready }
  }
  return { state: 'ready', phase: facts.switching ? 'switching' : 'ready' }
}

function broken(facts: ForwardFacts): Shown | undefined {
  const failures = [facts.clusterFailure, facts.target.kind === 'failure' ? facts.target : undefined, facts.lane?.failure]
  for (const [kind, phase] of failedPhases) {
    const found = failures.find((candidate) => candidate?.class === kind)
    if (found) return { state: 'failed', phase, ...told(withRoleHint(found, facts.role)), ...retryAt(facts.lane) }
  }
  return undefined
}

const failedPhases: readonly (readonly [Failure['class'], Phase])[] = [
  ['config', 'config'],
  ['auth', 'auth'],
  ['rbac', 'forbidden'],
  ['protocol', 'config'],
]

function waiting(facts: ForwardFacts): Shown {
  const { gate, target, lane } = facts
  if (gate) return { state: 'waiting', phase: 'cluster-down', ...told(gate.failure), nextRetryAtMs: gate.nextTryMs }
  const unseen = facts.clusterFailure ?? (target.kind === 'failure' ? target : undefined)
  if (unseen && unseen.class !== 'resolve') return { state: 'waiting', phase: 'cluster-down', ...told(unseen) }
  if (target.kind === 'failure') return { state: 'waiting', phase: 'no-pod', ...told(target) }
  if (target.kind === 'none') {
    return { state: 'waiting', phase: 'no-pod', reason: 'KPF_NO_POD', message: target.reason, ...(target.hint !== undefined && { hint: target.hint }) }
  }
  const failure = lane?.failure
  // Nothing has failed yet: what is waited for is the look, or the dial.
  if (failure === undefined && lane?.state !== 'backoff') return { ...starting(target), ...(facts.wasOpen && { state: 'waiting' }) }
  return { state: 'waiting', phase: 'backoff', ...(failure && told(failure)), ...retryAt(lane) }
}

function starting(target: TargetFacts): { state: State; phase: Phase } {
  return { state: 'starting', phase: target.kind === 'unknown' ? 'resolving' : 'dialing' }
}

function told(failure: Failure): { reason: string; message: string; hint?: string } {
  return { reason: failure.code, message: failure.message, ...(failure.hint !== undefined && { hint: failure.hint }) }
}

function retryAt(lane: LaneFacts | undefined): { nextRetryAtMs?: number } {
  return lane?.nextRetryAtMs === undefined ? {} : { nextRetryAtMs: lane.nextRetryAtMs }
}
