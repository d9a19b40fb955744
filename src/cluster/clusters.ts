/**
 * The clusters in use, one for each kubeconfig and context, opened at the first need and
 * shared by all forwards that name it.
 */
import { delimiter } from 'node:path'
import type { Chance } from '../system/chance.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { Cluster, ClusterAccess, Clusters } from './cluster-api.ts'
import { OpenCluster } from './cluster.ts'
import type { Terminal } from './exec-source.ts'
import { unexpected } from './expected.ts'
import { readKubeconfig, resolveContext, type ResolvedContext } from './kubeconfig.ts'
import { kubeconfigPaths } from './kubeconfig-paths.ts'
import { type OidcParts, OidcUsers } from './oidc.ts'
import { proxyFor } from './proxy-choice.ts'

/** A name, and the variable that has set it. */
export interface Origin {
  readonly value: string
  readonly variable: string
}

/** Of the names that may come from elsewhere. */
export interface Origins {
  readonly kubeconfig?: Origin | undefined
  readonly context?: Origin | undefined
}

/** What clusters need of the machine. */
export interface ClustersParts extends OidcParts {
  readonly chance: Chance
  readonly home: string
  readonly userAgent: string
  /** Dials in flight per cluster. */
  readonly concurrency: number
  /** Names of accesses that nobody wrote: what has set each, to be told when it is wrong. */
  readonly origins?: Origins
  /** For plugins that talk to a person; absent where nobody is there. */
  readonly terminal?: Terminal | undefined
}

/** The registry of clusters. */
export function openClusters(parts: ClustersParts): Clusters {
  return new OpenClusters(parts)
}

class OpenClusters implements Clusters {
  readonly #parts: ClustersParts
  /** By identity: two names of one context are one cluster. */
  readonly #open = new Map<string, OpenCluster>()
  /** Of a context that means another server or user now: its forwards have it until they open anew. */
  readonly #outdated = new Set<OpenCluster>()
  /** What each access was found to be; forgotten by a refresh. */
  readonly #found = new Map<string, Promise<OpenCluster | Failure>>()
  readonly #accesses = new Map<string, ClusterAccess>()
  readonly #files = new Set<string>()
  readonly #oidc: OidcUsers

  constructor(parts: ClustersParts) {
    this.#parts = parts
    this.#oidc = new OidcUsers(parts)
    for (const path of kubeconfigPaths(undefined, parts)) this.#files.add(path)
  }

  get kubeconfigFiles(): readonly string[] {
    return [...this.#files]
  }

  filesOf({ kubeconfig }: Pick<ClusterAccess, 'kubeconfig'>): readonly string[] {
    return kubeconfigPaths(kubeconfig, this.#parts)
  }

  async open(access: ClusterAccess): Promise<Cluster | Failure> {
    const opened = await this.#opened(access)
    if ('code' in opened) return opened
    return unexpected({ contextName: opened.contextName, server: opened.url }, access.expectServer) ?? opened
  }

  async #opened(access: ClusterAccess): Promise<OpenCluster | Failure> {
    const name = JSON.stringify([access.kubeconfig, access.context, access.as, access.asGroups])
    const finding = this.#found.get(name) ?? this.#find(access)
    this.#found.set(name, finding)
    this.#accesses.set(name, access)
    const cluster = await finding
    // A failure is not kept: the next try looks again.
    if ('code' in cluster && this.#found.get(name) === finding) this.#found.delete(name)
    return cluster
  }

  async refresh(): Promise<void> {
    this.#found.clear()
    const before = [...this.#open.values()]
    const current = new Set(await Promise.all([...this.#accesses.values()].map((access) => this.#opened(access))))
    for (const cluster of before) {
      // A file that cannot be read for a moment takes no cluster away.
      if (!current.has(cluster) && ![...current].some((found) => 'code' in found)) this.#outdate(cluster)
      cluster.kick()
    }
  }

  async close(): Promise<void> {
    this.#oidc.close()
    await Promise.all(this.#found.values())
    const all = [...this.#open.values(), ...this.#outdated]
    this.#found.clear()
    this.#open.clear()
    this.#outdated.clear()
    await Promise.all(all.map((cluster) => cluster.close()))
  }

  #outdate(cluster: OpenCluster): void {
    this.#open.delete(cluster.key)
    this.#outdated.add(cluster)
  }

  async #find(access: ClusterAccess): Promise<OpenCluster | Failure> {
    for (const path of this.filesOf(access)) this.#files.add(path)
    const config = await readKubeconfig(access.kubeconfig, this.#parts)
    if ('code' in config) return this.#withOrigin(config, 'kubeconfig', access)
    const context = resolveContext(config, access)
    if ('code' in context) return context.code === 'KPF_CONTEXT_UNKNOWN' ? this.#withOrigin(context, 'context', access) : context
    const wrong = this.#unusable(context)
    if (wrong) return wrong
    const { contextName, cluster: server, user, impersonate } = context
    const key = [config.files.join(delimiter), contextName, server.server, user.name, ...(impersonate ? [JSON.stringify(impersonate)] : [])].join(' ')
    const known = this.#open.get(key)
    if (known) {
      known.update(context)
      return known
    }
    if (context.cluster.skipTLSVerify)
      this.#parts.onWarning(`context "${context.contextName}": the server's certificate is not verified (insecure-skip-tls-verify)`)
    const cluster = new OpenCluster(context, key, { ...this.#parts, oidc: this.#oidc })
    this.#open.set(key, cluster)
    return cluster
  }

  /** Whoever reads of a wrong name looks for where it is written. */
  #withOrigin(wrong: Failure, what: keyof Origins, access: ClusterAccess): Failure {
    const origin = this.#parts.origins?.[what]
    if (origin === undefined || access[what] !== origin.value) return wrong
    return { ...wrong, hint: [wrong.hint ?? '', `it is set by ${origin.variable}`].filter((part) => part !== '').join('; ') }
  }

  #unusable(context: ResolvedContext): Failure | undefined {
    const { server, proxyUrl } = context.cluster
    if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
      return failure('KPF_KUBECONFIG', `the server of context "${context.contextName}" is no http or https URL`, {
        hint: 'correct the cluster in the kubeconfig',
      })
    }
    const { caData } = context.cluster
    if (caData && !Buffer.from(caData, 'base64').toString('latin1').includes('-----BEGIN CERTIFICATE-----'))
      return failure(
        'KPF_KUBECONFIG',
        `the certificate-authority-data of context "${context.contextName}" holds no certificate: it is the base64 of a PEM file`,
        {
          hint: 'fetch the kubeconfig again',
        },
      )
    const proxy = proxyFor(new URL(server), proxyUrl, this.#parts.env)
    return proxy !== undefined && 'code' in proxy ? proxy : undefined
  }
}
