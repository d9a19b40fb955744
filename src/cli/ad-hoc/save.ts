/** `--save` of the ad-hoc form: the forward of the command line, as a line of the forwards file. */
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Access, Forward } from '../../file/forward.ts'
import type { Loaded } from '../../file/load.ts'
import type { Problem } from '../../file/problems.ts'
import { readYaml } from '../../file/yaml-values.ts'
import { withForward } from '../../file/yaml-add.ts'
import { problemsText } from '../../output/problem-text.ts'
import { editFile } from '../../system/edit-file.ts'
import { errnoOf } from '../../system/errno.ts'
import { realFiles } from '../../system/files.ts'
import { type Context, say, textFlag, textFlags } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { projectRoot } from '../find-file.ts'
import { flagsOf, type FoundFiles, readApproved, readFiles, theFiles } from '../file/project-file.ts'
import { clustersFor } from '../world.ts'

const MAX_BYTES = 1024 * 1024

/** Writes it once it has been ready: a mistyped target does not stay in the file. */
export type Save = () => Promise<void>

/** What is left to do for it, or the exit code after it was said why it cannot be in the file. */
export async function prepareSave(context: Context): Promise<number | Save> {
  const [target = '', ...ports] = context.words
  const name = nameOf(target)
  const found = await placeFor(context)
  if (typeof found === 'string') return refused(context, found)
  const { path, shownAs } = found.roots[0] ?? { path: '', shownAs: '' }
  const read = await realFiles.read(path, MAX_BYTES)
  if (read.kind !== 'read' && read.kind !== 'missing') return refused(context, `${shownAs} cannot be read\n    look at it with: kpf check`)
  const before = read.kind === 'read' ? Buffer.from(read.bytes).toString('utf8') : ''
  const address = textFlag(context.flags, 'address')
  const rest = [...(address === undefined ? [] : ['--address', address]), target, ...ports]
  let line = [...accessWords(flagsOf(context)), ...rest].join(' ')
  const taken = entryIn(before, name)
  if (taken !== undefined && taken !== line)
    return refused(context, `${shownAs} has a forward "${name}" already\n    add it there under another name: "${name}-2: ${line}"`)
  if (taken === undefined) {
    const tried = await trial(context, found, { path, before, name, line })
    if (typeof tried === 'string') return refused(context, tried)
    line = [...accessWords(await meant(context, tried)), ...rest].join(' ')
  }
  return async () => {
    const isNew = read.kind === 'missing'
    const failed = taken === undefined ? await written({ path, isNew, name, line }) : undefined
    if (failed !== undefined) return void refused(context, `${shownAs} cannot be written (${failed})\n    add the line there: "${name}: ${line}"`)
    const how = taken === undefined ? (isNew ? ' (new file)' : '') : ' before'
    say(context, `saved as "${name}" in ${shownAs}${how}. Next time: kpf up\n`)
    if (textFlag(context.flags, 'kubeconfig') !== undefined)
      context.err('kpf: the kubeconfig is not saved\n    name it in KUBECONFIG, or with "kubeconfig" in the file\n')
  }
}

function refused(context: Context, message: string): number {
  context.err(`kpf: not saved: ${message}\n`)
  return exitCodes.usage
}

/** The one file that is meant, or what is wrong with the asking; it may not be there yet. */
async function placeFor(context: Context): Promise<FoundFiles | string> {
  const files = textFlags(context.flags, 'file')
  if (files.length > 1 || files.includes('-')) return 'a forward is saved in one file\n    name one with -f'
  const found = await theFiles(context)
  if (found !== undefined) return found
  const path = resolve(context.cwd, 'forwards.yaml')
  return {
    roots: [{ path, shownAs: 'forwards.yaml' }],
    shownAs: 'forwards.yaml',
    isWatchable: true,
    isNamed: false,
    root: await projectRoot(dirname(path), realFiles),
  }
}

/** `api` for `svc/api`; a pod's name may have dots, a forward's may not. */
function nameOf(target: string): string {
  const own = (target.split('/').at(-1) ?? target).toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-')
  return own.slice(0, 63).replaceAll(/^-+|-+$/g, '') || 'forward'
}

function accessWords({ context, namespace }: Access): readonly string[] {
  return [...(context === undefined ? [] : ['--context', context]), ...(namespace === undefined ? [] : ['-n', namespace])]
}

/** What stands under a name in a text; undefined when nothing does, or the text is broken: then the trial says so. */
function entryIn(text: string, name: string): unknown {
  try {
    const root: unknown = readYaml(text)
    const forwards: unknown = typeof root === 'object' && root !== null ? Reflect.get(root, 'forwards') : undefined
    return typeof forwards === 'object' && forwards !== null ? Reflect.get(forwards, name) : undefined
  } catch {
    return undefined
  }
}

interface Added {
  readonly path: string
  readonly before: string
  readonly name: string
  readonly line: string
}

/** The forward as the file would have it, read in memory; or why it cannot be there. */
async function trial(context: Context, found: FoundFiles, { path, before, name, line }: Added): Promise<Forward | string | undefined> {
  let text: string
  try {
    text = withForward(before, name, line)
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n    look at it with: kpf check; or add the line yourself: "${name}: ${line}"`
  }
  // Without the flags: the file has to say it all.
  const bare: Context = { ...context, flags: { ...context.flags, context: undefined, namespace: undefined, kubeconfig: undefined } }
  const { approvals } = await readApproved(bare, found, [name])
  const readAs = async (content: string, names: readonly string[]): Promise<Loaded> => {
    const known = new Map([[path, { kind: 'read', bytes: Buffer.from(content) } as const]])
    return (await readFiles(bare, found, { names, known, approves: approvals.has })).loaded
  }
  // Of the whole file only what is new: a variable that another forward lacks here is no business of this one.
  const known = problemsIn(await readAs(before, []))
  const news = problemsIn(await readAs(text, [])).filter(({ kind, message }) => kind !== 'approval' && !known.some((problem) => problem.message === message))
  if (news.length > 0) return `the file would not be valid with it\n${problemsText(news)}`
  const loaded = await readAs(text, [name])
  // What a file asks for is approved when it is started; until then it says no more.
  if (loaded.kind === 'rejected' && loaded.needsApproval && loaded.problems.every(({ kind }) => kind === 'approval')) return undefined
  if (loaded.kind === 'rejected') return `the file would not be valid with it\n${problemsText(loaded.problems)}`
  return loaded.project.forwards.find((forward) => forward.name === name) ?? `forward "${name}" is not read from it\n    see: kpf check`
}

function problemsIn(loaded: Loaded): readonly Problem[] {
  return loaded.kind === 'rejected' ? loaded.problems : []
}

/** Where the forward leads now; what the top of the file would change of that is named in its line. */
async function meant(context: Context, read: Forward | undefined): Promise<Access> {
  const flags = flagsOf(context)
  const access = read?.access ?? {}
  const isElsewhere = (flags.context === undefined && access.context !== undefined) || (flags.namespace === undefined && access.namespace !== undefined)
  if (!isElsewhere) return flags
  const clusters = clustersFor(context, 1, () => {})
  try {
    const cluster = await clusters.open(flags)
    if ('code' in cluster) return flags
    const isOther = access.context !== undefined && access.context !== cluster.contextName
    const [name, namespace] = [flags.context ?? (isOther ? cluster.contextName : undefined), flags.namespace ?? cluster.namespace]
    return { ...(name !== undefined && { context: name }), ...((flags.namespace !== undefined || access.namespace !== namespace) && { namespace }) }
  } finally {
    await clusters.close()
  }
}

async function written({ path, isNew, name, line }: { path: string; isNew: boolean; name: string; line: string }): Promise<string | undefined> {
  try {
    if (isNew) await writeFile(path, withForward('', name, line), { flag: 'wx' })
    else if ((await editFile(path, (text) => withForward(text, name, line))) === 'locked') return 'somebody else writes it'
    return undefined
  } catch (error) {
    return errnoOf(error)
  }
}
