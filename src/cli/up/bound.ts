/** Whether the local ports of what runs are bound, or cannot be for now. */
import type { Row, Supervisor } from '../../supervisor/supervisor.ts'
import { realClock } from '../../system/clock.ts'

const LOOK_MS = 20

/** Resolves once nothing is undecided; with those that could not be bound. A bind takes no longer than the machine. */
export async function whenBound(supervisor: Pick<Supervisor, 'snapshot' | 'forward'>, signal: AbortSignal): Promise<readonly Row[]> {
  for (;;) {
    const { rows } = supervisor.snapshot()
    const blocked = rows.filter(({ status }) => status.phase === 'port-busy' || status.phase === 'bind')
    const open = rows.filter((row) => !blocked.includes(row) && isUndecided(row, supervisor))
    if (open.length === 0) return blocked
    if (!(await realClock.sleep(LOOK_MS, signal))) return blocked
  }
}

function isUndecided({ spec, status }: Row, supervisor: Pick<Supervisor, 'forward'>): boolean {
  if (status.state === 'stopping' || status.state === 'stopped') return false
  return supervisor.forward(spec.name)?.bound.some(({ listeners }) => listeners.length === 0) ?? false
}
