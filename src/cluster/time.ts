/** Times as the API writes them (RFC 3339), without the machine's clock. Pure. */

const FORM = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970, or undefined for what is no time. */
export function timeMs(value: unknown): number | undefined {
  const found = typeof value === 'string' ? FORM.exec(value) : null
  if (found === null) return undefined
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1, 7).map(Number)
  const fraction = Number(`0${found[7] ?? ''}`)
  const clockSeconds = (hours * 60 + minutes - zoneMinutes(found[8] ?? 'Z')) * 60 + seconds
  return (daysSince1970(year, month, day) * 86_400 + clockSeconds) * 1_000 + Math.floor(fraction * 1_000)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The same for a time as OpenSSL prints it of a certificate: `Nov  4 09:21:05 2027 GMT`. */
export function certificateTimeMs(text: string | undefined): number | undefined {
  const [, month = '', day = '', clock = '', year = ''] = /^(\w{3}) +(\d+) (\d\d:\d\d:\d\d) (\d{4}) GMT$/.exec(text ?? '') ?? []
  const two = (value: number | string): string => String(value).padStart(2, '0')
  return timeMs(`${year}-${two(MONTHS.indexOf(month) + 1)}-${two(day)}T${clock}Z`)
}

/** Counted in years that begin with March, so that the leap day comes last. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return shifted * 365 + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400) + dayOfYear - 719_468
}

function zoneMinutes(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))
  return zone.startsWith('-') ? -minutes : minutes
}
