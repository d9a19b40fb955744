/** What waits is tried, and what is open is asked, when the machine goes on after a sleep or is in another network. */
import type { Supervisor } from '../../supervisor/supervisor.ts'
import { realClock } from '../../system/clock.ts'
import { networkNow, watchWakes } from '../../system/wakes.ts'
import type { Context } from '../context.ts'

/** Until the signal: the old timers may be minutes away, and the old connections dead without a word. */
export function kickOnWake(supervisor: Pick<Supervisor, 'kick'>, { onContinue }: Pick<Context, 'onContinue'>, signal: AbortSignal): void {
  const kick = (): void => supervisor.kick()
  const off = onContinue?.(kick)
  if (off) signal.addEventListener('abort', off, { once: true })
  void watchWakes({ clock: realClock, network: networkNow }, kick, signal)
}
