/**
 * What stands in the way of the next dial while an open lane serves on. Pure.
 *
 * The state of such a forward stays as good as its lane is; what would keep it from
 * coming back after a loss is worth a warning, before it is needed.
 */
import { withRoleHint } from '../cluster/role-hint.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { LaneFacts } from '../tunnel/pool.ts'
import type { ForwardFacts } from './describe.ts'
import type { Warning } from './events.ts'

/** Everything that is looked at. */
export interface ObstacleFacts extends Pick<ForwardFacts, 'lane' | 'target' | 'gate'> {
  /** The lane to the next pod, while it is being dialled. */
  readonly next: LaneFacts | undefined
}

/** A network that fails a dial or two is none yet. */
const DIALS_IN_A_ROW = 3

/** The obstacle; `none` when the way is free, undefined when no lane serves: then the state says it. */
export function obstacle({ lane, target, gate, next }: ObstacleFacts): Failure | 'none' | undefined {
  if (lane?.state !== 'open') return undefined
  if (target.kind === 'picked' && target.unseen) return target.unseen
  if (gate) return gate.failure
  const failed = next?.failure
  return failed && (failed.class !== 'connection' || next.attempt >= DIALS_IN_A_ROW) ? failed : 'none'
}

/** The obstacle as it is told. */
export function obstacleWarning(failure: Failure): Warning {
  // Told once for all forwards of the cluster.
  const { code, message, hint } = withRoleHint(failure)
  return { code, message: `open tunnels serve on, but the next one may fail: ${message}`, ...(hint !== undefined && { hint }) }
}
