/** Moments as the clock of the one who reads has them. Its own file: what only asks and prints has no use for it. */
import { realClock } from './clock.ts'

const DAY_MS = 86_400_000

/** `10:41:07` in the time zone of the reader, of a time in RFC 3339. Without `Intl`, whose first use costs 10 ms. */
export function timeOfDay(time: string): string {
  return new Date(time).toTimeString().slice(0, 8)
}

/** The same, with the date before it where that is not today: `2026-01-01 10:41:07`. */
export function localTime(time: string, nowMs: number): string {
  const date = localDate(Date.parse(time))
  return `${date === localDate(nowMs) ? '' : `${date} `}${timeOfDay(time)}`
}

/** The same, as it is shown now. */
export function shownTime(time: string): string {
  return localTime(time, realClock.wallMs())
}

/**
 * Milliseconds since 1970 of what a person writes: RFC 3339, or a time as `localTime` shows
 * it, of which the one without a date is the last that has been; undefined for anything else.
 */
export function wallTimeOf(text: string, nowMs: number): number | undefined {
  if (/^\d\d:\d\d(:\d\d)?$/.test(text)) {
    const today = Date.parse(`${localDate(nowMs)}T${text}`)
    return known(today > nowMs ? Date.parse(`${localDate(nowMs - DAY_MS)}T${text}`) : today)
  }
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined
  // A date alone would be one in UTC.
  return known(Date.parse(text.length === 10 ? `${text}T00:00` : text))
}

function known(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms
}

/** `2026-01-01` */
function localDate(ms: number): string {
  const date = new Date(ms)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => `${part}`.padStart(2, '0')).join('-')
}
