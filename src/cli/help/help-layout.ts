/** Lines of help that fit a terminal of 80 columns. Pure. */
import { wrapped } from '../../output/wrapped.ts'
import type { Flag } from '../verbs.ts'

/** Every terminal has these; a line that is longer is broken by it in the middle of a word. */
export const HELP_WIDTH = 80

/** Terms on the left, what they mean beside them; a term that is too long has a line of its own. */
export function twoColumns(rows: readonly (readonly [string, string])[], leftWidth: number): string {
  const indent = ' '.repeat(leftWidth + 4)
  return rows
    .flatMap(([term, meaning]) => {
      const lines = wrapped(meaning, HELP_WIDTH - indent.length)
      const isLong = term.length > leftWidth
      const [first = '', ...more] = isLong ? ['', ...lines] : lines
      return [`  ${term.padEnd(leftWidth)}  ${first}`, ...more.map((line) => `${indent}${line}`)]
    })
    .map((line) => line.trimEnd())
    .join('\n')
}

/** `-f, --file PATH` */
export function flagTerm(flag: Flag): string {
  return `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`
}
