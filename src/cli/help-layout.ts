/** Lines of help that fit a terminal of 80 columns. Pure. */
import type { Flag } from './verbs.ts'

/** Every terminal has these; a line that is longer is broken by it in the middle of a word. */
export const HELP_WIDTH = 80

/** A text in lines of at most `width`, broken between words; one that is longer keeps its line. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

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
