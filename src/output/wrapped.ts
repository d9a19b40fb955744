/** Text in lines that fit a width. Pure. */
import { widthOf } from './columns.ts'

/** Lines of at most `width`, broken between words; a longer word has a line of its own. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || widthOf(last) + 1 + widthOf(word) > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** Narrower than this nothing is read. */
const MIN_WIDTH = 20

/** A line that is folded below its own beginning, so many columns further right; whole where there is no width. */
export function hanging(line: string, width: number | undefined, indent: number): readonly string[] {
  if (width === undefined || widthOf(line) <= width) return [line]
  const parts = wrapped(line.slice(indent), Math.max(MIN_WIDTH, width - indent))
  return parts.map((part, index) => `${index === 0 ? line.slice(0, indent) : ' '.repeat(indent)}${part}`)
}
