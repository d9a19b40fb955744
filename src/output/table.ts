/**
 * The table of all forwards at one moment, as lines that fit a width and a height. Pure.
 *
 * Not-ready forwards come first when not all fit; a reason and its remedy have lines of
 * their own.
 */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Row, Snapshot } from '../supervisor/supervisor.ts'
import { ageText, imageTag, localText, symbols, targetText } from './words.ts'

/** How much there is to draw on, and how. */
export interface Paper {
  readonly width: number
  readonly height: number
  readonly isColored: boolean
  readonly isUtf8: boolean
}

/** Columns that may be cut, and to what. */
const [TARGET, POD, LEAST_WIDTH] = [2, 3, 12] as const

const colors = { ready: 'green', starting: 'cyan', degraded: 'yellow', waiting: 'yellow', failed: 'red', stopping: 'cyan', stopped: 'dim' } as const

/** The lines, none longer than the width, no more than the height. */
export function tableLines(snapshot: Snapshot, paper: Paper): readonly string[] {
  const cells = snapshot.rows.map((row) => ({ row, cells: cellsOf(row, snapshot.nowMs, paper) }))
  const widths = fitted(columnWidths(cells.map((line) => line.cells)), paper.width - 4)
  const blocks = cells.map(({ row, cells: own }) => blockOf(row, own, widths, paper))
  const room = Math.max(1, paper.height - 2)
  const total = blocks.reduce((sum, block) => sum + block.length, 0)
  const body = total <= room ? blocks.flat() : cramped(snapshot.rows, blocks, room)
  return [...body, '', footer(snapshot, paper)]
}

/** `2 of 3 ready`, `all 3 ready`. */
export function readyText(snapshot: Snapshot): string {
  const ready = snapshot.rows.filter(({ status }) => status.state === 'ready').length
  const all = snapshot.rows.length
  return all === 0 ? 'no forwards' : ready === all ? (all === 1 ? 'ready' : `all ${all} ready`) : `${ready} of ${all} ready`
}

function footer(snapshot: Snapshot, paper: Paper): string {
  const left = `  ${readyText(snapshot)}`
  const right = 'r retry  q quit'
  const gap = paper.width - left.length - right.length - 2
  return gap > 2 ? `${left}${' '.repeat(gap)}${paint('dim', right, paper)}` : cut(left, paper.width, paper)
}

function cellsOf({ spec, status, traffic, sinceMs }: Row, nowMs: number, paper: Paper): readonly string[] {
  const isNarrow = paper.width < 80
  const pod = status.state === 'ready' || status.state === 'degraded' ? (status.pod ?? '') : doing(status.phase, status.pod)
  const load = traffic.held > 0 ? `${traffic.held} held` : `${traffic.open} conn${traffic.draining > 0 ? ` +${traffic.draining} draining` : ''}`
  const isUp = status.state === 'ready' || status.state === 'degraded'
  if (isNarrow) return [spec.name, localText(spec, status), pod]
  return [
    spec.name,
    localText(spec, status),
    targetText(spec),
    pod,
    isUp ? imageTag(status.image) : '',
    isUp || traffic.held > 0 ? load : '',
    ageText(nowMs - sinceMs),
  ]
}

function doing(phase: string, pod: string | undefined): string {
  if (phase === 'dialing') return `dialing ${pod ?? ''}`.trim()
  if (phase === 'resolving') return 'looking for a pod'
  return phase
}

function blockOf(row: Row, cells: readonly string[], widths: readonly number[], paper: Paper): readonly string[] {
  const { status } = row
  const [utf8, ascii] = symbols[status.state]
  const symbol = paint(colors[status.state], paper.isUtf8 ? utf8 : ascii, paper)
  const text = cells
    .map((cell, index) => cut(cell, widths[index] ?? 0, paper).padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd()
  const lines = [`  ${symbol} ${cut(text, paper.width - 4, paper)}`]
  if (status.state === 'waiting' || status.state === 'failed' || status.state === 'degraded') {
    if (status.message !== undefined) lines.push(`      ${cut(status.message, paper.width - 6, paper)}`)
    if (status.hint !== undefined) lines.push(`      ${paint('dim', cut(status.hint, paper.width - 6, paper), paper)}`)
  }
  return lines
}

function columnWidths(lines: readonly (readonly string[])[]): readonly number[] {
  const columns = Math.max(0, ...lines.map((line) => line.length))
  return Array.from({ length: columns }, (_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
}

/** The wide lines give up columns of target and pod before the age at their end is cut off. */
function fitted(widths: readonly number[], room: number): readonly number[] {
  const fits = [...widths]
  for (const index of [TARGET, POD]) {
    const over = fits.reduce((sum, width) => sum + width + 2, -2) - room
    const width = fits[index]
    if (fits.length > POD && width !== undefined && over > 0) fits[index] = Math.max(Math.min(width, LEAST_WIDTH), width - over)
  }
  return fits
}

function cramped(rows: readonly Row[], blocks: readonly (readonly string[])[], room: number): readonly string[] {
  const order = rows
    .map((row, index) => ({ isReady: row.status.state === 'ready', index }))
    .sort((a, b) => Number(a.isReady) - Number(b.isReady) || a.index - b.index)
  const lines: string[] = []
  let left = order.length
  for (const { index } of order) {
    const block = blocks[index] ?? []
    if (lines.length + block.length > room - 1) break
    lines.push(...block)
    left--
  }
  const hidden = order.slice(order.length - left)
  const word = hidden.every(({ isReady }) => isReady) ? 'ready' : 'more'
  return [...lines, `  and ${left} ${word}`]
}

function paint(color: Parameters<typeof styleText>[0], text: string, paper: Paper): string {
  return paper.isColored ? styleText(color, text, { validateStream: false }) : text
}

/** Cuts plain text to a width; names in a cluster are ASCII, so a character is a column. */
function cut(text: string, width: number, paper: Paper): string {
  const plain = stripVTControlCharacters(text)
  if (plain.length <= width) return text
  const end = paper.isUtf8 ? '…' : '...'
  return `${plain.slice(0, Math.max(0, width - end.length))}${end}`.slice(0, Math.max(0, width))
}
