import { expect, test } from 'vitest'
import { localTime, timeOfDay, wallTimeOf } from '../../src/system/local-time.ts'

/** Whatever the time zone of the machine is. */
const at = (...parts: readonly [day: number, hour: number, minute: number, second?: number]): Date =>
  new Date(2026, 2, parts[0], parts[1], parts[2], parts[3] ?? 0)

test('a time of today without its date, of another day with it', () => {
  const time = at(5, 10, 41, 7).toISOString()
  expect(timeOfDay(time)).toBe('10:41:07')
  expect(localTime(time, at(5, 23, 59).getTime())).toBe('10:41:07')
  expect(localTime(time, at(6, 0, 1).getTime())).toBe('2026-03-05 10:41:07')
})

test.each([
  ['2026-03-05T10:41:07Z', Date.UTC(2026, 2, 5, 10, 41, 7)],
  ['2026-03-05T10:41:07+02:00', Date.UTC(2026, 2, 5, 8, 41, 7)],
  // As times are shown: by the clock of who reads.
  ['2026-03-05T10:41:07', at(5, 10, 41, 7).getTime()],
  ['2026-03-05 10:41:07', at(5, 10, 41, 7).getTime()],
  ['2026-03-05', at(5, 0, 0).getTime()],
  ['10:41:07', at(6, 10, 41, 7).getTime()],
  ['10:41', at(6, 10, 41).getTime()],
  // Later today has not been yet.
  ['13:00', at(5, 13, 0).getTime()],
  ['25:00', undefined],
  ['2026-13-01', undefined],
  ['yesterday', undefined],
  ['7', undefined],
])('%s is a moment', (text, ms) => {
  expect(wallTimeOf(text, at(6, 12, 0).getTime())).toBe(ms)
})
