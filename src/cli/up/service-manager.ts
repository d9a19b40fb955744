/** Tells the service manager that started this run when it is ready, how it is, and that it ends. */
import type { Supervisor } from '../../supervisor/supervisor.ts'
import type { Clock } from '../../system/clock.ts'
import type { Notified } from '../../system/systemd-notify.ts'
import { concernsUnit, isUrgent, news, unitState, untold } from './unit-state.ts'

/** Each costs a process: a status that changes more often is told as it is then. */
const STATUS_MS = 1_000

/** What it takes. */
export interface Telling {
  readonly supervisor: Pick<Supervisor, 'subscribe' | 'snapshot' | 'warn'>
  readonly clock: Clock
  readonly notify: (assignments: readonly string[]) => Promise<Notified>
}

/** Until the run is over. A failure is told once; one that is for good ends it. */
export function tellServiceManager({ supervisor, clock, notify }: Telling): void {
  let [told, now] = [untold, untold]
  let pause = new AbortController()
  let [isTelling, isWarned] = [false, false]
  // One after the other: a later word must not be overtaken by an earlier one.
  const tell = async (): Promise<void> => {
    if (isTelling) return
    isTelling = true
    // What comes together is one word: forwards are told one by one when a file has begun.
    await Promise.resolve()
    for (let lines = news(told, now); lines.length > 0; lines = news(told, now)) {
      told = now
      pause = new AbortController()
      const outcome = await notify(lines)
      if (outcome.kind !== 'told' && !isWarned) supervisor.warn('KPF_NOTIFY', `systemd is not told how this run is: ${outcome.why}`)
      isWarned ||= outcome.kind !== 'told'
      if (outcome.kind === 'never' || told.isStopping) return off()
      await clock.sleep(STATUS_MS, pause.signal)
    }
    isTelling = false
  }
  const off = supervisor.subscribe((event) => {
    if (!concernsUnit(event)) return
    const rows = supervisor.snapshot().rows.map(({ status }) => status)
    now = unitState(now, event.type, rows)
    if (isUrgent(told, now)) pause.abort()
    void tell()
  })
}
