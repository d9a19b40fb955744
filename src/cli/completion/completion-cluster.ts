/**
 * Names of the kubeconfig and of the cluster, for a completion: within 150 ms or not at
 * all, and only with credentials that are there. A plugin is never run for a completion:
 * it may open a browser, and it may take seconds.
 */
import { readKubeconfig, resolveContext } from '../../cluster/kubeconfig.ts'
import { isRecord, record, records } from '../../cluster/kube-object.ts'
import { readYaml } from '../../file/yaml-values.ts'
import { realChance } from '../../system/chance.ts'
import { realClock } from '../../system/clock.ts'
import { MAX_KUBECONFIG_BYTES } from '../../cluster/kubeconfig-paths.ts'
import { bytesOf } from '../../system/files.ts'
import type { Asker } from './completion-answer.ts'
import { portCandidates } from './completion-ports.ts'
import type { Candidate, Offer } from './completion-line.ts'

const LIMIT_MS = 150
const MAX_ITEMS = 250
/** Short and long names of a type, and where its objects are. */
const types: readonly (readonly [readonly string[], string, string])[] = [
  [['svc', 'service', 'services'], '/api/v1', 'services'],
  [['po', 'pod', 'pods'], '/api/v1', 'pods'],
  [['deploy', 'deployment', 'deployments'], '/apis/apps/v1', 'deployments'],
  [['sts', 'statefulset', 'statefulsets'], '/apis/apps/v1', 'statefulsets'],
  [['ds', 'daemonset', 'daemonsets'], '/apis/apps/v1', 'daemonsets'],
  [['rs', 'replicaset', 'replicasets'], '/apis/apps/v1', 'replicasets'],
  [['job', 'jobs'], '/apis/batch/v1', 'jobs'],
]

/** What `kind` may be named here and now; nothing when that takes too long. */
export async function clusterNames(kind: 'context' | 'namespace' | 'target' | 'port', offer: Offer, asker: Asker): Promise<readonly Candidate[]> {
  const flag = (name: string): string | undefined => offer.flags.get(name)?.at(-1) ?? asker.env[`KPF_${name.toUpperCase()}`]
  const named = flag('kubeconfig')
  const { env, home } = asker
  const config = await readKubeconfig(named, { env, home, readFile, parseYaml: readYaml })
  if ('code' in config) return []
  if (kind === 'context') return config.contexts.map(({ name }) => ({ value: name, meaning: name === config.currentContext ? 'the current one' : '' }))
  const wish = { context: flag('context') }
  const resolved = resolveContext(config, wish)
  if ('code' in resolved || resolved.user.exec !== undefined || resolved.user.authProvider !== undefined || resolved.user.unsupported !== undefined) return []
  const path = pathFor(kind, offer, flag('namespace') ?? resolved.namespace)
  if (path === undefined) return []
  const access = { ...(named !== undefined && { kubeconfig: named }), ...(wish.context !== undefined && { context: wish.context }) }
  const items = await ask(path, access, asker)
  if (kind === 'port') return portCandidates(items[0], offer.current)
  const prefix = kind === 'target' ? `${offer.current.split('/')[0]}/` : ''
  return items.flatMap((item) => {
    const { name } = record(item['metadata'])
    return typeof name === 'string' ? [{ value: `${prefix}${name}`, meaning: '' }] : []
  })
}

function pathFor(kind: 'namespace' | 'target' | 'port', offer: Offer, namespace: string): string | undefined {
  if (kind === 'namespace') return `/api/v1/namespaces?limit=${MAX_ITEMS}`
  const target = kind === 'target' ? offer.current : (offer.words[0] ?? '')
  const [type = '', name = ''] = target.split('/')
  const found = types.find(([names]) => names.includes(type))
  if (found === undefined) return undefined
  const query = kind === 'port' ? `fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}` : `limit=${MAX_ITEMS}`
  return `${found[1]}/namespaces/${encodeURIComponent(namespace)}/${found[2]}?${query}`
}

async function ask(
  path: string,
  access: { readonly kubeconfig?: string; readonly context?: string },
  asker: Asker,
): Promise<readonly Record<string, unknown>[]> {
  const { openClusters } = await import('../../cluster/clusters.ts')
  const clusters = openClusters({
    clock: realClock,
    chance: realChance,
    readFile,
    env: asker.env,
    home: asker.home,
    userAgent: `kpf/${asker.version}`,
    parseYaml: readYaml,
    editYaml: (text) => text,
    editFile: () => Promise.reject(new Error('a completion writes nothing')),
    concurrency: 1,
    onWarning: () => {},
  })
  const over = new AbortController()
  const late = realClock.sleep(LIMIT_MS, over.signal).then(() => undefined)
  try {
    const cluster = await Promise.race([clusters.open(access), late])
    if (cluster === undefined || 'code' in cluster) return []
    const answer = await Promise.race([cluster.request({ method: 'GET', path, signal: over.signal }), late])
    return answer === undefined || 'code' in answer ? [] : records(answer.value['items']).filter(isRecord)
  } finally {
    over.abort()
    await clusters.close()
  }
}

function readFile(path: string): Promise<Buffer> {
  return bytesOf(path, MAX_KUBECONFIG_BYTES)
}
