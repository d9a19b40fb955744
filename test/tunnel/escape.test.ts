import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeForeign } from '../../src/tunnel/escape.ts'

test.each([
  ['plain text', 'plain text'],
  ['  padded \n', 'padded'],
  ['a\nb\tc\rd', String.raw`a\u{a}b\u{9}c\u{d}d`],
  ['\u001b[31mred', String.raw`\u{1b}[31mred`],
  ['\u007f\u009b', String.raw`\u{7f}\u{9b}`],
  ['a\u202eb\u2066c\u200fd', String.raw`a\u{202e}b\u{2066}c\u{200f}d`],
  ['zero\u200bwidth\ufeffx', String.raw`zero\u{200b}width\u{feff}x`],
  ['line\u2028and\u2029paragraph', String.raw`line\u{2028}and\u{2029}paragraph`],
  ['half \ud800 pair', String.raw`half \u{d800} pair`],
  ['größer 日本 🚢', 'größer 日本 🚢'],
])('%j is shown as %j', (text, shown) => {
  expect(escapeForeign(text)).toBe(shown)
})

test('a long text is cut to its limit with an ellipsis, never inside an escape', () => {
  expect(escapeForeign('x'.repeat(300))).toBe('x'.repeat(300))
  expect(escapeForeign('x'.repeat(301))).toBe(`${'x'.repeat(299)}…`)
  expect(escapeForeign('abc\u001b', 6)).toBe('abc…')
  expect(escapeForeign('\u001b'.repeat(100_000))).toMatch(/^(\\u\{1b\}){49}…$/)
})

test('nothing unsafe ever comes out, and never more than was asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const shown = escapeForeign(text)
      expect(shown.length).toBeLessThanOrEqual(300)
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    }),
  )
})
