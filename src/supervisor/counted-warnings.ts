/**
 * Warnings that are said once and then counted: a forward in a steady failure fills no
 * log. With two codes a forward it comes to ten lines an hour at most.
 */
import type { Clock } from '../system/clock.ts'
import type { Warning } from './events.ts'

/** For so long a warning of the same code is counted, not said. */
const INTERVAL_MS = 15 * 60_000

interface Said {
  readonly atMs: number
  /** What has been counted since. */
  unsaid: number
}

/** What one forward, or the process, has to warn of. */
export class CountedWarnings {
  readonly #clock: Clock
  readonly #say: (warning: Warning) => void
  readonly #said = new Map<string, Said>()

  constructor(clock: Clock, say: (warning: Warning) => void) {
    this.#clock = clock
    this.#say = say
  }

  /** Says it, or counts it; what was counted is said with the next one that is said. */
  note(warning: Warning): void {
    const nowMs = this.#clock.now()
    const before = this.#said.get(warning.code)
    if (before && nowMs - before.atMs < INTERVAL_MS) {
      before.unsaid++
      return
    }
    this.#said.set(warning.code, { atMs: nowMs, unsaid: 0 })
    const times = before && before.unsaid > 0 ? ` (${before.unsaid} more since this was last said)` : ''
    this.#say({ ...warning, message: `${warning.message}${times}` })
  }
}
