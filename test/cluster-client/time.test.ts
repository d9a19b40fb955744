import { expect, test } from 'vitest'
import { timeMs } from '../../src/cluster/time.ts'

test.each([
  '1970-01-01T00:00:00Z',
  '2000-02-29T23:59:59Z',
  '2024-03-01T00:00:00Z',
  '2026-11-24T18:49:00.250Z',
  '2026-01-31T01:00:00+05:30',
  '2100-12-31T12:00:00-08:00',
])('%s is the moment that the machine thinks it is', (text) => {
  expect(timeMs(text)).toBe(Date.parse(text))
})

test.each([undefined, '', 'yesterday', '2026-01-01', 12])('%j is no time', (value) => {
  expect(timeMs(value)).toBeUndefined()
})
