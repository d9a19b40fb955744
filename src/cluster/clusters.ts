/**
 * The clusters in use, one for each kubeconfig and context, opened at the first need and
 * shared by all forwards that name it.
 */
import type { Chance } from '../system/chance.ts'
import type { Clock } from '../system/clock.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { Cluster, ClusterAccess, Clusters } from './cluster-api.ts'
import { OpenCluster } from './cluster.ts'
import { kubeconfigPaths, readKubeconfig, resolveContext, type ResolvedContext } from './kubeconfig.ts'
import { proxyInTheWay } from './proxy-check.ts'

/** What clusters need of the machine. */
export interface ClustersParts {
  readonly clock: Clock
  readonly chance: Chance
  readonly readFile: (path: string) => Promise<Buffer>
  readonly parseYaml: (text: string) => unknown
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly userAgent: string
  /** Dials in flight per cluster. */
  readonly concurrency: number
  readonly onWarning: (text: string) => void
}

/** The registry of clusters. */
export function openClusters(parts: ClustersParts): Clusters {
  return new OpenClusters(parts)
}

class OpenClusters implements Clusters {
  readonly #parts: ClustersParts
  readonly #open = new Map<string, Promise<Cluster | Failure>>()
  readonly #files = new Set<string>()

  constructor(parts: ClustersParts) {
    this.#parts = parts
    for (const path of kubeconfigPaths(undefined, parts)) this.#files.add(path)
  }

  get kubeconfigFiles(): readonly string[] {
    return [...this.#files]
  }

  async open(access: ClusterAccess): Promise<Cluster | Failure> {
    const key = JSON.stringify([access.kubeconfig ?? '', access.context ?? ''])
    const opening = this.#open.get(key) ?? this.#make(access)
    this.#open.set(key, opening)
    const cluster = await opening
    // A failure is not kept: the next try looks again.
    if ('code' in cluster && this.#open.get(key) === opening) this.#open.delete(key)
    return cluster
  }

  async refresh(): Promise<void> {
    for (const opening of [...this.#open.values()]) {
      const cluster = await opening
      if ('kick' in cluster) cluster.kick()
    }
  }

  async close(): Promise<void> {
    const all = await Promise.all(this.#open.values())
    this.#open.clear()
    await Promise.all(all.flatMap((cluster) => ('close' in cluster ? [cluster.close()] : [])))
  }

  async #make(access: ClusterAccess): Promise<Cluster | Failure> {
    for (const path of kubeconfigPaths(access.kubeconfig, this.#parts)) this.#files.add(path)
    const config = await readKubeconfig(access.kubeconfig, this.#parts)
    if ('code' in config) return config
    const context = resolveContext(config, access.context)
    if ('code' in context) return context
    const wrong = this.#unusable(context)
    if (wrong) return wrong
    if (context.cluster.skipTLSVerify)
      this.#parts.onWarning(`context "${context.contextName}": the server's certificate is not verified (insecure-skip-tls-verify)`)
    return new OpenCluster(context, this.#parts)
  }

  #unusable(context: ResolvedContext): Failure | undefined {
    const { server, proxyUrl } = context.cluster
    if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
      return failure('KPF_KUBECONFIG', `the server of context "${context.contextName}" is no http or https URL`, {
        hint: 'correct the cluster in the kubeconfig',
      })
    }
    const proxy = proxyUrl !== undefined && proxyUrl !== '' ? 'proxy-url' : proxyInTheWay(new URL(server), this.#parts.env)
    return proxy === undefined
      ? undefined
      : failure(
          'KPF_KUBECONFIG_UNSUPPORTED',
          `the server of context "${context.contextName}" is behind a proxy (${proxy}), which is planned, not in this version`,
          { hint: 'add the server to NO_PROXY if it can be reached directly' },
        )
  }
}
