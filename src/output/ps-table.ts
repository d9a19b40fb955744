/** `kpf ps` and `kpf ls` as columns. Pure: a status to lines. */
import type { ForwardBody, StatusBody } from '../control/shapes.ts'
import type { DriftBody } from '../control/drift.ts'
import { ageText } from './words.ts'
import { wrapped } from './wrapped.ts'

const INDENT = '    '
const MIN_REASON = 20

/** Which columns there are. */
export interface PsForm {
  readonly isWide: boolean
  readonly withConnections: boolean
  /** Of the terminal, if there is one: a reason that does not fit beside its row is below it. */
  readonly width?: number | undefined
}

/** One line for each forward, below a line of names. */
export function psLines(status: Pick<StatusBody, 'now' | 'forwards'>, form: PsForm): readonly string[] {
  const heads = [
    'NAME',
    'STATE',
    'LOCAL',
    'TARGET',
    'POD',
    ...(form.withConnections ? ['OPEN', 'HELD', 'DRAINING', 'SERVED', 'FAILED'] : ['CONNS']),
    'RESTARTS',
    'AGE',
  ]
  const wide = form.isWide ? ['CONTEXT', 'NAMESPACE', 'IMAGE'] : []
  const rows = [[...heads, ...wide, 'REASON'], ...status.forwards.map((forward) => cells(forward, status.now, form))]
  const beside = columns(rows)
  const { width } = form
  if (width === undefined || beside.every((line) => line.length <= width)) return beside
  const reasons = ['', ...status.forwards.map(reasonText)]
  return columns(rows.map((row) => row.slice(0, -1))).flatMap((line, index) => [line, ...below(reasons[index] ?? '', width)])
}

function below(reason: string, width: number): readonly string[] {
  return reason === '' ? [] : wrapped(reason, Math.max(MIN_REASON, width - INDENT.length)).map((line) => `${INDENT}${line}`)
}

/** What is no more as it was, each on a line of its own below the table, with what to do below it. */
export function driftLines(drift: readonly DriftBody[]): readonly string[] {
  const lines = drift.flatMap(({ forward, message, hint }) => [`${forward === undefined ? '' : `${forward}: `}${message}`, `    ${hint}`])
  return lines.length === 0 ? [] : ['', ...lines]
}

/** One line for each project. */
export function lsLines(all: readonly StatusBody[]): readonly string[] {
  const rows = all.map((status) => {
    const wanted = status.forwards.filter(({ state }) => state !== 'stopped')
    const ready = wanted.filter(({ state }) => state === 'ready').length
    const age = ageText(Date.parse(status.now) - Date.parse(status.startedAt))
    return [status.project.name, `${ready}/${wanted.length}`, `${status.pid}`, status.mode, age, status.project.files.join(',')]
  })
  return columns([['PROJECT', 'READY', 'PID', 'MODE', 'AGE', 'FILES'], ...rows])
}

function cells(forward: ForwardBody, now: string, { isWide, withConnections }: PsForm): readonly string[] {
  const { open, held, draining, served, failed } = forward.connections
  const isOn = forward.state !== 'stopped'
  return [
    forward.name,
    forward.state,
    forward.local,
    forward.target,
    forward.pod ?? '-',
    ...(withConnections ? [open, held, draining, served, failed].map(String) : [held > 0 ? `${open}+${held} held` : `${open}`]),
    `${forward.restarts}`,
    isOn ? ageText(Date.parse(now) - Date.parse(forward.since)) : '-',
    ...(isWide ? [forward.context ?? '-', forward.namespace ?? '-', forward.image ?? '-'] : []),
    reasonText(forward),
  ]
}

function reasonText({ name, state, message, hint, phase, orphan }: ForwardBody): string {
  if (orphan === true && state === 'ready') return `orphan: not in the file any more; it ends with: kpf stop ${name}`
  if (state === 'ready' || state === 'stopped') return ''
  return [message ?? phase, ...(hint === undefined ? [] : [hint])].join('; ')
}

/** Text in columns with two blanks between; the last has no end. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>((widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)), [])
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
