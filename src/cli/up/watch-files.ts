/** Follows the files of a running project, and its kubeconfigs. */
import type { Snapshot } from '../../file/load.ts'
import { Source } from '../../supervisor/source.ts'
import { realClock } from '../../system/clock.ts'
import { readAgain } from '../file/project-file.ts'
import type { RunningProject } from './running.ts'
import type { World } from '../world.ts'

/** What watches, until it is closed. */
export interface Watching {
  readonly source: Source
  close(): Promise<void>
}

/** Applies edits of the files, and hears of edits of the kubeconfig. */
export async function watchFiles(
  { supervisor, clusters }: World,
  running: RunningProject,
  { snapshot, approvals }: { readonly snapshot: Snapshot; readonly approvals: string },
): Promise<Watching> {
  // Read after the first dial is on its way: the watcher is the largest part that nothing waits for.
  const { fileWatcher } = await import('../../system/watching.ts')
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
      load: (known) => running.load(known),
      debounceMs: () => running.debounceMs,
      good: (project, read) => running.good(project, read),
      bad: (problems) => running.bad(problems),
      watched: (paths) => {
        void files.close()
        files = follow(paths)
      },
    },
    snapshot,
  )
  let files = follow([...snapshot.keys()])
  running.whenRead((read) => source.adopt(read))
  // What was rejected may have been approved meanwhile.
  const approved = watcher.watch([approvals], () => source.changed())
  const kubeconfigs = watcher.watch(clusters.kubeconfigFiles, () => {
    running.kubeconfigsRead()
    void clusters.refresh().then(() => supervisor.kick())
  })
  return {
    source,
    async close() {
      await Promise.all([files.close(), approved.close(), kubeconfigs.close(), source.close()])
    },
  }
}
