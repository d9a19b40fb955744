/**
 * Follows a forward's target: from the cluster to the object, its pods, the pod in use
 * and the lane to it; and moves on to the next pod before the old one ends.
 *
 * It never dials (the pool does) and never sees a connection: it answers one question,
 * {@link Follower.route}: where would a new connection go now?
 */
import type { Cluster, Clusters } from '../cluster/cluster-api.ts'
import { pick, type Picked } from '../cluster/pick.ts'
import type { Picture } from '../cluster/picture.ts'
import type { Forward, PortMapping } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { LaneFacts } from '../tunnel/pool.ts'
import type { Route } from './connection.ts'
import type { ForwardFacts } from './describe.ts'
import type { PodName } from './events.ts'
import { GONE_MARK_MS, GonePods } from './gone-pods.ts'
import type { PoolLease, Pools } from './pools.ts'
import { type Backend, nameOf, seenPod, targetFacts } from './target-facts.ts'

/** What a follower needs, and whom it tells. */
export interface FollowerParts {
  readonly clock: Clock
  readonly clusters: Clusters
  readonly pools: Pools
  /** Anything `facts` or `route` rest on has changed. */
  readonly changed: () => void
  /** New connections go to another pod; those on `oldRoute` are to drain. */
  readonly moved: (from: PodName, to: PodName, oldRoute: string) => void
  readonly warn: (failure: Failure) => void
}

interface Serving {
  backend: Backend
  readonly lease: PoolLease
}

/** A terminating pod's process may be gone before its lane tells: new connections wait so long for the next pod. */
const NEXT_POD_WAIT_MS = 1_000
/** A pod that is unready for a moment keeps its connections. */
const UNREADY_GRACE_MS = 2_000
const OPEN_AGAIN_MS = [5_000, 15_000, 60_000] as const

/** One target's way to a pod. */
export class Follower {
  readonly #spec: Forward
  readonly #parts: FollowerParts
  readonly #closed = new AbortController()
  readonly #gone: GonePods
  #cluster: Cluster | undefined
  #clusterFailure: Failure | undefined
  #opening = false
  #opens = 0
  #picture: Picture = { kind: 'unknown' }
  #picked: Picked | undefined
  #current: Serving | undefined
  #next: Serving | undefined
  #leavingSinceMs: number | undefined
  #unreadySinceMs: number | undefined
  #wasOpen = false
  #ends: (() => void)[] = []

  constructor(spec: Forward, parts: FollowerParts) {
    this.#spec = spec
    this.#parts = parts
    this.#gone = new GonePods(parts.clock)
  }

  /** Starts with the cluster; everything else follows. */
  start(): void {
    void this.#open()
  }

  get facts(): Pick<ForwardFacts, 'clusterFailure' | 'gate' | 'target' | 'lane' | 'switching' | 'wasOpen'> {
    const closedFor = this.#cluster?.gate.closedFor
    return {
      clusterFailure: this.#clusterFailure,
      gate: closedFor && { failure: closedFor.failure, nextTryMs: closedFor.nextTryMs },
      target: targetFacts({ backend: this.#current?.backend, picked: this.#picked, picture: this.#picture, requireReady: this.#spec.requireReady }),
      lane: this.#current?.lease.pool.facts,
      switching: this.#next !== undefined,
      wasOpen: this.#wasOpen,
    }
  }

  /** The pod's number of a mapping's remote port, once a pod is picked. */
  podPort(mapping: PortMapping): number | undefined {
    return this.#current?.backend.ports.get(mapping.remotePort)
  }

  /** Where a new connection goes now; undefined while there is nowhere. */
  route(mapping: PortMapping): Route | undefined {
    const serving = this.#current
    if (serving === undefined || !isOpen(serving.lease.pool.facts)) return undefined
    if (this.#waitsForNext()) return undefined
    const port = serving.backend.ports.get(mapping.remotePort)
    if (port === undefined) return undefined
    const { lease } = serving
    return { key: lease.key, open: (early, sink) => lease.pool.openStream(port, early, sink) }
  }

  /** A stream's answer says that its pod is no more: another is picked, whatever the watch says so far. */
  podGone(routeKey: string): void {
    if (this.#current?.lease.key !== routeKey) return
    this.#markGone(this.#current)
    this.#repick()
  }

  /** The pod behind a route is on its way out: a refusal of it says nothing about the program. */
  isLeaving(routeKey: string): boolean {
    return this.#current?.lease.key !== routeKey || this.#leavingSinceMs !== undefined
  }

  /** Tries now what waits. */
  kick(): void {
    this.#cluster?.kick()
    this.#current?.lease.pool.kick()
    this.#next?.lease.pool.kick()
    if (this.#clusterFailure) void this.#open()
  }

  /** Ends the following; streams that are open finish or are reset by their owners. */
  close(): void {
    this.#closed.abort()
    for (const end of this.#ends.splice(0)) end()
    this.#current?.lease.release()
    this.#next?.lease.release()
    this.#current = this.#next = undefined
  }

  async #open(): Promise<void> {
    if (this.#opening || this.#cluster) return
    this.#opening = true
    const cluster = await this.#parts.clusters.open(this.#spec.access)
    this.#opening = false
    if (this.#closed.signal.aborted) return
    if ('code' in cluster) {
      this.#clusterFailure = cluster
      this.#parts.changed()
      const waitMs = OPEN_AGAIN_MS[Math.min(this.#opens++, OPEN_AGAIN_MS.length - 1)] ?? 60_000
      if (await this.#parts.clock.sleep(waitMs, this.#closed.signal)) void this.#open()
      return
    }
    this.#clusterFailure = undefined
    this.#cluster = cluster
    const namespace = this.#spec.access.namespace ?? cluster.namespace
    this.#ends.push(cluster.gate.onChange(() => this.#parts.changed()))
    const subscription = cluster.watchTarget({ namespace, target: this.#spec.target }, (picture) => {
      this.#picture = picture
      this.#repick()
    })
    this.#ends.push(() => subscription.close())
    this.#parts.changed()
  }

  #repick(): void {
    if (this.#closed.signal.aborted) return
    const current = this.#current
    const picked = pick({ ...this.#query(), ...(current && { currentUid: current.backend.pod.uid }) }, this.#gone.hideIn(this.#picture))
    this.#picked = picked
    if (picked.kind === 'backend') this.#chosen(picked)
    else this.#noneChosen()
    this.#parts.changed()
  }

  #chosen(backend: Backend): void {
    const current = this.#current
    if (current === undefined) {
      this.#current = this.#lease(backend)
    } else if (current.backend.pod.uid === backend.pod.uid) {
      current.backend = backend
      this.#dropNext()
      this.#leavingSinceMs = backend.leaving ? (this.#leavingSinceMs ?? this.#parts.clock.now()) : undefined
      this.#unreadySinceMs = undefined
    } else if (this.#isUnreadyForAMoment(current)) {
      this.#dropNext()
    } else {
      this.#moveTo(backend, current)
    }
  }

  #moveTo(backend: Backend, current: Serving): void {
    const pod = seenPod(this.#picture, current.backend)
    if (pod === undefined || pod.terminating) this.#startLeaving()
    const isNext = this.#next?.backend.pod.uid === backend.pod.uid
    if (this.#next && isNext) this.#next.backend = backend
    else this.#dropNext()
    const next = this.#next ?? this.#lease(backend)
    this.#next = next
    // A lane that is lost has nothing to keep; one that is open serves on until the next one is.
    if (!isOpen(current.lease.pool.facts) || isOpen(next.lease.pool.facts)) this.#adopt(next)
  }

  #noneChosen(): void {
    this.#dropNext()
    const current = this.#current
    if (current === undefined) return
    const pod = seenPod(this.#picture, current.backend)
    if (pod !== undefined && pod.phase === 'Running') return
    if (this.#picture.kind !== 'seen') return
    current.lease.release()
    this.#current = undefined
    this.#leavingSinceMs = undefined
  }

  /** New connections go to `serving` from now on. */
  #adopt(serving: Serving): void {
    const old = this.#current
    if (serving === this.#next) this.#next = undefined
    this.#current = serving
    this.#leavingSinceMs = this.#unreadySinceMs = undefined
    if (old && old !== serving) {
      // A pod that was never reached had nothing to move.
      if (this.#wasOpen) this.#parts.moved(nameOf(old.backend), nameOf(serving.backend), old.lease.key)
      old.lease.release()
    }
  }

  #lease(backend: Backend): Serving {
    const cluster = this.#cluster
    if (cluster === undefined) throw new TypeError('a pod is picked from a cluster that is open')
    // The pool may tell before it is ours: the lease is looked up by its key.
    const lease = this.#parts.pools.lease(cluster, backend.pod, this.#spec, {
      changed: (facts) => this.#laneChanged(backend.pod.uid, facts),
      warn: this.#parts.warn,
    })
    lease.pool.want()
    return { backend, lease }
  }

  #laneChanged(uid: string, facts: LaneFacts): void {
    if (this.#closed.signal.aborted) return
    const next = this.#next
    if (facts.state === 'gone') {
      for (const serving of [this.#current, next]) if (serving?.backend.pod.uid === uid) this.#markGone(serving)
      return this.#repick()
    }
    if (next?.backend.pod.uid === uid && isOpen(facts)) this.#adopt(next)
    if (this.#current?.backend.pod.uid === uid) {
      if (isOpen(facts)) this.#wasOpen = true
      // A lost lane has nothing to keep: the next pod need not be open first.
      else if (next && facts.state !== 'dialing') this.#adopt(next)
    }
    this.#parts.changed()
  }

  #markGone(serving: Serving): void {
    this.#gone.mark(serving.backend.pod.uid)
    if (serving === this.#current) this.#current = undefined
    if (serving === this.#next) this.#next = undefined
    serving.lease.release()
    void this.#later(GONE_MARK_MS, () => this.#repick())
  }

  #startLeaving(): void {
    if (this.#leavingSinceMs !== undefined) return
    this.#leavingSinceMs = this.#parts.clock.now()
    void this.#later(NEXT_POD_WAIT_MS, this.#parts.changed)
  }

  #waitsForNext(): boolean {
    if (this.#leavingSinceMs === undefined || this.#next === undefined) return false
    return this.#parts.clock.now() - this.#leavingSinceMs < NEXT_POD_WAIT_MS
  }

  #isUnreadyForAMoment(current: Serving): boolean {
    const pod = seenPod(this.#picture, current.backend)
    if (pod === undefined || pod.terminating || pod.phase !== 'Running' || !isOpen(current.lease.pool.facts)) return false
    const now = this.#parts.clock.now()
    if (this.#unreadySinceMs === undefined) {
      this.#unreadySinceMs = now
      void this.#later(UNREADY_GRACE_MS, () => this.#repick())
    }
    return now - this.#unreadySinceMs < UNREADY_GRACE_MS
  }

  #dropNext(): void {
    this.#next?.lease.release()
    this.#next = undefined
  }

  async #later(ms: number, act: () => void): Promise<void> {
    if (await this.#parts.clock.sleep(ms, this.#closed.signal)) act()
  }

  #query(): Omit<Parameters<typeof pick>[0], 'currentUid'> {
    const { target, ports, requireReady } = this.#spec
    return { target, ports, requireReady }
  }
}

function isOpen(facts: LaneFacts): boolean {
  return facts.state === 'open' || facts.state === 'suspect'
}
