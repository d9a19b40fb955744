/**
 * Reads a forwards file and says what it holds: forwards, or every problem at once.
 *
 * The one place of `file/` that touches the disk, through what it is handed. It never
 * throws for anything a file can contain.
 */
import { basename, dirname, join, resolve as absolutePath } from 'node:path'
import type { Files } from '../system/files.ts'
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
  const text = decode(bytes)
  if (typeof text === 'number') {
    return rejected([{ file: shown, line: 1, column: 1, code: 'KPF_FILE_ENCODING', message: `the file is not UTF-8 at byte ${text}`, fix: 'save it as UTF-8' }])
  }
  const located = parse(shown, text)
  if (!('places' in located)) return rejected(located)
  const shapeProblems = checkShape(located)
  const { project, problems } = resolve(located, { ...around, absolute: (path) => absolutePath(around.directory, path) })
  const mistakes = problems.filter((problem) => problem.kind !== 'approval')
  // A value of the wrong shape is told once, by its shape.
  const all = [...shapeProblems, ...mistakes.filter((problem) => !shapeProblems.some((other) => other.line === problem.line && other.file === problem.file))]
  if (all.length > 0) return rejected([...all, ...problems.filter((problem) => problem.kind === 'approval')])
  return problems.length > 0 ? rejected(problems) : { kind: 'loaded', project }
}

/** Sorted by place; approval is what stands in the way only when nothing else does. */
function rejected(problems: readonly Problem[]): Loaded {
  const sorted = [...problems].sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1))
  return { kind: 'rejected', problems: sorted, needsApproval: sorted.every((problem) => problem.kind === 'approval') }
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
      return { ...at, code: 'KPF_FILE_SIZE', message: `the file is ${(read.bytes / 1024 / 1024).toFixed(1)} MiB, the limit is 1 MiB`, fix: 'split the project' }
    case 'refused':
      return { ...at, code: 'KPF_FILE_UNREADABLE', message: `cannot be read (${read.errno})`, fix: 'check its owner and mode' }
  }
}

/** The text, or the offset of the first byte that is not UTF-8. */
function decode(bytes: Uint8Array): string | number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    return decoder.decode(bytes)
  } catch {
    let low = 0
    let high = bytes.length
    const lenient = new TextDecoder('utf-8', { fatal: true })
    while (low < high) {
      const middle = (low + high + 1) >> 1
      try {
        lenient.decode(bytes.subarray(0, middle), { stream: false })
        low = middle
      } catch {
        if (isTruncationOnly(bytes, middle)) low = middle
        else high = middle - 1
      }
    }
    return low
  }
}

/** Whether the first `end` bytes are valid but for a character that `end` cuts in two. */
function isTruncationOnly(bytes: Uint8Array, end: number): boolean {
  for (let back = 1; back <= 3 && back <= end; back++) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end - back))
      const lead = bytes[end - back] ?? 0
      const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
      return length > back
    } catch {
      continue
    }
  }
  return false
}
