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
import { ClusterLink } from './cluster-link.ts'
import type { Route } from './connection.ts'
import type { Move } from './events.ts'
import { GONE_MARK_MS, GonePods } from './gone-pods.ts'
import type { PoolLease, Pools } from './pools.ts'
import { type Backend, type FollowedFacts, isBack, isGone, isOpen, moveOf, placeOf, seenPod, targetFacts } from './target-facts.ts'

/** What a follower needs, and whom it tells. */
export interface FollowerParts {
  readonly clock: Clock
  readonly clusters: Clusters
  readonly pools: Pools
  /** Anything `facts` or `route` rest on has changed. */
  readonly changed: () => void
  /** New connections go elsewhere; those on `oldRoute` are to drain. */
  readonly moved: (move: Move, oldRoute: string) => void
  readonly warn: (failure: Failure) => void
}

interface Serving {
  backend: Backend
  readonly cluster: Cluster
  readonly lease: PoolLease
}

/** A terminating pod's process may be gone before its lane tells: new connections wait so long for the next pod. */
const NEXT_POD_WAIT_MS = 1_000
/** A pod that is unready for a moment keeps its connections. */
const UNREADY_GRACE_MS = 2_000

/** One target's way to a pod. */
export class Follower {
  #spec: Forward
  readonly #parts: FollowerParts
  readonly #closed = new AbortController()
  readonly #gone: GonePods
  readonly #link: ClusterLink
  #picture: Picture = { kind: 'unknown' }
  #picked: Picked | undefined
  #current: Serving | undefined
  #next: Serving | undefined
  #leavingSinceMs: number | undefined
  #unreadySinceMs: number | undefined
  #wasOpen = false

  constructor(spec: Forward, parts: FollowerParts) {
    this.#spec = spec
    this.#parts = parts
    this.#gone = new GonePods(parts.clock)
    this.#link = new ClusterLink(spec, {
      clock: parts.clock,
      clusters: parts.clusters,
      changed: () => this.#changed(),
      pictured: (picture) => {
        const before = this.#picture
        this.#picture = picture
        this.#repick()
        // What its dials have failed for may be over: a kick (rule B5), whatever the backoff.
        if (isBack(this.#current?.backend, before, picture)) this.#current?.lease.pool.kick()
      },
    })
  }

  /** Starts with the cluster; everything else follows. */
  start(): void {
    this.#link.start()
  }

  /** Timings that count from the next dial on; the target is the same. */
  update(spec: Forward): void {
    this.#spec = spec
  }

  get facts(): FollowedFacts {
    return {
      clusterFailure: this.#link.failure,
      gate: this.#link.cluster?.gate.closedFor,
      place: this.#current ? placeOf(this.#current) : this.#link.place,
      target: targetFacts({ backend: this.#current?.backend, picked: this.#picked, picture: this.#picture, requireReady: this.#spec.requireReady }),
      lane: this.#current?.lease.pool.facts,
      next: this.#next?.lease.pool.facts,
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
    return { key: lease.key, descriptors: lease.pool.descriptorsPerStream, open: (early, sink) => lease.pool.openStream(port, early, sink) }
  }

  /** A stream's answer says that its pod is no more: another is picked, whatever the watch says so far. */
  podGone(routeKey: string): void {
    if (this.#current?.lease.key === routeKey) this.#lost(this.#current)
  }

  /** The pod behind a route is on its way out: a refusal of it says nothing about the program. */
  isLeaving(routeKey: string): boolean {
    return this.#current?.lease.key !== routeKey || this.#leavingSinceMs !== undefined
  }

  /** Tries now what waits. */
  kick(): void {
    this.#link.kick()
    this.#current?.lease.pool.kick()
    this.#next?.lease.pool.kick()
  }

  /** Ends the following; streams that are open finish or are reset by their owners. */
  close(): void {
    this.#closed.abort()
    this.#link.close()
    this.#current?.lease.release()
    this.#next?.lease.release()
    this.#current = this.#next = undefined
  }

  #repick(): void {
    if (this.#closed.signal.aborted) return
    const { target, ports, requireReady } = this.#spec
    const current = this.#current && { currentUid: this.#current.backend.pod.uid }
    const picked = pick({ target, ports, requireReady, place: this.#link.place, ...current }, this.#gone.hideIn(this.#picture))
    this.#picked = picked
    if (picked.kind === 'backend') this.#chosen(picked)
    else this.#noneChosen()
    this.#changed()
  }

  #chosen(backend: Backend): void {
    const current = this.#current
    if (current === undefined) {
      this.#current = this.#takeNext(backend)
    } else if (this.#isServedBy(current, backend)) {
      current.backend = backend
      this.#dropNext()
      if (backend.leaving) this.#startLeaving()
      else this.#leavingSinceMs = undefined
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
    const next = this.#takeNext(backend)
    this.#next = next
    // A lane that is lost has nothing to keep; one that is open serves on until the next one is.
    if (!isOpen(current.lease.pool.facts) || isOpen(next.lease.pool.facts)) this.#adopt(next)
  }

  #noneChosen(): void {
    this.#dropNext()
    const current = this.#current
    if (current === undefined) return
    const pod = seenPod(this.#picture, current.backend)
    if (pod !== undefined && pod.phase === 'Running') {
      if (!pod.ready && !pod.terminating) this.#unreadyForMs()
      return
    }
    if (!isGone(this.#picture, current.backend)) return
    current.lease.release()
    this.#current = undefined
    this.#leavingSinceMs = this.#unreadySinceMs = undefined
  }

  /** New connections go to `serving` from now on. */
  #adopt(serving: Serving): void {
    const old = this.#current
    if (serving === this.#next) this.#next = undefined
    this.#current = serving
    this.#leavingSinceMs = this.#unreadySinceMs = undefined
    if (old && old !== serving) {
      // A pod that was never reached had nothing to move.
      if (this.#wasOpen) this.#parts.moved(moveOf(old, serving, { picture: this.#picture, lane: old.lease.pool.facts }), old.lease.key)
      old.lease.release()
    }
  }

  /** The lane that is already on its way to that pod, or a new one; one to another pod is let go. */
  #takeNext(backend: Backend): Serving {
    const next = this.#next
    if (next === undefined || !this.#isServedBy(next, backend)) {
      this.#dropNext()
      return this.#lease(backend)
    }
    this.#next = undefined
    next.backend = backend
    return next
  }

  /** A pod of the same UID is still another one when the kubeconfig means another cluster or user now. */
  #isServedBy(serving: Serving, backend: Backend): boolean {
    return serving.backend.pod.uid === backend.pod.uid && serving.cluster === this.#link.cluster
  }

  #lease(backend: Backend): Serving {
    const { cluster } = this.#link
    if (cluster === undefined) throw new TypeError('a pod is picked from a cluster that is open')
    const lease = this.#parts.pools.lease(cluster, backend.pod, this.#spec, {
      changed: (facts) => this.#laneChanged(serving, facts),
      warn: this.#parts.warn,
    })
    const serving: Serving = { backend, cluster, lease }
    lease.pool.want()
    return serving
  }

  #laneChanged(serving: Serving, facts: LaneFacts): void {
    if (this.#closed.signal.aborted) return
    if (facts.state === 'gone') return this.#lost(serving)
    if (serving === this.#next && isOpen(facts)) this.#adopt(serving)
    // A lost lane has nothing to keep: the next pod need not be open first.
    else if (serving === this.#current && this.#next && !isOpen(facts) && facts.state !== 'dialing') this.#adopt(this.#next)
    this.#changed()
  }

  /** The pod is no more, whatever the watch says so far. */
  #lost(serving: Serving): void {
    if (serving !== this.#current && serving !== this.#next) return
    this.#gone.mark(serving.backend.pod.uid)
    void this.#later(GONE_MARK_MS, () => this.#repick())
    if (serving === this.#next) this.#dropNext()
    else if (this.#next) this.#adopt(this.#next)
    else {
      this.#current = undefined
      this.#leavingSinceMs = this.#unreadySinceMs = undefined
      serving.lease.release()
    }
    this.#repick()
  }

  #startLeaving(): void {
    if (this.#leavingSinceMs !== undefined) return
    this.#leavingSinceMs = this.#parts.clock.now()
    void this.#later(NEXT_POD_WAIT_MS, () => this.#changed())
  }

  #waitsForNext(): boolean {
    if (this.#leavingSinceMs === undefined || this.#next === undefined) return false
    return this.#parts.clock.now() - this.#leavingSinceMs < NEXT_POD_WAIT_MS
  }

  #isUnreadyForAMoment(current: Serving): boolean {
    const pod = seenPod(this.#picture, current.backend)
    if (pod === undefined || pod.terminating || pod.phase !== 'Running' || !isOpen(current.lease.pool.facts)) return false
    return this.#unreadyForMs() < UNREADY_GRACE_MS
  }

  #unreadyForMs(): number {
    const now = this.#parts.clock.now()
    if (this.#unreadySinceMs === undefined) void this.#later(UNREADY_GRACE_MS, () => this.#repick())
    this.#unreadySinceMs ??= now
    return now - this.#unreadySinceMs
  }

  #dropNext(): void {
    this.#next?.lease.release()
    this.#next = undefined
  }

  #changed(): void {
    this.#wasOpen ||= this.#current !== undefined && isOpen(this.#current.lease.pool.facts)
    this.#parts.changed()
  }

  async #later(ms: number, act: () => void): Promise<void> {
    if (await this.#parts.clock.sleep(ms, this.#closed.signal)) act()
  }
}
