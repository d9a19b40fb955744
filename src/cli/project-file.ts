/** The forwards files of a command line: which ones, with which flags over them. */
import type { Readable } from 'node:stream'
import type { Flags } from '../file/entry.ts'
import { limits } from '../file/limits.ts'
import { load, type Loaded, type LoadOptions, type RootFile, type Snapshot } from '../file/load.ts'
import { realFiles } from '../system/files.ts'
import { type Context, textFlag, textFlags } from './context.ts'
import { findFile } from './find-file.ts'

/** What is said when there is no file. */
export const NO_FILE = 'kpf: no forwards.yaml here or in the directories above, up to the repository\n    write one, name one with -f, or try: kpf demo\n'

/** The files that are meant, before what they name themselves. */
export interface FoundFiles {
  readonly roots: readonly RootFile[]
  /** In a few words, for titles. */
  readonly shownAs: string
  /** Whether edits can be seen: standard input has none. */
  readonly isWatchable: boolean
}

/** The files that are meant; undefined when none was named and none is there. */
export async function theFiles(context: Context): Promise<FoundFiles | undefined> {
  const named = textFlags(context.flags, 'file').slice(-1)
  const found = named.length === 0 ? await findFile(context.cwd, undefined, realFiles) : undefined
  if (named.length === 0) return found && { roots: [found], shownAs: found.shownAs, isWatchable: true }
  const roots = await Promise.all(
    named.map(async (name) =>
      name === '-' ? { path: '-', shownAs: 'stdin' } : ((await findFile(context.cwd, name, realFiles)) ?? { path: name, shownAs: name }),
    ),
  )
  return { roots, shownAs: roots.map(({ shownAs }) => shownAs).join(', '), isWatchable: roots.some(({ path }) => path !== '-') }
}

/** What the files say; `known` holds what was read already, standard input for one. */
export async function readFiles(
  context: Context,
  found: FoundFiles,
  { names = [], known }: { readonly names?: readonly string[]; readonly known?: Snapshot } = {},
): Promise<{ readonly loaded: Loaded; readonly snapshot: Snapshot }> {
  const isPiped = found.roots.some(({ path }) => path === '-') && !known?.has('-')
  const piped: Snapshot = isPiped ? new Map([['-', { kind: 'read', bytes: await readAll(context.stdin()) }]]) : new Map()
  return load(found.roots, loadOptions(context, names), { files: realFiles, known: new Map([...(known ?? []), ...piped]) })
}

/** Those files as they are now; what came through standard input stays what it was. */
export async function readAgain(paths: readonly string[], known: Snapshot): Promise<Snapshot> {
  const reads = await Promise.all(
    paths.map(async (path) => {
      const stdin = path === '-' ? known.get('-') : undefined
      return [path, stdin ?? (await realFiles.read(path, limits.bytes))] as const
    }),
  )
  return new Map(reads)
}

function loadOptions(context: Context, names: readonly string[]): LoadOptions {
  return {
    flags: flagsOf(context),
    cwd: context.cwd,
    env: context.env,
    envFiles: textFlags(context.flags, 'env-file'),
    selection: { names, profiles: [] },
  }
}

/** Flags that win over every forward. */
export function flagsOf(context: Context): Flags {
  const kubeconfig = textFlag(context.flags, 'kubeconfig')
  const named = textFlag(context.flags, 'context')
  const namespace = textFlag(context.flags, 'namespace')
  return { ...(kubeconfig !== undefined && { kubeconfig }), ...(named !== undefined && { context: named }), ...(namespace !== undefined && { namespace }) }
}

/** Everything of a stream, 1 MiB and a byte at most: the loader refuses the rest. */
async function readAll(stream: Readable): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    chunks.push(bytes)
    size += bytes.length
    if (size > limits.bytes) break
  }
  return Buffer.concat(chunks)
}
