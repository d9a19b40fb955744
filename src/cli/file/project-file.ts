/** The forwards files of a command line: which ones, with which flags over them. */
import { dirname, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Flags } from '../../file/entry.ts'
import { limits } from '../../file/limits.ts'
import { printable } from '../../file/printable.ts'
import { load, type Loaded, type LoadOptions, type RootFile, type Snapshot } from '../../file/load.ts'
import { realFiles } from '../../system/files.ts'
import { type Approvals, approvalsOf } from './approvals.ts'
import { type Context, isSet, textFlag, textFlags } from '../context.ts'
import { findFile, projectRoot } from '../find-file.ts'
import { type Mistake, mistake } from '../mistake.ts'

export const NO_FILE: Mistake = {
  message: 'no forwards.yaml here or in the directories above, up to the repository',
  fix: 'write one with: kpf init, name one with -f, or try: kpf demo',
}

/** The files that are meant, before what they name themselves. */
export interface FoundFiles {
  readonly roots: readonly RootFile[]
  /** In a few words, for titles. */
  readonly shownAs: string
  /** Whether edits can be seen: standard input has none. */
  readonly isWatchable: boolean
  readonly isNamed: boolean
  /** What belongs to the project. */
  readonly root: string
}

/** What became of reading the files of a command line. */
export type Opened =
  | { readonly kind: 'read'; readonly found: FoundFiles; readonly loaded: Loaded; readonly snapshot: Snapshot; readonly approvals: Approvals }
  /** It was said already; the process ends with this code. */
  | { readonly kind: 'ended'; readonly code: number }

/** Finds and reads the files, and checks the flags about them. */
export async function openFiles(context: Context, names: readonly string[] = []): Promise<Opened> {
  const wrong = flagMistake(context)
  const found = wrong === undefined ? await theFiles(context) : undefined
  if (found === undefined) {
    return { kind: 'ended', code: mistake(context, wrong ?? NO_FILE) }
  }
  const { loaded, snapshot, approvals } = await readApproved(context, found, names)
  const known = loaded.kind === 'loaded' ? (loaded.project.profiles ?? []) : undefined
  const stranger = profilesOf(context).find((profile) => profile !== '*' && known !== undefined && !known.includes(profile))
  if (stranger === undefined) return { kind: 'read', found, loaded, snapshot, approvals }
  const fix = known?.length ? `profiles: ${known.join(', ')}` : 'the files name none'
  const sources = { ...context.sources, profile: context.sources['profile'] ?? (isProfileGiven(context) ? undefined : 'KPF_PROFILES') }
  return { kind: 'ended', code: mistake({ ...context, sources }, { message: `no forward has the profile "${printable(stranger)}"`, fix, flag: 'profile' }) }
}

function flagMistake(context: Context): Mistake | undefined {
  const offset = textFlag(context.flags, 'port-offset')
  if (offset !== undefined && !/^\d{1,5}$/.test(offset))
    return { message: `--port-offset is a number from 0, not "${printable(offset)}"`, fix: 'write --port-offset 1000', flag: 'port-offset' }
  const named = textFlags(context.flags, 'file')
  const twice = named.find((name, index) => named.findIndex((other) => resolve(context.cwd, other) === resolve(context.cwd, name)) < index)
  if (twice !== undefined)
    return { message: `${twice === '-' ? 'standard input' : printable(twice)} is named twice`, fix: `write -f ${printable(twice)} once`, flag: 'file' }
  // What is typed there would be waited for, without a word.
  return named.includes('-') && context.stdin().isTTY === true
    ? { message: 'standard input is a terminal', fix: 'pipe a file into it: kpf up -f - < forwards.yaml', flag: 'file' }
    : undefined
}

/** The files that are meant; undefined when none was named and none is there. */
export async function theFiles(context: Context): Promise<FoundFiles | undefined> {
  const named = textFlags(context.flags, 'file')
  if (named.length === 0) {
    const found = await findFile(context.cwd, realFiles)
    return found && { roots: [found], shownAs: found.shownAs, isWatchable: true, isNamed: false, root: await projectRoot(dirname(found.path), realFiles) }
  }
  const roots = named.map((name) => ({ path: name === '-' ? '-' : resolve(context.cwd, name), shownAs: name === '-' ? 'stdin' : name }))
  const first = roots[0]?.path ?? '-'
  const root = await projectRoot(first === '-' ? context.cwd : dirname(first), realFiles)
  return { roots, shownAs: roots.map(({ shownAs }) => shownAs).join(', '), isWatchable: roots.some(({ path }) => path !== '-'), isNamed: true, root }
}

/** What the files say, with what was approved of them. */
export async function readApproved(
  context: Context,
  found: FoundFiles,
  names: readonly string[] = [],
): Promise<{ readonly loaded: Loaded; readonly snapshot: Snapshot; readonly approvals: Approvals }> {
  const approvals = await approvalsOf(
    context,
    found.roots.map(({ path }) => path),
  )
  return { ...(await readFiles(context, found, { names, approves: approvals.has })), approvals }
}

/** How files are read. */
export interface ReadOptions {
  readonly names?: readonly string[]
  readonly known?: Snapshot
  readonly approves?: (risks: readonly string[]) => boolean
}

/** What the files say; `known` holds what was read already, standard input for one. */
export async function readFiles(
  context: Context,
  found: FoundFiles,
  { names = [], known, approves }: ReadOptions = {},
): Promise<{ readonly loaded: Loaded; readonly snapshot: Snapshot }> {
  const isPiped = found.roots.some(({ path }) => path === '-') && !known?.has('-')
  const piped: Snapshot = isPiped ? new Map([['-', { kind: 'read', bytes: await readAll(context.stdin()) }]]) : new Map()
  const options: LoadOptions = {
    flags: flagsOf(context),
    cwd: context.cwd,
    root: found.root,
    env: context.env,
    envFiles: textFlags(context.flags, 'env-file'),
    selection: { names, profiles: profilesOf(context), isWithoutNeeds: names.length > 0 && isSet(context.flags, 'no-deps') },
    looksForOverride: !found.isNamed,
    portOffset: Number(textFlag(context.flags, 'port-offset') ?? 0),
    approves: (risks) => isSet(context.flags, 'yes') || approves?.(risks) === true,
  }
  return load(found.roots, options, { files: realFiles, known: new Map([...(known ?? []), ...piped]) })
}

/** `--profile`, or `KPF_PROFILES` as compose has it: names with commas between. */
export function profilesOf(context: Context): readonly string[] {
  const given = isProfileGiven(context) ? textFlags(context.flags, 'profile') : [context.env['KPF_PROFILES'] ?? '']
  return given
    .flatMap((names) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function isProfileGiven({ flags }: Context): boolean {
  return textFlags(flags, 'profile').length > 0
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
