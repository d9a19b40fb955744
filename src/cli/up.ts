/** `kpf up`: the file's forwards, kept up until a signal or the control socket says stop. */
import { chosen, wishFor } from '../control/wish.ts'
import { problemsText } from '../output/problem-text.ts'
import { realClock } from '../system/clock.ts'
import { self } from '../system/processes.ts'
import { approvedFiles, trustCommand } from './approvals.ts'
import { portChooser } from './auto-ports.ts'
import { type Claim, claimProject } from './claim.ts'
import { type Context, isSet, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { placeOf } from './place.ts'
import { openFiles, readFiles } from './project-file.ts'
import { protectedGuard } from './protected.ts'
import { outputForm, render } from './renderer.ts'
import { runUntilStopped } from './run.ts'
import { RunningProject, type Start } from './running.ts'
import { watchFiles } from './watch-files.ts'
import { whereText } from './where.ts'
import { buildWorld } from './world.ts'

/** The first connections go before. */
const SERVE_AFTER_MS = 100

/** Runs the verb; resolves when everything has stopped. */
export async function up(context: Context): Promise<number> {
  if (outputForm(context) === undefined) {
    context.err(`kpf: up knows no output "${textFlag(context.flags, 'output')}"\n    use auto, plain, jsonl or quiet\n`)
    return exitCodes.usage
  }
  const opened = await openFiles(context, context.words)
  if (opened.kind === 'ended') return opened.code
  const { found, snapshot, approvals } = opened
  const approves = (risks: readonly string[]): boolean => approvals.has(risks)
  const loaded = await approvedFiles(context, opened, async () => (await readFiles(context, found, { names: context.words, known: snapshot, approves })).loaded)
  if (loaded.kind === 'rejected') {
    context.err(`${problemsText(loaded.problems)}\n${loaded.needsApproval ? `approve it with: ${trustCommand(context)}\n` : ''}`)
    return loaded.needsApproval ? exitCodes.approval : exitCodes.usage
  }
  const { project } = loaded
  const unknown = context.words.find((name) => !project.forwards.some((forward) => forward.name === name))
  if (unknown !== undefined) {
    context.err(`kpf: no forward "${unknown}" in ${found.shownAs}\n    it has: ${project.forwards.map(({ name }) => name).join(', ')}\n`)
    return exitCodes.usage
  }
  const guard = await protectedGuard(context, chosen(project, wishFor(context.words)))
  if (guard === undefined) return exitCodes.approval
  const place = await placeOf(context, self().platform)
  const claim: Claim = place ? await claimProject(context, place) : { kind: 'refused', why: 'there is no file' }
  if (claim.kind === 'owned' || claim.kind === 'stuck') {
    context.err(`kpf: ${project.name} already runs (pid ${claim.pid})\n    stop it there\n`)
    return exitCodes.owned
  }
  const choose = portChooser(
    context,
    found.roots.map(({ path }) => path),
  )
  const load: Start['load'] = async (known, names) => {
    await approvals.refresh()
    return guard(await readFiles(context, found, { names, known, approves }))
  }
  return run({ context, found, snapshot, project: await choose(project), place, isDetached: false, load, choose, approvals: approvals.path }, claim)
}

async function run(start: Start, claim: Extract<Claim, { kind: 'held' | 'refused' }>): Promise<number> {
  const { context, found, snapshot, project } = start
  const world = buildWorld(context, { concurrency: project.settings.concurrency })
  const running = new RunningProject(world, start)
  // The kubeconfig is read now or a moment later; only the title waits for it.
  const where = context.terminal.isInteractive ? await whereText(world.clusters, project.forwards) : ''
  const title = [running.name, where, found.shownAs].filter((part) => part !== '').join('  ')
  const renderer = render(world.supervisor, context, title)
  running.begin()
  const control = serve(running, world.supervisor, claim)
  const watching = !found.isWatchable || isSet(context.flags, 'no-watch') ? undefined : watchFiles(world, running, { snapshot, approvals: start.approvals })
  const code = await runUntilStopped(world.supervisor, context, {
    reload: () => void watching?.then(({ source }) => source.changed()),
    hasKeys: renderer.isLive,
    press: renderer.press,
    ending: running.ending,
  })
  await (await watching)?.close()
  await (await control)?.close()
  if (claim.kind === 'held') await claim.release()
  renderer.close()
  return code
}

/** Answers on the control socket; a run in the foreground goes on without it. */
async function serve(running: RunningProject, supervisor: { warn(code: string, message: string): void }, claim: Extract<Claim, { kind: 'held' | 'refused' }>) {
  try {
    // The server is the second largest part that nothing waits for.
    await realClock.sleep(SERVE_AFTER_MS, new AbortController().signal)
    const { serveControl } = await import('../control/server.ts')
    if (claim.kind === 'held') return await serveControl(claim.socket, { clock: realClock, controlled: running, history: running.history })
    supervisor.warn('KPF_CONTROL', `kpf ps and kpf down cannot reach this run: ${claim.why}`)
  } catch (error) {
    supervisor.warn('KPF_CONTROL', `kpf ps and kpf down cannot reach this run: ${error instanceof Error ? error.message : String(error)}`)
  }
  return undefined
}
