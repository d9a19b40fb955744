/**
 * Text from outside as it may be shown: nothing in it moves a cursor, turns a line
 * around or begins a new one. Pure.
 */

const MAX_LENGTH = 300

/** Trimmed, unsafe characters spelled as `\u{..}`; cut with an ellipsis, never inside a spelling. */
export function escapeForeign(text: string, maxLength: number = MAX_LENGTH): string {
  // Controls, formats (direction, zero width), line separators, halves of surrogate pairs. To
  // make this pattern takes a quarter of a millisecond, so that only who needs it does.
  const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\u180e]/u
  let shown = ''
  // One character more than could be shown: a hostile megabyte is not walked to its end.
  const rest = [...text.trim().slice(0, maxLength * 2 + 2)].map((char) => (unsafe.test(char) ? spelled(char) : char))
  for (const [index, next] of rest.entries()) {
    const isLast = index === rest.length - 1
    if (shown.length + next.length > (isLast ? maxLength : maxLength - 1)) return `${shown}…`
    shown += next
  }
  return shown
}

function spelled(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
}
