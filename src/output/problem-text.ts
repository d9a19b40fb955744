/** Problems of a file as text: place, code, sentence, the line itself, the fix. Pure. */
import type { Problem } from '../file/problems.ts'
import { hanging } from './wrapped.ts'

const SHOWN = 20
/** Where there is no terminal. */
const WIDTH = 164
const INDENT = '    '
const FIX = 'fix: '
/** Narrower than this nothing is recognized. */
const MIN_LINE = 20

/** How they are to be shown. */
export interface ProblemsOptions {
  /** Of the terminal, if there is one. */
  readonly width?: number | undefined
  /** More than the first 20, which are followed by a count. */
  readonly isAll?: boolean
}

/** All problems, as a person reads them. */
export function problemsText(problems: readonly Problem[], { width, isAll = false }: ProblemsOptions = {}): string {
  const shown = isAll ? problems : problems.slice(0, SHOWN)
  const rest = problems.length - shown.length
  return [...shown.map((problem) => problemText(problem, width)), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n')
}

/** The same for a log, a sentence each: `forwards.yaml:4:5 KPF_FIELD_UNKNOWN there is no field "prots"; did you mean "ports"?` */
export function problemSentences(problems: readonly Problem[]): readonly string[] {
  const shown = problems
    .slice(0, SHOWN)
    .map(({ file, line, column, code, message, fix }) => `${file}:${line}:${column} ${code} ${message}${fix === undefined ? '' : `; ${fix}`}`)
  const rest = problems.length - shown.length
  return rest > 0 ? [...shown, `and ${rest} more: kpf check`] : shown
}

/** One problem with its code frame; folded to the width of a terminal, if there is one. */
export function problemText({ file, line, column, code, message, fix, sourceLine }: Problem, width?: number): string {
  const frame = sourceLine === undefined ? undefined : codeFrame(sourceLine, column, (width ?? WIDTH) - INDENT.length)
  return [
    ...hanging(`${file}:${line}:${column} ${code} ${message}`, width, INDENT.length),
    ...(frame ?? []),
    ...(fix === undefined ? [] : hanging(`${INDENT}${FIX}${fix}`, width, INDENT.length + FIX.length)),
  ].join('\n')
}

/** The line, cut around the column, and a caret below it: where it wraps, the caret would be below another place. */
function codeFrame(line: string, column: number, width: number): readonly string[] | undefined {
  if (line.trim() === '') return undefined
  const size = Math.max(MIN_LINE, width)
  const start = column > size - Math.floor(size / 4) ? column - Math.floor(size / 2) : 0
  const part = line.slice(start, start + size).replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === '\t' ? ' ' : '?'))
  return [`${INDENT}${part}`, `${INDENT}${' '.repeat(Math.max(0, column - 1 - start))}^`]
}
