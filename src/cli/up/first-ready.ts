/** `all 3 ready in 0.6 s`: said once, when every forward has been told ready. */
import { readyText } from '../../output/table.ts'
import type { Event } from '../../supervisor/events.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'
import type { Clock } from '../../system/clock.ts'

/** Hears every event; gives the sentence with the one that makes it true. Costs nothing once it was said. */
export function firstReady(supervisor: Supervisor, clock: Clock): (event: Event) => string | undefined {
  const startedMs = clock.now()
  const ready = new Set<string>()
  let isTold = false
  return (event) => {
    if (isTold || event.type !== 'forward-state-changed') return undefined
    if (event.to === 'ready') ready.add(event.forward)
    else ready.delete(event.forward)
    const snapshot = supervisor.snapshot()
    if (snapshot.rows.length === 0 || snapshot.rows.some(({ spec }) => !ready.has(spec.name))) return undefined
    isTold = true
    return `${readyText(snapshot.rows.map(({ status }) => status))} in ${((clock.now() - startedMs) / 1000).toFixed(1)} s`
  }
}
