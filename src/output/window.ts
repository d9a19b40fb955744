/** Which part of a list is seen where not all of it fits, and what the keys make of that. Pure. */

/** From one of a list to before another. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** A move by one, by as many as are seen, or to an end. */
export type Step = 'line-up' | 'line-down' | 'page-up' | 'page-down' | 'first' | 'last'

/** What a person looks at. */
export interface Look {
  /** How many are scrolled past, as it was drawn last. */
  readonly scroll: number
  /** Asked for since then: how far they lead is known when it is drawn. */
  readonly steps: readonly Step[]
  /** The keys are told in place of the list. */
  readonly isHelp: boolean
}

/** Before any key. */
export const firstLook: Look = { scroll: 0, steps: [], isHelp: false }

/** As terminals send them: with `O` in application mode, and Home and End in two forms (xterm, "PC-Style Function Keys"). */
const steps: Readonly<Record<string, Step>> = {
  k: 'line-up',
  j: 'line-down',
  '\u001b[A': 'line-up',
  '\u001bOA': 'line-up',
  '\u001b[B': 'line-down',
  '\u001bOB': 'line-down',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\u001b[H': 'first',
  '\u001bOH': 'first',
  '\u001b[1~': 'first',
  '\u001b[F': 'last',
  '\u001bOF': 'last',
  '\u001b[4~': 'last',
}

/** What a key makes of a look; one that is not taken may mean something else. Any key ends the help. */
export function lookAfter(look: Look, key: string): { readonly look: Look; readonly isTaken: boolean } {
  if (key === '?' || key === 'h') return { look: { ...look, isHelp: !look.isHelp }, isTaken: true }
  const step = steps[key]
  return { look: { ...look, isHelp: false, steps: step === undefined ? look.steps : [...look.steps, step] }, isTaken: step !== undefined }
}

/** As many whole ones as there is room for, one at least, and no further than to where the last is seen. */
export function spanOf(sizes: readonly number[], room: number, from: number): Span {
  const start = Math.max(0, Math.min(from, backFrom(sizes, room, sizes.length)))
  let to = start
  for (let left = room; to < sizes.length && (to === start || sizeAt(sizes, to) <= left); to++) left -= sizeAt(sizes, to)
  return { from: start, to }
}

/** Where the steps lead. */
export function stepped(sizes: readonly number[], room: number, { from, steps: all }: { readonly from: number; readonly steps: readonly Step[] }): number {
  return all.reduce((now, step) => spanOf(sizes, room, target(sizes, { room, span: spanOf(sizes, room, now), step })).from, from)
}

function target(sizes: readonly number[], { room, span, step }: { readonly room: number; readonly span: Span; readonly step: Step }): number {
  switch (step) {
    case 'line-up':
      return span.from - 1
    case 'line-down':
      return span.from + 1
    case 'page-up':
      return Math.min(span.from - 1, backFrom(sizes, room, span.from))
    case 'page-down':
      return span.to
    case 'first':
      return 0
    case 'last':
      return sizes.length
  }
}

/** Where a span begins that ends before `end`; one is in it at least. */
function backFrom(sizes: readonly number[], room: number, end: number): number {
  let from = Math.max(0, end - 1)
  for (let left = room - sizeAt(sizes, from); from > 0 && sizeAt(sizes, from - 1) <= left; from--) left -= sizeAt(sizes, from - 1)
  return from
}

function sizeAt(sizes: readonly number[], index: number): number {
  return sizes[index] ?? 0
}
