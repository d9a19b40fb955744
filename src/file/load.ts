/**
 * Reads forwards files and says what they hold: forwards, or every problem at once.
 *
 * The one place of `file/` that touches the disk, through what it is handed. It never
 * throws for anything a file can contain.
 */
import { dirname, resolve as absolutePath } from 'node:path'
import type { FileRead, Files } from '../system/files.ts'
import type { Blame } from './blame.ts'
import type { Located, Span } from './document.ts'
import type { Flags } from './entry.ts'
import { type Explanation, explain } from './explain.ts'
import type { Project } from './forward.ts'
import { fileRisks } from './approval.ts'
import { type Asking, gather, type Gathered, type RootFile, type Unit } from './gather.ts'
import { limits } from './limits.ts'
import type { Problem } from './problems.ts'
import { resolve } from './resolve.ts'
import { retyped } from './retype.ts'
import { everything, type Selection } from './selection.ts'
import { checkShape } from './shape-check.ts'
import type { Variable } from './variables.ts'

export type { RootFile } from './gather.ts'

const MIN_HIDDEN = 4

/** Every file that had a say, as it was read: those that are not there too. */
export type Snapshot = ReadonlyMap<string, FileRead>

/** What files say. Its `blame` makes a problem of what turns out to be wrong only later. */
export type Loaded = {
  readonly variables: readonly Variable[]
  /** What of it somebody has to approve, in words. */
  readonly risks: readonly string[]
  /** A text without what variables with the names of secrets hold. */
  readonly redact: (text: string) => string
  /** An export, a link or a description with marks of `veil.ts` for what variables hold, whatever their names. */
  readonly marked: (text: string) => string
  /** Where a value comes from, by its path. */
  readonly explain: (path: string) => readonly Explanation[]
} & (
  | { readonly kind: 'loaded'; readonly project: Project; readonly blame: Blame }
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[]; readonly needsApproval: boolean }
)

/** What stands around the files, and what was asked for beside them. */
export interface LoadOptions {
  readonly flags: Flags
  /** Where the person stands. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Files of variables, of `--env-file`. */
  readonly envFiles?: readonly string[]
  readonly selection?: Selection
  /** Whether a `forwards.override.yaml` beside the file counts: not when one was named. */
  readonly looksForOverride?: boolean
  /** What belongs to the project; without it the directory of the first file. */
  readonly root?: string
  /** Added to every local port that is a number. */
  readonly portOffset?: number
  /** Whether somebody has approved all this; without it nobody has. */
  readonly approves?: (risks: readonly string[]) => boolean
}

/** Reads and resolves files; what `known` holds is not read again. The snapshot is what has to be watched. */
export async function load(
  roots: readonly RootFile[],
  options: LoadOptions,
  { files, known }: { readonly files: Files; readonly known?: Snapshot },
): Promise<{ readonly loaded: Loaded; readonly snapshot: Snapshot }> {
  const snapshot = new Map<string, FileRead>()
  const walk = walked(roots, options)
  let step = walk.next()
  while (!step.done) {
    const path = step.value
    const read = snapshot.get(path) ?? known?.get(path) ?? (await files.read(path, limits.bytes))
    snapshot.set(path, read)
    step = walk.next(read)
  }
  return { loaded: step.value, snapshot }
}

/** The same of bytes that are at hand, with no file beside them but those in `others`. */
export function loadBytes(
  shown: string,
  bytes: Uint8Array,
  options: Omit<LoadOptions, 'cwd'> & { readonly directory: string; readonly others?: Readonly<Record<string, string>> },
): Loaded {
  const { directory, others = {} } = options
  const path = absolutePath(directory, shown)
  const contents = new Map<string, Uint8Array>(Object.entries(others).map(([name, text]) => [absolutePath(directory, name), new TextEncoder().encode(text)]))
  contents.set(path, bytes)
  const walk = walked([{ path, shownAs: shown }], { ...options, cwd: directory })
  let step = walk.next()
  while (!step.done) {
    const found = contents.get(step.value)
    step = walk.next(found ? { kind: 'read', bytes: found } : { kind: 'missing' })
  }
  return step.value
}

function* walked(roots: readonly RootFile[], options: LoadOptions): Asking<Loaded> {
  const { env = {}, envFiles = [], cwd, flags, selection = everything, looksForOverride = false, portOffset = 0 } = options
  const first = roots[0]?.path ?? '-'
  const directory = first === '-' ? cwd : dirname(absolutePath(cwd, first))
  const around = { roots, looksForOverride, cwd, root: options.root ?? directory, env, envFiles }
  const inside = yield* gather({ ...around, usesOutside: false })
  const isUnread = inside.outside.length > 0
  // A file of somebody else's choice may hold anything: it is not used, and so not told of, before it is approved.
  if (isUnread && options.approves?.(fileRisks(inside.outside)) !== true) return unread(inside)
  const gathered = isUnread ? yield* gather({ ...around, usesOutside: true }) : inside
  const { units, problems, variables, outside, secrets } = gathered
  const typed = units.map((unit) => ({ ...unit, located: retyped(unit.located, unit.filled) }))
  const shapes = typed.flatMap(({ located }) => checkShape(located))
  const { project, problems: meanings, risks, shown, blame } = resolve(typed, { directory, flags, selection, portOffset, outside })
  const told = [...problems, ...toldOnce(typed, [...shapes, ...meanings])]
  const all = options.approves?.(risks) === true ? told.filter(({ kind }) => kind !== 'approval') : told
  return {
    variables,
    risks,
    redact: redactor(secrets),
    marked: (text) => shown.get(text) ?? text,
    explain: (path) => explain(typed, path),
    ...(all.length > 0 ? rejection(all) : { kind: 'loaded', project, blame }),
  }
}

/** What is told while files wait for approval: of what the others mean a part may be missing. */
function unread({ problems, variables, outside }: Gathered): Loaded {
  return { variables, risks: fileRisks(outside), redact: (text) => text, marked: (text) => text, explain: () => [], ...rejection(problems) }
}

/** Short values are hidden only where they are all of a text: elsewhere they are in every second word. */
function redactor(secrets: ReadonlyMap<string, string>): (text: string) => string {
  const doubled = [...secrets].filter(([, value]) => value.includes('$')).map(([name, value]) => [name, value.replaceAll('$', '$$$$')] as const)
  // A template has its dollars doubled, those of a secret too.
  const longest = [...secrets, ...doubled].filter(([, value]) => value !== '').toSorted(([, a], [, b]) => b.length - a.length)
  return (text) =>
    longest.reduce(
      (left, [name, value]) => (value.length >= MIN_HIDDEN ? left.replaceAll(value, () => `\${${name}}`) : left === value ? `\${${name}}` : left),
      text,
    )
}

/** A place is told of once, by the first who found it: text, then shape, then meaning. */
function toldOnce(units: readonly Unit[], later: readonly Problem[]): readonly Problem[] {
  const told = new Set<string>()
  const isNews = (problem: Problem): boolean => {
    const key = `${problem.file}:${problem.line}:${problem.column}:${problem.kind ?? ''}`
    const isFirst = !told.has(key)
    told.add(key)
    return isFirst
  }
  const mistakes = new Set(units.flatMap((unit) => unit.mistakes.map(({ problem }) => problem)))
  const isRefused = within(units.map(({ located }) => located))
  const early = units.flatMap(({ located }) => located.problems)
  return [...early.filter(isNews), ...later.filter((problem) => mistakes.has(problem) || !isRefused(problem)).filter(isNews)]
}

/** Whether a problem stands in a stretch that was refused. */
function within(all: readonly Located[]): (problem: Problem) => boolean {
  const bySource = Map.groupBy(
    all.flatMap(({ refused }) => refused),
    ({ source }) => source,
  )
  const lookups = new Map([...bySource].map(([source, spans]) => [source.file, { source, isInside: insideOf(spans) }]))
  return (problem) => {
    const found = lookups.get(problem.file)
    return found?.isInside(found.source.offset(problem)) ?? false
  }
}

/** Whether an offset is inside one of the spans: looked up, for both may be many. */
function insideOf(spans: readonly Span[]): (offset: number) => boolean {
  const sorted = [...spans].sort((a, b) => a.start - b.start)
  const furthest: number[] = []
  for (const { end } of sorted) furthest.push(Math.max(end, furthest.at(-1) ?? 0))
  return (offset) => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle]?.start ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return offset < (furthest[low - 1] ?? 0)
  }
}

/** Sorted by place; approval is what stands in the way only when nothing else does. */
function rejection(problems: readonly Problem[]): Pick<Extract<Loaded, { kind: 'rejected' }>, 'kind' | 'problems' | 'needsApproval'> {
  const sorted = [...problems].sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1))
  return { kind: 'rejected', problems: sorted, needsApproval: sorted.every((problem) => problem.kind === 'approval') }
}
