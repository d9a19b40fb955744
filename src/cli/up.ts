/** `kpf up`: the file's forwards, kept up until a signal says stop. */
import { load, loadBytes, type Loaded } from '../file/load.ts'
import type { Project } from '../file/forward.ts'
import { limits } from '../file/limits.ts'
import { problemsText } from '../output/problem-text.ts'
import { Source } from '../supervisor/source.ts'
import { realClock } from '../system/clock.ts'
import { realFiles } from '../system/files.ts'
import { type Context, isSet, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import type { FoundFile } from './find-file.ts'
import { flagsOf, NO_FILE, readAll, theFile } from './project-file.ts'
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
  const found = await theFile(context)
  if (found === undefined) {
    context.err(NO_FILE)
    return exitCodes.usage
  }
  const bytes = found.path === '-' ? await readAll(context.stdin()) : await bytesOf(found.path)
  const loaded = await read(found, bytes, context)
  if (loaded.kind === 'rejected') {
    context.err(`${problemsText(loaded.problems)}\n`)
    return loaded.needsApproval ? exitCodes.approval : exitCodes.usage
  }
  const unknown = context.words.find((name) => !loaded.project.forwards.some((forward) => forward.name === name))
  if (unknown !== undefined) {
    context.err(`kpf: no forward "${unknown}" in ${found.shownAs}\n    it has: ${loaded.project.forwards.map(({ name }) => name).join(', ')}\n`)
    return exitCodes.usage
  }
  const world = buildWorld(context, { concurrency: loaded.project.settings.concurrency })
  return run(world, loaded.project, { context, found, bytes })
}

async function run(
  world: World,
  project: Project,
  { context, found, bytes }: { context: Context; found: FoundFile; bytes: Uint8Array | undefined },
): Promise<number> {
  const { supervisor } = world
  const name = textFlag(context.flags, 'project-name') ?? project.name
  // The kubeconfig is read now or a moment later; only the title waits for it.
  const where = context.terminal.isInteractive ? await whereText(world.clusters, project.forwards) : ''
  const title = [name, where, found.shownAs].filter((part) => part !== '').join('  ')
  const renderer = render(supervisor, context, title)
  supervisor.apply(selected(project, context.words), found.shownAs)
  const watching = found.path === '-' || isSet(context.flags, 'no-watch') ? undefined : watchFile(world, project, { context, found, bytes })
  const code = await runUntilStopped(supervisor, context, { reload: () => void watching?.then(({ source }) => source.changed()), hasKeys: renderer.isLive })
  await (await watching)?.close()
  renderer.close()
  return code
}

/** Applies edits of the file, and hears of edits of the kubeconfig. */
async function watchFile(
  world: World,
  first: Project,
  { context, found, bytes }: { context: Context; found: FoundFile; bytes: Uint8Array | undefined },
): Promise<{ source: Source; close(): Promise<void> }> {
  // Read after the first dial is on its way: the watcher is the largest part that nothing waits for.
  const { fileWatcher } = await import('../system/watching.ts')
  const { supervisor, clusters } = world
  let project = first
  const source = new Source(
    {
      clock: realClock,
      readBytes: () => bytesOf(found.path),
      load: (now) => read(found, now, context),
      debounceMs: () => project.settings.watchDebounceMs,
      good: (next) => {
        project = next
        supervisor.apply(selected(next, context.words), found.shownAs)
      },
      bad: (problems) => supervisor.reject(found.shownAs, problems),
    },
    bytes,
  )
  const watcher = fileWatcher(realClock, (text) => supervisor.warn('KPF_WATCH', text))
  const file = watcher.watch([found.path], () => source.changed())
  const kubeconfigs = watcher.watch(clusters.kubeconfigFiles, () => void clusters.refresh().then(() => supervisor.kick()))
  return {
    source,
    async close() {
      await Promise.all([file.close(), kubeconfigs.close(), source.close()])
    },
  }
}

/** The forwards that were named; all when none was. Naming one starts it even when it is disabled. */
function selected(project: Project, names: readonly string[]): Project {
  if (names.length === 0) return project
  return { ...project, forwards: project.forwards.filter(({ name }) => names.includes(name)).map((forward) => ({ ...forward, enabled: true })) }
}

async function read(found: FoundFile, bytes: Uint8Array | undefined, context: Context): Promise<Loaded> {
  const flags = flagsOf(context)
  if (found.path === '-') return loadBytes('stdin', bytes ?? new Uint8Array(), { directory: context.cwd, flags })
  // Without bytes the loader finds out why there are none.
  return load(found.path, { files: realFiles, flags, shownAs: found.shownAs, looksForOverride: !found.isNamed, bytes })
}

async function bytesOf(path: string): Promise<Uint8Array | undefined> {
  const read = await realFiles.read(path, limits.bytes)
  return read.kind === 'read' ? read.bytes : undefined
}
