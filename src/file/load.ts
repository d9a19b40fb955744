/**
 * Reads a forwards file and says what it holds: forwards, or every problem at once.
 *
 * The one place of `file/` that touches the disk, through what it is handed. It never
 * throws for anything a file can contain.
 */
import { basename, dirname, join, resolve as absolutePath } from 'node:path'
import type { Files } from '../system/files.ts'
import { type Located, Source, type Span } from './document.ts'
import type { Flags } from './entry.ts'
import type { Project } from './forward.ts'
import { limits } from './limits.ts'
import { parse } from './parse.ts'
import type { Problem } from './problems.ts'
import { resolve } from './resolve.ts'
import { checkShape } from './shape-check.ts'

/** A file, read. */
export type Loaded =
  | { readonly kind: 'loaded'; readonly project: Project }
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[]; readonly needsApproval: boolean }

/** How a file is read. */
export interface LoadOptions {
  readonly files: Files
  readonly flags: Flags
  /** The file as the user named it, for messages. */
  readonly shownAs?: string
  /** Whether a `forwards.override.yaml` beside the file counts: not when it was named by `-f`. */
  readonly looksForOverride: boolean
  /** The file's bytes, when they were read already. */
  readonly bytes?: Uint8Array | undefined
}

/** Reads and resolves the file at `path`. */
export async function load(path: string, options: LoadOptions): Promise<Loaded> {
  const shown = options.shownAs ?? path
  const read = options.bytes ? ({ kind: 'read', bytes: options.bytes } as const) : await options.files.read(path, limits.bytes)
  if (read.kind !== 'read') return rejected([unreadable(shown, read)])
  const override = options.looksForOverride && /^forwards\.ya?ml$/.test(basename(path)) ? await presentOverride(path, options.files) : undefined
  const loaded = loadBytes(shown, read.bytes, { directory: dirname(absolutePath(path)), flags: options.flags })
  if (override === undefined) return loaded
  const planned: Problem = {
    file: override,
    line: 1,
    column: 1,
    code: 'KPF_PLANNED',
    message: 'a forwards.override.yaml is planned, not in this version',
    fix: 'move it away, or name the file with -f',
  }
  return rejected([planned, ...(loaded.kind === 'rejected' ? loaded.problems : [])])
}

/** The same for bytes that are at hand (`-f -`, tests). */
export function loadBytes(shown: string, bytes: Uint8Array, around: { readonly directory: string; readonly flags: Flags }): Loaded {
  if (bytes.length > limits.bytes) return rejected([unreadable(shown, { kind: 'too-large', bytes: bytes.length })])
  const text = decode(shown, bytes)
  if (typeof text !== 'string') return rejected([text])
  const located = parse(shown, text)
  if (!('places' in located)) return rejected(located)
  const shapeProblems = checkShape(located)
  const { project, problems } = resolve(located, { ...around, absolute: (path) => absolutePath(around.directory, path) })
  const all = toldOnce(located, [...shapeProblems, ...problems])
  return all.length > 0 ? rejected(all) : { kind: 'loaded', project }
}

/** A place is told of once, by the first who found it: text, then shape, then meaning. */
function toldOnce(located: Located, later: readonly Problem[]): readonly Problem[] {
  const told = new Set<string>()
  const isNews = (problem: Problem): boolean => {
    const key = `${problem.line}:${problem.column}:${problem.kind ?? ''}`
    const isFirst = !told.has(key)
    told.add(key)
    return isFirst
  }
  const isRefused = within(located.refused)
  return [...located.problems.filter(isNews), ...later.filter((problem) => !isRefused(located.source.offset(problem))).filter(isNews)]
}

/** Whether an offset is inside one of the spans: looked up, for both may be many. */
function within(spans: readonly Span[]): (offset: number) => boolean {
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
function rejected(problems: readonly Problem[]): Loaded {
  const sorted = [...problems].sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1))
  return { kind: 'rejected', problems: sorted, needsApproval: sorted.length > 0 && sorted.every((problem) => problem.kind === 'approval') }
}

async function presentOverride(path: string, files: Files): Promise<string | undefined> {
  for (const name of ['forwards.override.yaml', 'forwards.override.yml']) {
    const candidate = join(dirname(path), name)
    if ((await files.read(candidate, limits.bytes)).kind !== 'missing') return candidate
  }
  return undefined
}

function unreadable(file: string, read: Exclude<Awaited<ReturnType<Files['read']>>, { kind: 'read' }>): Problem {
  const at = { file, line: 1, column: 1 }
  switch (read.kind) {
    case 'missing':
      return { ...at, code: 'KPF_FILE_MISSING', message: 'no such file', fix: 'name another with -f' }
    case 'not-a-file':
      return { ...at, code: 'KPF_FILE_KIND', message: `not a regular file but a ${read.what}`, fix: 'name a file with -f' }
    case 'too-large':
      return { ...at, code: 'KPF_FILE_SIZE', message: `the file is larger than 1 MiB (${read.bytes} bytes)`, fix: 'split the project' }
    case 'refused':
      return { ...at, code: 'KPF_FILE_UNREADABLE', message: `cannot be read (${read.errno})`, fix: 'check its owner and mode' }
  }
}

/** The text, or the first place that is not UTF-8. */
function decode(file: string, bytes: Uint8Array): string | Problem {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    const { offset, before } = firstReplaced(text, bytes)
    const source = new Source(file, before.replace(/^\uFEFF/, ''))
    const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const what = isUtf16 ? 'the file is UTF-16, not UTF-8' : `the file is not UTF-8 at byte ${offset}`
    return source.problem(source.text.length, 'KPF_FILE_ENCODING', what, 'save it as UTF-8')
  }
}

/** Where decoding put a replacement character that the bytes do not hold. */
function firstReplaced(text: string, bytes: Uint8Array): { offset: number; before: string } {
  const encoder = new TextEncoder()
  let offset = 0
  let from = 0
  for (let at = text.indexOf('\uFFFD'); at !== -1; at = text.indexOf('\uFFFD', from)) {
    offset += encoder.encode(text.slice(from, at)).length
    const isReal = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd
    if (!isReal) return { offset, before: text.slice(0, at) }
    offset += 3
    from = at + 1
  }
  return { offset: bytes.length, before: text }
}
