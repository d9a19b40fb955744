/** `kpf up`: the file's forwards, kept up until a signal or the control socket says stop. */
import { chosen, wishFor } from '../../control/wish.ts'
import { problemsText } from '../../output/problem-text.ts'
import { parentLink } from '../../system/parent-link.ts'
import { self } from '../../system/processes.ts'
import { approvedFiles, trustCommand } from '../file/approvals.ts'
import { applyTo, attach, nameOf } from './attach.ts'
import { portChooser } from './auto-ports.ts'
import { type Claim, claimProject } from './claim.ts'
import { type Context, isSet, say, textFlag, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { placeOf } from '../place.ts'
import { openFiles, readFiles } from '../file/project-file.ts'
import { protectedGuard } from './protected.ts'
import type { Owner } from '../ask/reach.ts'
import type { Start } from './running.ts'
import { termsOf } from '../file/terms.ts'
import { unknownForward } from '../unknown-forward.ts'
import { upOptions } from './up-options.ts'
import { type Bounds, runProject } from './up-run.ts'

/** Runs the verb; resolves when everything has stopped, or when it runs in the background. */
export async function up(context: Context): Promise<number> {
  const options = upOptions(context)
  if ('message' in options) return mistake(context, options)
  if (isSet(context.flags, 'dry-run'))
    return (await import('../file/plan.ts')).planVerb({ ...context, flags: { ...context.flags, output: planOutput(context) } })
  const parent = parentLink()
  if (parent === undefined && (isSet(context.flags, 'detach') || isSet(context.flags, 'wait'))) return (await import('./detach.ts')).detach(context, options)
  const told: Context = parent ? { ...context, err: (text) => (context.err(text), parent.tell({ kind: 'said', text })) } : context
  for (;;) {
    const begun = await begin(told)
    if (typeof begun === 'number') return begun
    const { start, claim } = begun
    if (claim.kind !== 'owned') return alone({ ...start, isDetached: parent !== undefined }, { claim, options, parent })
    const code = await join(told, start, { owner: claim.owner, isDetached: parent !== undefined })
    // It ended between its answer and ours: now there is none, or another.
    if (code !== 'ending') return code
  }
}

/** The form of a plan that is nearest to the one asked for. */
function planOutput(context: Context): string {
  return textFlag(context.flags, 'output') === 'jsonl' ? 'json' : 'text'
}

function alone(start: Start, bounds: Bounds): Promise<number> | number {
  const { claim, parent } = bounds
  if (claim.kind === 'held' || parent === undefined) return runProject(start, bounds)
  start.context.err(`kpf: cannot run in the background: ${claim.why}\n    run it in the foreground, or make that folder your own\n`)
  return exitCodes.failed
}

type Begun = { readonly start: Start; readonly claim: Exclude<Claim, { kind: 'stuck' }> }

/** The project of the file, claimed; or the exit code after it was said what is wrong. */
export async function begin(context: Context): Promise<Begun | number> {
  const opened = await openFiles(context, context.words)
  if (opened.kind === 'ended') return opened.code
  const { found, snapshot, approvals } = opened
  const approves = (risks: readonly string[]): boolean => approvals.has(risks)
  const loaded = await approvedFiles(context, opened, async () => (await readFiles(context, found, { names: context.words, known: snapshot, approves })).loaded)
  if (loaded.kind === 'rejected') {
    context.err(`${problemsText(loaded.problems, { width: widthFor(context) })}\n${loaded.needsApproval ? `approve it with: ${trustCommand(context)}\n` : ''}`)
    return loaded.needsApproval ? exitCodes.approval : exitCodes.usage
  }
  const { project } = loaded
  const unknown = unknownForward(context.words, project.forwards, found.shownAs)
  if (unknown !== undefined) return mistake(context, unknown)
  const guard = await protectedGuard(context, chosen(project, wishFor(context.words)))
  if (guard === undefined) return exitCodes.approval
  const paths = found.roots.map(({ path }) => path)
  const place = await placeOf(context, self().platform, paths)
  const claim: Claim = place ? await claimProject(context, place) : { kind: 'refused', why: 'there is no file' }
  if (claim.kind === 'stuck') {
    context.err(
      `kpf: ${nameOf(context, project.name)} already runs (pid ${claim.pid}), and does not answer\n    if it stays so: kill ${claim.pid}, then kpf up\n`,
    )
    return exitCodes.owned
  }
  const choose = portChooser(context, paths)
  const load: Start['load'] = async (as, known, names) => {
    await approvals.refresh()
    return guard(await readFiles(as, found, { names, known, approves }))
  }
  const variables = loaded.variables.map(({ name }) => name)
  return {
    start: { variables, context, found, snapshot, project: await choose(project), place, isDetached: false, load, choose, approvals: approvals.path },
    claim,
  }
}

interface Joined {
  readonly owner: Owner
  readonly isDetached: boolean
}

async function join(context: Context, { project, snapshot, variables }: Start, { owner, isDetached }: Joined): Promise<number | 'ending'> {
  const stdin = snapshot.get('-')
  const content = stdin?.kind === 'read' ? Buffer.from(stdin.bytes).toString('utf8') : undefined
  const name = nameOf(context, project.name)
  const code = await applyTo(context, owner, { terms: termsOf(context, variables), ...(content !== undefined && { content }) })
  if (code !== exitCodes.done) return code
  tellUnused(context)
  if (!isDetached) return attach(context, owner, name)
  say(context, `${name} already runs (pid ${owner.pid})\n`)
  return code
}

/** Flags of a run: another process has it. */
const ofRun = ['ttl', 'abort-on-failure', 'ready-fd', 'ports-file', 'no-watch']

function tellUnused(context: Context): void {
  const given = ofRun.filter((name) => isSet(context.flags, name) || textFlag(context.flags, name) !== undefined)
  if (given.length === 0) return
  const names = given.map((name) => context.sources[name] ?? `--${name}`)
  const what = names.length === 1 ? 'says' : 'say'
  context.err(
    `kpf: ${names.join(' and ')} ${what} nothing to a project that runs\n    for a run with ${names.length === 1 ? 'it' : 'them'}: kpf down, then kpf up\n`,
  )
}
