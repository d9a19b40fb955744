/** The account of a trace as text: one line a step, under the sections of the flow. Pure. */
import { type Account, type Facts, type SectionId, type Step, type StepFailure, sections } from './account.ts'
import { wrapped } from '../output/wrapped.ts'
import { explanations } from './explain.ts'

/** How the text is to be. */
export interface TableOptions {
  readonly isUtf8: boolean
  /** A paragraph below each section for who sees it for the first time. */
  readonly explains: boolean
  /** Every fact of every step. */
  readonly isVerbose: boolean
}

const marks = { done: ['✓', 'ok'], warned: ['!', '!'], failed: ['✗', 'x'], stopped: ['-', '-'] } as const
const WIDTH = 78
/** The columns of the words, between that of the names and that of the times. */
const WORDS_AT = 20
const WORDS_WIDTH = 49

/** The whole account, without a last line break. */
export function traceTable(account: Account, options: TableOptions): string {
  const ids = Object.keys(sections) as SectionId[]
  const blocks = ids.flatMap((id) => {
    const steps = account.steps.filter((step) => step.section === id)
    return steps.length === 0 ? [] : [sectionText(id, steps, options)]
  })
  return [heading(account), ...blocks, outcomeText(account)].join('\n\n')
}

function heading({ forward, target, context, namespace }: Account): string {
  const where = [context === undefined ? '' : `context ${context}`, namespace === undefined ? '' : `namespace ${namespace}`].filter((part) => part !== '')
  return [`${forward === undefined ? '' : `${forward}: `}${target}`, ...where].join('  ')
}

function sectionText(id: SectionId, steps: readonly Step[], options: TableOptions): string {
  const lines = steps.flatMap((step) => stepLines(step, options))
  const paragraph = options.explains ? ['', ...wrapped(explanations[id], WIDTH).map((line) => `  ${line}`)] : []
  return [sections[id], ...lines, ...paragraph].join('\n')
}

function stepLines(step: Step, { isUtf8, isVerbose }: TableOptions): readonly string[] {
  const mark = marks[step.result][isUtf8 ? 0 : 1]
  const words = step.answer === undefined ? step.what : `${step.what}: ${step.answer}`
  const time = step.tookMs === undefined ? '' : timeText(step.tookMs)
  const [first = '', ...more] = wrapped(words, WORDS_WIDTH)
  const begin = `  ${mark.padEnd(2)} ${step.id.padEnd(14)} ${first}`
  const lines = [`${begin.padEnd(WIDTH - time.length - 1)} ${time}`.trimEnd(), ...more.map((line) => `${' '.repeat(WORDS_AT)}${line}`)]
  const why = step.failure ? failureLines(step.failure) : []
  const rejected = step.id === 'pods' && !isVerbose ? listOf(step.facts, 'rejected').map((text) => `     not ${text}`) : []
  return [...lines, ...why, ...rejected, ...(isVerbose ? factLines(step.facts) : [])]
}

function factLines(facts: Facts): readonly string[] {
  return Object.entries(facts).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((entry: string) => `     ${name}: ${entry}`) : [`     ${name}: ${String(value)}`],
  )
}

function listOf(facts: Facts, name: string): readonly string[] {
  const value = facts[name]
  return Array.isArray(value) ? value : []
}

function outcomeText({ outcome, pod, podPort, transport, tookMs }: Account): string {
  if (outcome.kind === 'through') return `through to port ${podPort} of pod ${pod} by ${transport} in ${timeText(tookMs)}`
  if (outcome.kind === 'stopped') return `stopped in "${sections[outcome.section]}", at ${outcome.step}, after ${timeText(tookMs)}`
  const { code, message, hint } = outcome.failure
  const texts = [message, ...(hint === undefined ? [] : [hint])]
  return [`broken in "${sections[outcome.section]}", at ${outcome.step}: ${code}`, ...texts.flatMap((text) => indented(text, 2))].join('\n')
}

function failureLines({ code, message, hint }: StepFailure): readonly string[] {
  return [`${code}  ${message}`, ...(hint === undefined ? [] : [hint])].flatMap((text) => indented(text, 5))
}

function indented(text: string, indent: number): readonly string[] {
  return wrapped(text, WIDTH - indent).map((line) => `${' '.repeat(indent)}${line}`)
}

/** `0.4 ms`, `12 ms`, `1.3 s` */
export function timeText(ms: number): string {
  // The limits are those at which the rounded number would change its form.
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  return ms < 999.5 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
