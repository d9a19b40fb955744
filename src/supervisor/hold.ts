/**
 * Whether a connection that nothing can serve now waits, or is reset at once.
 *
 * Pure; the rule called D1. Waiting is bounded thrice: each connection in time, the
 * outage as a whole, and the number of those that wait.
 */
import type { HoldPolicy } from '../file/forward.ts'

/** What the decision rests on. */
export interface HoldFacts {
  readonly policy: HoldPolicy
  /** Nothing will change without the user: a wrong context, no permission, a bind that failed. */
  readonly failed: boolean
  /** No pod is there and none is on its way. */
  readonly nonComing: boolean
  /** A tunnel was open earlier in this run. */
  readonly wasOpen: boolean
  /** How long nothing could be served: since the loss, or since the first bind. */
  readonly outageMs: number
  /** How many wait already: in this forward, and in all together. */
  readonly held: number
  readonly heldInProcess: number
}

/** Connections that may wait in one process, whatever its forwards allow. */
export const MAX_HELD_IN_PROCESS = 512

/** `hold`, or why not. */
export function mayHold(facts: HoldFacts): 'hold' | 'failed' | 'none-coming' | 'outage-too-long' | 'too-many' {
  if (facts.failed) return 'failed'
  if (facts.nonComing && !facts.wasOpen) return 'none-coming'
  if (facts.outageMs >= facts.policy.windowMs) return 'outage-too-long'
  if (facts.held >= facts.policy.maxConnections || facts.heldInProcess >= MAX_HELD_IN_PROCESS) return 'too-many'
  return 'hold'
}
