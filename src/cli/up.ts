/** `kpf up`: the file's forwards, kept up until a signal says stop. */
import type { Project } from '../file/forward.ts'
import type { Snapshot } from '../file/load.ts'
import { problemsText } from '../output/problem-text.ts'
import { Source, type SourceParts } from '../supervisor/source.ts'
import { realClock } from '../system/clock.ts'
import { type PortChooser, portChooser } from './auto-ports.ts'
import { approvedFiles, trustCommand } from './approvals.ts'
import { protectedGuard } from './protected.ts'
import { type Context, isSet, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { type FoundFiles, openFiles, readAgain, readFiles } from './project-file.ts'
import { outputForm, render } from './renderer.ts'
import { runUntilStopped } from './run.ts'
import { whereText } from './where.ts'
import { buildWorld, type World } from './world.ts'

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
  const unknown = context.words.find((name) => !loaded.project.forwards.some((forward) => forward.name === name))
  if (unknown !== undefined) {
    context.err(`kpf: no forward "${unknown}" in ${found.shownAs}\n    it has: ${loaded.project.forwards.map(({ name }) => name).join(', ')}\n`)
    return exitCodes.usage
  }
  const guard = await protectedGuard(context, selected(loaded.project, context.words))
  if (guard === undefined) return exitCodes.approval
  const choose = await portChooser(
    context,
    found.roots.map(({ path }) => path),
  )
  const project = await choose(selected(loaded.project, context.words))
  const again: SourceParts['load'] = async (known) => guard(await readFiles(context, found, { names: context.words, known, approves }))
  const world = buildWorld(context, { concurrency: loaded.project.settings.concurrency })
  return run(world, project, { context, found, snapshot, choose, load: again })
}

/** What a run began with. */
interface Start {
  readonly context: Context
  readonly found: FoundFiles
  readonly snapshot: Snapshot
  /** The files again, as far as this run may have them. */
  readonly load: SourceParts['load']
  readonly choose: PortChooser
}

async function run(world: World, project: Project, start: Start): Promise<number> {
  const { context, found } = start
  const { supervisor } = world
  const name = textFlag(context.flags, 'project-name') ?? project.name
  // The kubeconfig is read now or a moment later; only the title waits for it.
  const where = context.terminal.isInteractive ? await whereText(world.clusters, project.forwards) : ''
  const title = [name, where, found.shownAs].filter((part) => part !== '').join('  ')
  const renderer = render(supervisor, context, title)
  supervisor.apply(project, found.shownAs)
  const watching = !found.isWatchable || isSet(context.flags, 'no-watch') ? undefined : watchFiles(world, project, start)
  const code = await runUntilStopped(supervisor, context, { reload: () => void watching?.then(({ source }) => source.changed()), hasKeys: renderer.isLive })
  await (await watching)?.close()
  renderer.close()
  return code
}

/** Applies edits of the files, and hears of edits of the kubeconfig. */
async function watchFiles(
  world: World,
  first: Project,
  { found, context, snapshot, load, choose }: Start,
): Promise<{ source: Source; close(): Promise<void> }> {
  // Read after the first dial is on its way: the watcher is the largest part that nothing waits for.
  const { fileWatcher } = await import('../system/watching.ts')
  const { supervisor, clusters } = world
  let project = first
  const watcher = fileWatcher(realClock, (text) => supervisor.warn('KPF_WATCH', text))
  const follow = (paths: readonly string[]): { close(): Promise<void> } =>
    watcher.watch(
      paths.filter((path) => path !== '-'),
      () => source.changed(),
    )
  const source = new Source(
    {
      clock: realClock,
      read: (paths) => readAgain(paths, snapshot),
      load,
      debounceMs: () => project.settings.watchDebounceMs,
      good: async (next) => {
        project = await choose(selected(next, context.words))
        supervisor.apply(project, found.shownAs)
      },
      bad: (problems) => supervisor.reject(found.shownAs, problems),
      watched: (paths) => {
        void files.close()
        files = follow(paths)
      },
    },
    snapshot,
  )
  let files = follow([...snapshot.keys()])
  const kubeconfigs = watcher.watch(clusters.kubeconfigFiles, () => void clusters.refresh().then(() => supervisor.kick()))
  return {
    source,
    async close() {
      await Promise.all([files.close(), kubeconfigs.close(), source.close()])
    },
  }
}

/** The forwards that were named; all when none was. */
function selected(project: Project, names: readonly string[]): Project {
  return names.length === 0 ? project : { ...project, forwards: project.forwards.filter(({ name }) => names.includes(name)) }
}
