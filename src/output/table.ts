/**
 * The table of all forwards at one moment, as lines that fit a width and a height. Pure.
 *
 * Not-ready forwards come first when not all fit; a reason and its remedy have lines of
 * their own, once for all neighbours that have the same.
 */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Phase } from '../supervisor/events.ts'
import type { Row, Snapshot } from '../supervisor/supervisor.ts'
import { ageText, counted, imageTag, localText, symbols, targetText, urlsOf } from './words.ts'

/** How much there is to draw on, and how. */
export interface Paper {
  readonly width: number
  readonly height: number
  readonly isColored: boolean
  readonly isUtf8: boolean
}

/** What a person has asked to see, and what goes on besides the forwards. */
export interface View {
  /** How many forwards are scrolled past, when not all fit. */
  readonly scroll?: number
  /** Said for a moment in place of the keys. */
  readonly note?: string | undefined
  /** A stop has begun: how long busy connections still have. */
  readonly stopping?: { readonly leftMs: number } | undefined
}

/** The lines, and how far it is really scrolled: no further than to the last forward. */
export interface Drawn {
  readonly lines: readonly string[]
  readonly scroll: number
}

/** Columns that may be cut, and to what. */
const [TARGET, POD, LEAST_WIDTH] = [2, 3, 12] as const
/** Below these, columns of less use go, and a host that everybody knows. */
const [WIDE, NARROW] = [80, 60] as const
/** A reason that is longer is cut. */
const MAX_REASON_LINES = 3

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
export function tableLines(snapshot: Snapshot, paper: Paper, view: View = {}): readonly string[] {
  return drawTable(snapshot, paper, view).lines
}

/** The same, with what became of the scrolling. */
export function drawTable(snapshot: Snapshot, paper: Paper, view: View): Drawn {
  const room = Math.max(1, paper.height - 2)
  const { rows } = snapshot
  const heads = headsOf(snapshot, paper)
  const whole = [MAX_REASON_LINES, 1].map((reasonLines) => blocksOf(rows, heads, { snapshot, paper, reasonLines, saidAt: 'last' }).flat())
  const fitting = whole.find((lines) => lines.length <= room)
  if (fitting) return { lines: [...fitting, '', footer(snapshot, paper, { view, isCramped: false })], scroll: 0 }
  const order = rows.map((_, index) => index).toSorted((a, b) => Number(isReady(rows[a])) - Number(isReady(rows[b])) || a - b)
  const sorted = order.flatMap((index) => rows[index] ?? [])
  const blocks = blocksOf(
    sorted,
    order.map((index) => heads[index] ?? ''),
    { snapshot, paper, reasonLines: 1, saidAt: 'first' },
  )
  const { lines, scroll } = windowOf(blocks, sorted, { room, from: view.scroll ?? 0 })
  // How many more there are may be too wide for the narrowest paper.
  const fit = lines.map((line) => (line.startsWith('  and ') ? cut(line, paper.width, paper) : line))
  return { lines: [...fit, '', footer(snapshot, paper, { view, isCramped: true })], scroll }
}

/** `2 of 3 ready`, `all 3 ready`. */
export function readyText(snapshot: Snapshot): string {
  const ready = snapshot.rows.filter(isReady).length
  const all = snapshot.rows.length
  return all === 0 ? 'no forwards' : ready === all ? (all === 1 ? 'ready' : `all ${all} ready`) : `${ready} of ${all} ready`
}

function isReady(row: Row | undefined): boolean {
  return row?.status.state === 'ready'
}

function footer(snapshot: Snapshot, paper: Paper, { view, isCramped }: { readonly view: View; readonly isCramped: boolean }): string {
  if (view.stopping) return cut(`  ${stoppingText(snapshot, view.stopping.leftMs)}`, paper.width, paper)
  const left = `  ${readyText(snapshot)}`
  const open = snapshot.rows.some(({ spec }) => urlsOf(spec).length > 0) ? ['o open'] : []
  const all = [...(isCramped ? ['j/k scroll'] : []), ...open, 'r retry', 'l log', 'q quit'].join('  ')
  const room = paper.width - left.length - 4
  const right = view.note === undefined ? [all, 'r retry  q quit', 'q quit'].find((keys) => keys.length <= room) : cut(view.note, room, paper)
  if (right === undefined || right === '') return cut(left, paper.width, paper)
  return `${left}${' '.repeat(paper.width - left.length - right.length - 2)}${paint('dim', right, paper)}`
}

/** `stopping; 1 busy connection, 2 s (Ctrl-C again: now)` */
function stoppingText({ rows }: Snapshot, leftMs: number): string {
  const busy = rows.reduce((sum, { traffic }) => sum + traffic.open + traffic.draining, 0)
  return busy === 0 ? 'stopping' : `stopping; ${counted(busy, 'busy connection')}, ${Math.max(0, Math.ceil(leftMs / 1000))} s (Ctrl-C again: now)`
}

/** The first line of each forward. */
function headsOf(snapshot: Snapshot, paper: Paper): readonly string[] {
  const cells = snapshot.rows.map((row) => cellsOf(row, snapshot.nowMs, paper))
  const widths = fitted(columnWidths(cells), paper.width - 4)
  return snapshot.rows.map(({ status }, index) => {
    const [utf8, ascii] = symbols[status.state]
    const symbol = paint(colors[status.state], paper.isUtf8 ? utf8 : ascii, paper)
    const text = (cells[index] ?? [])
      .map((cell, column) => cut(cell, widths[column] ?? 0, paper).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
    return `  ${symbol} ${cut(text, paper.width - 4, paper)}`
  })
}

function cellsOf({ spec, status, traffic, sinceMs }: Row, nowMs: number, paper: Paper): readonly string[] {
  const isUp = status.state === 'ready' || status.state === 'degraded'
  const pod = isUp ? (status.pod ?? '') : status.phase === 'dialing' ? `dialing ${status.pod ?? ''}`.trim() : (phaseWords[status.phase] ?? status.phase)
  const local = localText(spec, status)
  if (paper.width < WIDE) return [spec.name, paper.width < NARROW ? local.replace(/^(localhost|127\.0\.0\.1):/, ':') : local, pod]
  const load = traffic.held > 0 ? `${traffic.held} held` : `${traffic.open} conn${traffic.draining > 0 ? ` +${traffic.draining} draining` : ''}`
  return [spec.name, local, targetText(spec), pod, isUp ? imageTag(status.image) : '', isUp || traffic.held > 0 ? load : '', ageText(nowMs - sinceMs)]
}

interface BlockOptions {
  readonly snapshot: Snapshot
  readonly paper: Paper
  readonly reasonLines: number
  /** Where neighbours with the same reason have it: the last of them may be out of sight. */
  readonly saidAt: 'first' | 'last'
}

/** A forward's line and its reason; neighbours with the same reason have it once. */
function blocksOf(rows: readonly Row[], heads: readonly string[], options: BlockOptions): readonly (readonly string[])[] {
  const reasons = rows.map((row) => reasonOf(row, options))
  return rows.map((_, index) => {
    const own = reasons[index] ?? []
    const neighbour = reasons[options.saidAt === 'last' ? index + 1 : index - 1]
    const isSaidThere = own.length > 0 && own.join('\n') === neighbour?.join('\n')
    return [heads[index] ?? '', ...(isSaidThere ? [] : own)]
  })
}

function reasonOf({ status }: Row, { snapshot, paper, reasonLines }: BlockOptions): readonly string[] {
  if (status.state !== 'waiting' && status.state !== 'failed' && status.state !== 'degraded') return []
  const leftMs = (status.nextRetryAtMs ?? 0) - snapshot.nowMs
  const next = leftMs > 0 ? `; next try in ${Math.ceil(leftMs / 1000)} s` : ''
  const width = paper.width - 6
  const message = status.message === undefined ? [] : folded(`${status.message}${next}`, { width, paper, lines: reasonLines })
  const hint = status.hint === undefined ? [] : folded(status.hint, { width, paper, lines: reasonLines }).map((line) => paint('dim', line, paper))
  return [...message, ...hint].map((line) => `      ${line}`)
}

/** Broken between words, into so many lines at most; the rest is cut. */
function folded(text: string, { width, lines, paper }: { readonly width: number; readonly lines: number; readonly paper: Paper }): readonly string[] {
  const done: string[] = []
  let rest = stripVTControlCharacters(text)
  while (done.length < lines - 1 && rest.length > width) {
    const blank = rest.lastIndexOf(' ', width)
    if (blank <= 0) break
    done.push(rest.slice(0, blank))
    rest = rest.slice(blank + 1)
  }
  return [...done, cut(rest, width, paper)]
}

/** As many forwards as fit, from one on; how many are above and below is said where they would be. */
function windowOf(blocks: readonly (readonly string[])[], rows: readonly Row[], { room, from }: { readonly room: number; readonly from: number }): Drawn {
  const sizeFrom = (index: number): number => blocks.slice(index).reduce((sum, block) => sum + block.length, 0)
  let scroll = Math.min(Math.max(0, from), blocks.length - 1)
  // Never further than to where the last one is seen.
  while (scroll > 0 && sizeFrom(scroll - 1) <= room - (scroll > 1 ? 1 : 0)) scroll--
  const lines = scroll > 0 ? [`  ${scroll} above`] : []
  let next = scroll
  for (const block of blocks.slice(scroll)) {
    const isLast = next === blocks.length - 1
    if (lines.length + block.length > room - (isLast ? 0 : 1)) break
    lines.push(...block)
    next++
  }
  if (next === blocks.length) return { lines, scroll }
  const word = rows.slice(next).every(isReady) ? 'ready' : 'more'
  return { lines: [...lines.slice(0, room - 1), `  and ${blocks.length - next} ${word}`], scroll }
}

function columnWidths(lines: readonly (readonly string[])[]): readonly number[] {
  const columns = Math.max(0, ...lines.map((line) => line.length))
  return Array.from({ length: columns }, (_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
}

/** The wide lines give up columns of target and pod before the age at their end is cut off. */
function fitted(widths: readonly number[], room: number): readonly number[] {
  const fits = [...widths]
  const order = fits.length > POD ? [TARGET, POD, 0] : [2, 0]
  for (const index of order) {
    const over = fits.reduce((sum, width) => sum + width + 2, -2) - room
    const width = fits[index]
    if (width !== undefined && over > 0) fits[index] = Math.max(Math.min(width, LEAST_WIDTH), width - over)
  }
  return fits
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
