/** Problems of a file as text: place, code, sentence, the line itself, the fix. Pure. */
import type { Problem } from '../file/problems.ts'

const SHOWN = 20
/** With the four blanks before it a frame fits in 80 columns: where it wraps, the caret is below another place. */
const MAX_LINE = 72
/** What is kept before a place that is further right. */
const BEFORE = 40
/** What is seen of a mistake that is not cut. */
const AFTER = 20

/** All problems, as a person reads them: the first 20, then a count. */
export function problemsText(problems: readonly Problem[], all = false): string {
  const shown = all ? problems : problems.slice(0, SHOWN)
  const rest = problems.length - shown.length
  return [...shown.map(problemText), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n')
}

/** One problem with its code frame. */
export function problemText(problem: Problem): string {
  const lines = [`${problem.file}:${problem.line}:${problem.column} ${problem.code} ${problem.message}`]
  const frame = problem.sourceLine === undefined ? undefined : codeFrame(problem.sourceLine, problem.column)
  if (frame !== undefined) lines.push(...frame)
  if (problem.fix !== undefined) lines.push(`    fix: ${problem.fix}`)
  return lines.join('\n')
}

/** The line, cut around the column, and a caret below it. */
function codeFrame(line: string, column: number): readonly string[] | undefined {
  if (line.trim() === '') return undefined
  const start = column > MAX_LINE - AFTER ? column - BEFORE : 0
  const part = line.slice(start, start + MAX_LINE).replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === '\t' ? ' ' : '?'))
  return [`    ${part}`, `    ${' '.repeat(Math.max(0, column - 1 - start))}^`]
}
