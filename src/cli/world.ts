/** Composes the parts of a running kpf: the one place where everything meets. */
import { openClusters, type Origin, type Origins } from '../cluster/clusters.ts'
import type { Clusters } from '../cluster/cluster-api.ts'
import { editYaml } from '../file/yaml-edit.ts'
import { readYaml } from '../file/yaml-values.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import { realChance } from '../system/chance.ts'
import { realClock } from '../system/clock.ts'
import { editFile } from '../system/edit-file.ts'
import { MAX_KUBECONFIG_BYTES } from '../cluster/kubeconfig-paths.ts'
import { bytesOf } from '../system/files.ts'
import { findHolder } from '../system/holder.ts'
import { maxConnections } from '../system/limits.ts'
import { type Context, isSet, textFlag } from './context.ts'
import { flagsOf } from './file/project-file.ts'

/** A supervisor and what it stands on. */
export interface World {
  readonly supervisor: Supervisor
  readonly clusters: Clusters
}

/** Builds a supervisor; nothing is started. */
export function buildWorld(context: Context, options: { concurrency: number; oneAddressIsEnough?: boolean }): World {
  const clusters = clustersFor(context, options.concurrency, (text) => supervisor.warn('KPF_CLUSTER', text))
  const supervisor = new Supervisor({ clock: realClock, chance: realChance, clusters, findHolder, maxConnections: maxConnections(), ...options })
  return { supervisor, clusters }
}

/** The line of `kpf` alone about the context in use. */
export async function contextInUse(context: Context): Promise<string> {
  const clusters = clustersFor(context, 1, () => {})
  const access = flagsOf(context)
  const cluster = await clusters.open(access)
  const [file = ''] = clusters.filesOf(access)
  await clusters.close()
  if ('code' in cluster) return `No cluster in use: ${cluster.message}`
  return `Using context ${cluster.contextName}, namespace ${cluster.namespace} (${file.startsWith(context.home) ? `~${file.slice(context.home.length)}` : file})`
}

/** Clusters as this command line sees them; to be closed by the caller. */
export function clustersFor(context: Context, concurrency: number, onWarning: (text: string) => void): Clusters {
  return openClusters({
    clock: realClock,
    chance: realChance,
    readFile: (path) => bytesOf(path, MAX_KUBECONFIG_BYTES),
    env: context.env,
    home: context.home,
    userAgent: `kpf/${context.version}`,
    parseYaml: readYaml,
    editYaml,
    editFile,
    terminal: context.terminal.canAsk && !isSet(context.flags, 'no-input') ? context.screen : undefined,
    concurrency,
    onWarning,
    origins: { kubeconfig: originOf(context, 'kubeconfig'), context: originOf(context, 'context') },
  })
}

function originOf({ flags, sources }: Context, name: keyof Origins): Origin | undefined {
  const [value, variable] = [textFlag(flags, name), sources[name]]
  return value === undefined || variable === undefined ? undefined : { value, variable }
}
