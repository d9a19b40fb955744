import { expect, test } from 'vitest'
import { keysIn } from '../../src/system/terminal.ts'

test.each([
  ['letters that come together', 'jj?', ['j', 'j', '?']],
  ['arrows', '\u001b[A\u001b[B', ['\u001b[A', '\u001b[B']],
  ['arrows in application mode', '\u001bOB', ['\u001bOB']],
  ['keys with a number, and one with a modifier', '\u001b[5~\u001b[1;5Bq', ['\u001b[5~', '\u001b[1;5B', 'q']],
  ['the escape key alone, and characters of more than one unit', '\u001b\u0003💡', ['\u001b', '\u0003', '💡']],
])('%s', (_what, text, keys) => {
  expect(keysIn(text)).toEqual(keys)
})
