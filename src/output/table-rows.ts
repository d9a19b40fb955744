/** What the table shows of each forward: of a supervisor in this process, or of one that was asked. Pure. */
import type { StatusBody } from '../control/shapes.ts'
import type { Phase, State } from '../supervisor/events.ts'
import type { Snapshot } from '../supervisor/supervisor.ts'
import { imageTag, localText, targetText, urlsOf } from './words.ts'

/** One forward. */
export interface TableRow {
  readonly name: string
  readonly state: State
  readonly phase: Phase
  readonly local: string
  readonly target: string
  readonly pod: string
  /** The tag of the image. */
  readonly image: string
  readonly connections: { readonly open: number; readonly draining: number; readonly held: number }
  readonly ageMs: number
  readonly message?: string | undefined
  readonly hint?: string | undefined
  /** Until the next try; none is due without it. */
  readonly nextTryMs?: number | undefined
  /** Whether it has a port that a browser can open. */
  readonly hasPage: boolean
}

/** Of a supervisor in this process. */
export function rowsOf({ rows, nowMs }: Snapshot): readonly TableRow[] {
  return rows.map(({ spec, status, sinceMs, traffic }) => ({
    name: spec.name,
    state: status.state,
    phase: status.phase,
    local: localText(spec, status),
    target: targetText(spec),
    pod: status.pod ?? '',
    image: imageTag(status.image),
    connections: traffic,
    ageMs: nowMs - sinceMs,
    message: status.message,
    hint: status.hint,
    nextTryMs: status.nextRetryAtMs === undefined ? undefined : status.nextRetryAtMs - nowMs,
    hasPage: urlsOf(spec).length > 0,
  }))
}

/** Of one that was asked; what rests is not shown. */
export function rowsAsked({ forwards, now }: Pick<StatusBody, 'forwards' | 'now'>): readonly TableRow[] {
  const nowMs = Date.parse(now)
  return forwards.flatMap((forward) => {
    // It is our own supervisor that has said so, and of an older version at most.
    const { state, phase } = forward as { readonly state: State; readonly phase: Phase }
    if (state === 'stopped') return []
    return [
      {
        name: forward.name,
        state,
        phase,
        local: forward.local,
        target: forward.target,
        pod: forward.pod ?? '',
        image: imageTag(forward.image),
        connections: forward.connections,
        ageMs: nowMs - Date.parse(forward.since),
        message: forward.message,
        hint: forward.hint,
        nextTryMs: forward.nextRetryAt === null ? undefined : Date.parse(forward.nextRetryAt) - nowMs,
        hasPage: false,
      },
    ]
  })
}
