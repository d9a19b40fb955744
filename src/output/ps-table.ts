/** `kpf ps` and `kpf ls` as columns. Pure: a status to lines. */
import type { ForwardBody, StatusBody } from '../control/shapes.ts'
import type { DriftBody } from '../control/drift.ts'
import { columns, columnWidths, cut, cutInside, fitted, padded, spread, widthOf } from './columns.ts'
import { ageText } from './words.ts'
import { wrapped } from './wrapped.ts'

const INDENT = '    '
const MIN_REASON = 20
/** Names are not cut shorter while there is a column that may go instead. */
const LEAST_NAME = 14
/** A host that everybody knows is not told on a terminal that is narrower. */
const NARROW = 60
/** Which columns go first where not all fit: what is nearly always the same, and what the state says too. */
const GOING = ['RESTARTS', 'TARGET', 'AGE', 'CONNS', 'POD', 'DRAINING', 'LOCAL', 'HELD']

/** Which columns there are. */
export interface PsForm {
  /** Everything, however wide. */
  readonly isWide: boolean
  readonly withConnections: boolean
  /** Of the terminal, if there is one: a reason that does not fit beside its row is below it, names are cut, columns go. */
  readonly width?: number | undefined
  /** Stands for what is cut. */
  readonly mark?: string
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
  const { width, mark = '…' } = form
  if (width === undefined || beside.every((line) => widthOf(line) <= width)) return beside
  const reasons = ['', ...status.forwards.map(reasonText)]
  const plain = rows.map((row) => row.slice(0, -1))
  const lines = form.isWide ? columns(plain) : fittingLines(plain, width, mark)
  return lines.flatMap((line, index) => [line, ...below(reasons[index] ?? '', width)])
}

/** Rows below a row of heads, none wider than that. */
function fittingLines(rows: readonly (readonly string[])[], width: number, mark: string): readonly string[] {
  const [heads = []] = rows
  const all = width < NARROW ? rows.map((row) => row.map((cell, index) => (heads[index] === 'LOCAL' ? shortLocal(cell) : cell))) : rows
  for (let gone = 0; ; gone++) {
    const left = heads.flatMap((head, index) => (GOING.slice(0, gone).includes(head) ? [] : [index]))
    const kept = all.map((row) => left.map((index) => row[index] ?? ''))
    const names = left.flatMap((index, place) => (['TARGET', 'POD'].includes(heads[index] ?? '') ? [place] : []))
    // Without what says least nothing may have to be cut.
    const least = new Map(gone === 0 ? [] : names.map((place) => [place, LEAST_NAME]))
    const widths = fitted(columnWidths(kept), width, least)
    if (spread(widths) > width && gone < GOING.length) continue
    return kept.map((row) =>
      cut(
        row
          .map((cell, place) => padded(cutInside(cell, widths[place] ?? 0, mark), widths[place] ?? 0))
          .join('  ')
          .trimEnd(),
        width,
        mark,
      ),
    )
  }
}

/** `:8080` */
function shortLocal(local: string): string {
  return local.replace(/^(localhost|127\.0\.0\.1):/, ':')
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
