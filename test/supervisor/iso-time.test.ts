import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isoTime } from '../../src/supervisor/iso-time.ts'

test('every moment has the text that Date gives it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString())
    }),
  )
})
