/** Lines of the log as a person reads them. Pure: who reads brings the clock. */
import type { LogLine } from '../control/shapes.ts'
import { hanging, wrapped } from './wrapped.ts'

/** As kpf itself writes a moment: those of Kubernetes have no milliseconds, and stay as they are. */
const OWN_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g
/** Narrower than this nothing is read. */
const MIN_WIDTH = 20

/** Tells a moment by the reader's clock. */
export type ClockText = (time: string) => string

/** `10:41:07 api: ready on localhost:8080`: each sentence has the time before it, so that any of them can be picked out. Folded where there is a width. */
export function logLines({ time, text }: Pick<LogLine, 'time' | 'text'>, clockText: ClockText, width?: number): readonly string[] {
  const head = `${clockText(time)} `
  return sentencesOf(text, clockText).flatMap((sentence) => hanging(`${head}${sentence}`, width, head.length))
}

/** The sentences alone. */
export function sentencesOf(text: string, clockText: ClockText): readonly string[] {
  return withClock(text, clockText).split('\n')
}

/** With the moments in it told by the reader's clock. */
export function withClock(text: string, clockText: ClockText): string {
  return text.replaceAll(OWN_TIME, clockText)
}

/** What stands above a table: the time once, and the rest below the first word, folded between words. */
export function factLines(time: string, sentences: readonly string[], width: number): readonly string[] {
  const indent = ' '.repeat(time.length + 1)
  const lines = sentences.flatMap((sentence) => wrapped(sentence, Math.max(MIN_WIDTH, width - indent.length)))
  return lines.map((line, index) => `${index === 0 ? `${time} ` : indent}${line}`)
}
