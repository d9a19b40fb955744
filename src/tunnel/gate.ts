/**
 * What stands between a lane and its next dial: the cluster's breaker.
 *
 * Types only. `cluster/gate.ts` implements it, one for each API server, so that a
 * dead cluster costs one probe and a returning one is not trampled.
 */
import type { Failure } from './failure.ts'

/** A cluster's breaker and its queue of dials. */
export interface DialGate {
  /** Resolves when this dial may start; `false` when `signal` aborted first. Call `done` once for each `true`. */
  enter(signal: AbortSignal): Promise<boolean>
  /** The dial ended: reached the API server (whatever it said), or could not, and why. */
  done(outcome: 'reached' | 'unreachable', why?: Failure): void
}

/** Which transport worked last on this cluster; forgotten after an hour. */
export interface TransportMemory {
  recall(): 'websocket' | 'spdy' | 'channel' | undefined
  remember(transport: 'websocket' | 'spdy' | 'channel'): void
}
