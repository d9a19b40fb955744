/**
 * A forward's hold on its cluster: opened, asked again while it cannot be, opened anew
 * when the kubeconfig means another one, and watched for one target.
 *
 * It knows nothing of pods: whoever is told a picture makes of it what it will.
 */
import type { Cluster, Clusters } from '../cluster/cluster-api.ts'
import type { Picture } from '../cluster/picture.ts'
import type { Forward } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { Place } from './events.ts'

/** What a link needs, and whom it tells. */
export interface ClusterLinkParts {
  readonly clock: Clock
  readonly clusters: Clusters
  /** The cluster, its gate or the reason for having none has changed. */
  readonly changed: () => void
  readonly pictured: (picture: Picture) => void
}

const OPEN_AGAIN_MS = [5_000, 15_000, 60_000] as const

/** The way to one target's cluster, until it is closed. */
export class ClusterLink {
  readonly #spec: Forward
  readonly #parts: ClusterLinkParts
  readonly #closed = new AbortController()
  /** Ends the wait for the next try. */
  #waiting = new AbortController()
  #isOpening = false
  #failures = 0
  #cluster: Cluster | undefined
  /** That is watched in. */
  #namespace = ''
  #failure: Failure | undefined
  #ends: (() => void)[] = []

  constructor(spec: Forward, parts: ClusterLinkParts) {
    this.#spec = spec
    this.#parts = parts
  }

  get cluster(): Cluster | undefined {
    return this.#cluster
  }

  /** Where it leads: what the file leaves open the kubeconfig says. */
  get place(): Place | undefined {
    if (this.#cluster === undefined) return undefined
    return { context: this.#cluster.contextName, namespace: this.#namespace }
  }

  /** What the file leaves open is the context's, and may change with it. */
  #namespaceIn(cluster: Cluster): string {
    return this.#spec.access.namespace ?? cluster.namespace
  }

  /** Why there is no cluster. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  start(): void {
    void this.#open()
  }

  /** Tries now what waits; a kubeconfig that has changed may name another cluster. */
  kick(): void {
    this.#cluster?.kick()
    void this.#open()
  }

  close(): void {
    this.#closed.abort()
    this.#waiting.abort()
    this.#unfollow()
  }

  async #open(): Promise<void> {
    if (this.#isOpening || this.#closed.signal.aborted) return
    this.#isOpening = true
    this.#waiting.abort()
    const { access } = this.#spec
    const cluster = await this.#parts.clusters.open(access)
    this.#isOpening = false
    if (this.#closed.signal.aborted || (cluster === this.#cluster && this.#namespaceIn(cluster) === this.#namespace)) return
    if (!('code' in cluster)) return this.#follow(cluster)
    // A kubeconfig that cannot be read for a moment takes no cluster away; one that means another server does.
    if (this.#cluster && cluster.code !== 'KPF_CLUSTER_UNEXPECTED') return
    if (this.#cluster) this.#parts.pictured({ kind: 'unknown' })
    this.#unfollow()
    this.#cluster = undefined
    this.#failure = cluster
    const waitMs = OPEN_AGAIN_MS[Math.min(this.#failures++, OPEN_AGAIN_MS.length - 1)] ?? 60_000
    void this.#later(waitMs)
    this.#parts.changed()
  }

  async #later(waitMs: number): Promise<void> {
    this.#waiting = new AbortController()
    if (await this.#parts.clock.sleep(waitMs, this.#waiting.signal)) void this.#open()
  }

  #follow(cluster: Cluster): void {
    this.#unfollow()
    // What another cluster has shown is not true of this one.
    if (this.#cluster) this.#parts.pictured({ kind: 'unknown' })
    this.#failure = undefined
    this.#failures = 0
    this.#cluster = cluster
    this.#ends.push(cluster.gate.onChange(this.#parts.changed))
    const namespace = this.#namespaceIn(cluster)
    this.#namespace = namespace
    const { target } = this.#spec
    const subscription = cluster.watchTarget({ namespace, target, willDial: true }, (picture) => {
      // A watch that is being closed may still have something to say.
      if (this.#cluster === cluster && this.#namespace === namespace && !this.#closed.signal.aborted) this.#parts.pictured(picture)
    })
    this.#ends.push(() => subscription.close())
    this.#parts.changed()
  }

  #unfollow(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}
