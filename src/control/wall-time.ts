/** What a moment of the supervisor's clock is called on the clock that people read. Pure but for its clock. */
import { isoTime } from '../supervisor/iso-time.ts'
import type { Clock } from '../system/clock.ts'

/** Less is the grain of two clocks that are read one after the other; more is a clock that was set, or a machine that slept. */
const JUMP_MS = 1_000

/** Calls one moment the same whenever it is asked, so that whoever compares two statuses sees what changed, and nothing else. */
export function wallTimes(clock: Clock): (clockMs: number) => string {
  let offsetMs = clock.wallMs() - clock.now()
  return (clockMs) => {
    const latestMs = clock.wallMs() - clock.now()
    if (Math.abs(latestMs - offsetMs) >= JUMP_MS) offsetMs = latestMs
    return isoTime(offsetMs + clockMs)
  }
}
