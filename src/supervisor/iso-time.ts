/** Milliseconds since 1970 as RFC 3339 text, in UTC: dates without the machine's clock. Pure. */

const DAY_MS = 86_400_000

/** `2026-01-01T00:00:00.000Z` */
export function isoTime(ms: number): string {
  const whole = Math.floor(ms)
  const { year, month, day } = civil(Math.floor(whole / DAY_MS))
  const inDay = ((whole % DAY_MS) + DAY_MS) % DAY_MS
  const clock = [Math.floor(inDay / 3_600_000), Math.floor(inDay / 60_000) % 60, Math.floor(inDay / 1000) % 60].map((part) => pad(part, 2)).join(':')
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}.${pad(inDay % 1000, 3)}Z`
}

/** The civil date of a day number, by the proleptic Gregorian calendar (howardhinnant.github.io/date_algorithms.html). */
function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1 }
}

function pad(value: number, width: number): string {
  return `${value}`.padStart(width, '0')
}
