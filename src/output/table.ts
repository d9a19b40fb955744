/**
 * The table of all forwards at one moment, as lines that fit a width and a height. Pure.
 *
 * Not-ready forwards come first when not all fit; a reason and its remedy have lines of
 * their own, once for all neighbours that have the same.
 */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Phase } from '../supervisor/events.ts'
import { columnWidths, cut, cutInside, fitted, padded, widthOf } from './columns.ts'
import type { TableRow } from './table-rows.ts'
import { ageText, counted, symbols } from './words.ts'
import { type Look, type Span, spanOf, stepped } from './window.ts'
import { wrapped } from './wrapped.ts'

/** How much there is to draw on, and how. */
export interface Paper {
  readonly width: number
  readonly height: number
  readonly isColored: boolean
  readonly isUtf8: boolean
}

/** What a person has asked to see, and what goes on besides the forwards. */
export interface View extends Partial<Look> {
  /** Said for a moment in place of the keys. */
  readonly note?: string | undefined
  /** What is wrong with all of it, above the last line for as long as it is so. */
  readonly alert?: string | undefined
  /** A stop has begun: how long busy connections still have. */
  readonly stopping?: { readonly leftMs: number } | undefined
  /** Who only looks on scrolls, and leaves with `q`. */
  readonly isAttached?: boolean
}

/** The lines, and how far it is really scrolled: no further than to the last forward. */
export interface Drawn {
  readonly lines: readonly string[]
  readonly scroll: number
}

/** Columns of names, which may be cut to so much. */
const [NAME, TARGET, POD, LEAST_WIDTH] = [0, 2, 3, 12] as const
/** Below these, columns of less use go, and a host that everybody knows. */
const [WIDE, NARROW] = [80, 60] as const
/** A reason that is longer is cut. */
const MAX_REASON_LINES = 3
/** With so many lines a reason may have two of them although not all forwards fit. */
const ROOMY = 12

const EMPTY = '  nothing runs: add a forward to the file, or start one that rests: kpf start'

type Key = readonly [key: string, meaning: string]

const SCROLL: Key = ['j k', 'scroll where not all fit, as the arrows do; a page: PgDn, PgUp']
const KEYS: readonly Key[] = [
  ['o', 'open a port of "appProtocol: http" in the browser; again: the next'],
  ['r', 'try again now what waits or has failed'],
  ['l', 'print each change above the table; again: no more'],
  SCROLL,
  ['q', 'stop, as Ctrl-C does; again: at once'],
]
const ATTACHED_KEYS: readonly Key[] = [SCROLL, ['q', 'leave, as Ctrl-C does; what runs goes on']]

const colors = { ready: 'green', starting: 'cyan', degraded: 'yellow', waiting: 'yellow', failed: 'red', stopping: 'cyan', stopped: 'dim' } as const

/** What is there in place of a pod. */
const phaseWords: Readonly<Partial<Record<Phase, string>>> = {
  resolving: 'looking for a pod',
  'port-busy': 'port in use',
  bind: 'cannot listen',
  'no-pod': 'no pod',
  'cluster-down': 'cluster away',
  auth: 'not logged in',
  forbidden: 'not allowed',
  config: 'wrong setting',
  backoff: 'trying again',
  'gave-up': 'gave up',
}

/** The lines, none longer than the width, no more than the height. */
export function tableLines(rows: readonly TableRow[], paper: Paper, view: View = {}): readonly string[] {
  return drawTable(rows, paper, view).lines
}

/** The same, with what became of the scrolling. */
export function drawTable(rows: readonly TableRow[], paper: Paper, view: View): Drawn {
  const alert = view.alert === undefined || paper.height < 4 ? [] : [paint('red', cut(`  ${view.alert}`, paper.width, markOf(paper)), paper)]
  const below = (isCramped: boolean): readonly string[] => ['', ...alert, footer(rows, paper, { view, isCramped })]
  const room = Math.max(1, paper.height - 2 - alert.length)
  if (view.isHelp === true) return { lines: [...helpLines(paper, view).slice(0, room), ...below(false)], scroll: view.scroll ?? 0 }
  const { lines, scroll, isCramped } = forwardLines(rows, paper, { room, view })
  return { lines: [...lines, ...below(isCramped)], scroll }
}

/** All forwards with as much of their reasons as fits, or some of them. */
function forwardLines(
  rows: readonly TableRow[],
  paper: Paper,
  { room, view }: { readonly room: number; readonly view: View },
): Drawn & { readonly isCramped: boolean } {
  if (rows.length === 0) return { lines: view.stopping ? [] : [cut(EMPTY, paper.width, markOf(paper))], scroll: 0, isCramped: false }
  const heads = headsOf(rows, paper)
  for (let reasonLines = MAX_REASON_LINES; reasonLines > 0; reasonLines--) {
    const lines = blocksOf(rows, heads, { paper, reasonLines, saidAt: 'last' }).flat()
    if (lines.length <= room) return { lines, scroll: 0, isCramped: false }
  }
  const order = rows.map((_, index) => index).toSorted((a, b) => Number(isReady(rows[a])) - Number(isReady(rows[b])) || a - b)
  const sorted = order.flatMap((index) => rows[index] ?? [])
  const blocks = blocksOf(
    sorted,
    order.map((index) => heads[index] ?? ''),
    { paper, reasonLines: room < ROOMY ? 1 : 2, saidAt: 'first' },
  )
  const sizes = blocks.map((block) => block.length)
  // The last of the lines says what there is besides.
  const from = stepped(sizes, room - 1, { from: view.scroll ?? 0, steps: view.steps ?? [] })
  const span = spanOf(sizes, room - 1, from)
  const hidden = hiddenText(sorted, span)
  // Of one that is larger than all the room as much as there is room for: to see none of it would be no help.
  const lines = blocks.slice(span.from, span.to).flat()
  if (hidden === '') return { lines: lines.slice(0, room), scroll: span.from, isCramped: true }
  return { lines: [...lines.slice(0, room - 1), cut(`  ${hidden}`, paper.width, markOf(paper))], scroll: span.from, isCramped: true }
}

/** `and 31 ready`, and after scrolling `3 above, 22 below`. */
function hiddenText(rows: readonly TableRow[], { from, to }: Span): string {
  const below = rows.length - to
  if (from === 0) return below === 0 ? '' : `and ${below} ${rows.slice(to).every(isReady) ? 'ready' : 'more'}`
  return below === 0 ? `${from} above` : `${from} above, ${below} below`
}

function helpLines(paper: Paper, { isAttached }: View): readonly string[] {
  return (isAttached === true ? ATTACHED_KEYS : KEYS).map(([key, meaning]) => cut(`  ${key.padEnd(5)}${meaning}`, paper.width, markOf(paper)))
}

/** `2 of 3 ready`, `all 3 ready`. */
export function readyText(rows: readonly Pick<TableRow, 'state'>[]): string {
  const ready = rows.filter(isReady).length
  const all = rows.length
  return all === 0 ? 'no forwards' : ready === all ? (all === 1 ? 'ready' : `all ${all} ready`) : `${ready} of ${all} ready`
}

function isReady(row: Pick<TableRow, 'state'> | undefined): boolean {
  return row?.state === 'ready'
}

function footer(rows: readonly TableRow[], paper: Paper, { view, isCramped }: { readonly view: View; readonly isCramped: boolean }): string {
  const mark = markOf(paper)
  if (view.stopping) return cut(`  ${stoppingText(rows, view.stopping.leftMs)}`, paper.width, mark)
  const left = `  ${readyText(rows)}`
  const room = paper.width - left.length - 4
  const right = view.note === undefined ? keysOf(rows, view, isCramped).find((keys) => keys.length <= room) : cut(view.note, room, mark)
  if (right === undefined || right === '') return cut(left, paper.width, mark)
  return `${left}${' '.repeat(paper.width - left.length - widthOf(right) - 2)}${paint('dim', right, paper)}`
}

/** Keys that do something here, in as many words as there may be room for. */
function keysOf(rows: readonly TableRow[], view: View, isCramped: boolean): readonly string[] {
  if (view.isHelp === true) return ['any key: back']
  if (view.isAttached === true && isCramped) return ['attached; j/k scroll  q leaves it running  ? help', 'j/k scroll  q leave  ? help', 'q leave']
  if (view.isAttached === true) return ['attached; q leaves it running', 'q leave']
  const open = rows.some(({ hasPage }) => hasPage) ? ['o open'] : []
  const all = [...open, 'r retry', 'l log', 'q quit']
  const scroll = isCramped ? ['j/k scroll'] : []
  return [[...scroll, ...all, '? help'], [...scroll, ...all], all, ['? help', 'q quit'], ['q quit']].map((keys) => keys.join('  '))
}

/** `stopping; 1 busy connection, 2 s (Ctrl-C again: now)` */
function stoppingText(rows: readonly TableRow[], leftMs: number): string {
  const busy = rows.reduce((sum, { connections }) => sum + connections.open + connections.draining, 0)
  return busy === 0 ? 'stopping' : `stopping; ${counted(busy, 'busy connection')}, ${Math.max(0, Math.ceil(leftMs / 1000))} s (Ctrl-C again: now)`
}

/** The first line of each forward. */
function headsOf(rows: readonly TableRow[], paper: Paper): readonly string[] {
  const cells = rows.map((row) => cellsOf(row, paper))
  const names = paper.width < WIDE ? [NAME, TARGET] : [TARGET, POD]
  const least = (indices: readonly number[]): ReadonlyMap<number, number> => new Map(indices.map((index) => [index, LEAST_WIDTH]))
  const room = paper.width - 4
  const widths = fitted(fitted(columnWidths(cells), room, least(names)), room, least([NAME]))
  return rows.map(({ state }, index) => {
    const [utf8, ascii] = symbols[state]
    const symbol = paint(colors[state], paper.isUtf8 ? utf8 : ascii, paper)
    const text = (cells[index] ?? []).flatMap((cell, column) => {
      const width = widths[column] ?? 0
      return width === 0 ? [] : [padded(cutInside(cell, width, markOf(paper)), width)]
    })
    return `  ${symbol} ${cut(text.join('  ').trimEnd(), room, markOf(paper))}`
  })
}

function cellsOf(row: TableRow, paper: Paper): readonly string[] {
  const { name, state, phase, connections } = row
  const isUp = state === 'ready' || state === 'degraded'
  const pod = isUp ? row.pod : phase === 'dialing' ? `dialing ${row.pod}`.trim() : (phaseWords[phase] ?? phase)
  if (paper.width < WIDE) return [name, paper.width < NARROW ? row.local.replace(/^(localhost|127\.0\.0\.1):/, ':') : row.local, pod]
  const { open, draining, held } = connections
  const load = held > 0 ? `${held} held` : `${open} conn${draining > 0 ? ` +${draining} draining` : ''}`
  return [name, row.local, row.target, pod, isUp ? row.image : '', isUp || held > 0 ? load : '', ageText(row.ageMs)]
}

interface BlockOptions {
  readonly paper: Paper
  readonly reasonLines: number
  /** Where neighbours with the same reason have it: the last of them may be out of sight. */
  readonly saidAt: 'first' | 'last'
}

/** A forward's line and its reason; neighbours with the same reason have it once. */
function blocksOf(rows: readonly TableRow[], heads: readonly string[], options: BlockOptions): readonly (readonly string[])[] {
  const reasons = rows.map((row) => reasonOf(row, options))
  return rows.map((_, index) => {
    const own = reasons[index] ?? []
    const neighbour = reasons[options.saidAt === 'last' ? index + 1 : index - 1]
    const isSaidThere = own.length > 0 && own.join('\n') === neighbour?.join('\n')
    return [heads[index] ?? '', ...(isSaidThere ? [] : own)]
  })
}

function reasonOf({ state, message, hint, nextTryMs = 0 }: TableRow, { paper, reasonLines }: BlockOptions): readonly string[] {
  if (state !== 'waiting' && state !== 'failed' && state !== 'degraded') return []
  const next = nextTryMs > 0 ? `; next try in ${Math.ceil(nextTryMs / 1000)} s` : ''
  const told = message === undefined ? [] : folded(`${message}${next}`, reasonLines, paper)
  const remedy = hint === undefined ? [] : folded(hint, reasonLines, paper).map((line) => paint('dim', line, paper))
  return [...told, ...remedy].map((line) => `      ${line}`)
}

/** Broken between words, into so many lines at most; the rest is cut. */
function folded(text: string, count: number, paper: Paper): readonly string[] {
  const width = paper.width - 6
  const lines = wrapped(stripVTControlCharacters(text), width)
  const rest = lines.slice(count - 1).join(' ')
  return [...lines.slice(0, count - 1), ...(rest === '' ? [] : [rest])].map((line) => cut(line, width, markOf(paper)))
}

function paint(color: Parameters<typeof styleText>[0], text: string, paper: Paper): string {
  return paper.isColored ? styleText(color, text, { validateStream: false }) : text
}

/** Stands for what was cut. */
function markOf({ isUtf8 }: Paper): string {
  return isUtf8 ? '…' : '...'
}
