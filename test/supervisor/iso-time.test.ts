import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isoTime } from '../../src/supervisor/iso-time.ts'

test.each([0, 1, -1, 951_782_399_999, 951_782_400_000, 1_709_164_800_000, Date.UTC(2100, 1, 28), Date.UTC(2000, 11, 31, 23, 59, 59, 999)])('%d ms', (ms) => {
  expect(isoTime(ms)).toBe(new Date(ms).toISOString())
})

test('every moment of four millennia is written as the platform writes it', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(4999, 11, 31) }), (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString())
    }),
    { numRuns: 5_000 },
  )
})

test('parts of a millisecond are left out', () => {
  expect(isoTime(1.999)).toBe('1970-01-01T00:00:00.001Z')
})
