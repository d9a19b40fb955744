/**
 * A forward that runs: its mappings, its reception and its follower put together, with
 * one life from start to stopped.
 *
 * It decides nothing about pods or connections; it owns their owners, changes them when
 * the file does, and gives `describe` its facts.
 */
import type { Clusters } from '../cluster/cluster-api.ts'
import { roleWords } from '../cluster/role-hint.ts'
import type { Forward } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { Budget } from './budget.ts'
import { CountedWarnings } from './counted-warnings.ts'
import { describe, type ForwardFacts } from './describe.ts'
import type { Endpoints } from './endpoints.ts'
import type { Move, Status, Traffic, Warning } from './events.ts'
import { Follower } from './follower.ts'
import { type Bound, BoundMapping, keyOf } from './mapping.ts'
import { obstacle } from './obstacle.ts'
import type { Pools } from './pools.ts'
import { Reception } from './reception.ts'

/** What a forward needs, and whom it tells. */
export interface LiveForwardParts {
  readonly clock: Clock
  readonly clusters: Clusters
  readonly pools: Pools
  readonly endpoints: Endpoints
  readonly budget: Budget
  readonly oneAddressIsEnough: boolean
  readonly changed: (forward: LiveForward) => void
  readonly moved: (forward: LiveForward, move: Move) => void
  readonly accepted: (forward: LiveForward, localPort: number) => void
  readonly warn: (forward: LiveForward, warning: Warning) => void
  /** Which forwards it still has to wait for. */
  readonly pending: (spec: Forward) => readonly string[]
  /** What stands in the way of the next dial while a lane is open. */
  readonly obstacle: (forward: LiveForward, found: Failure | 'none') => void
}

/** One running forward. */
export class LiveForward {
  readonly #parts: LiveForwardParts
  readonly #reception: Reception
  #spec: Forward
  #follower: Follower
  #mappings: BoundMapping[] = []
  /** Endpoints of the file's last state, kept until those of the new one are bound. */
  #retiring: BoundMapping[] = []
  /** Between {@link prepare} and {@link commit} nothing is let go: another forward may be about to claim it. */
  #isPreparing = false
  #wasBound = false
  /** Failed dials that do not count against `restart`: those before it joined the lane. */
  #forgiven = Number.POSITIVE_INFINITY
  #lifecycle: ForwardFacts['lifecycle'] = 'running'
  /** What was so when it gave up: the follower has been sent home. */
  #lastFacts: Follower['facts'] | undefined
  /** What it waits for; undefined once it follows its target. */
  #pending: readonly string[] | undefined
  readonly #warnings: CountedWarnings

  constructor(spec: Forward, parts: LiveForwardParts) {
    this.#spec = spec
    this.#pending = spec.dependsOn ?? []
    this.#parts = parts
    this.#warnings = new CountedWarnings(parts.clock, (warning) => parts.warn(this, warning))
    this.#follower = this.#follow(spec)
    this.#reception = new Reception(spec, {
      clock: parts.clock,
      budget: parts.budget,
      route: (mapping) => (this.#lifecycle === 'running' ? this.#follower.route(mapping) : undefined),
      outlook: () => this.#outlook(),
      podGone: (key) => this.#follower.podGone(key),
      isLeaving: (key) => this.#follower.isLeaving(key),
      accepted: (localPort) => parts.accepted(this, localPort),
      changed: () => parts.changed(this),
      overLimit: (what) =>
        this.#warnings.note({
          code: 'KPF_CONNECTION_LIMIT',
          message: `more than ${what} at once: new ones are reset`,
          hint: 'raise limits.maxConnections or hold.maxConnections, or see what opens so many',
        }),
      waitedTooLong: (what) =>
        this.#warnings.note({ code: 'KPF_HOLD_TIMEOUT', message: what, hint: 'the state of the forward says why; hold.timeout and hold.window set how long' }),
    })
  }

  get spec(): Forward {
    return this.#spec
  }

  get name(): string {
    return this.#spec.name
  }

  get traffic(): Traffic {
    return this.#reception.traffic
  }

  get wasReset(): number {
    return this.#reception.wasReset
  }

  get busy(): number {
    return this.#reception.busy
  }

  /** It has stopped or given up by itself: only a new one can go on. */
  get isOver(): boolean {
    return this.#lifecycle === 'stopped' || this.#lifecycle === 'gave-up'
  }

  /** The pod's port of each mapping, with the endpoints that are bound. */
  get bound(): readonly (Bound & { readonly podPort: number | undefined })[] {
    return this.#mappings.map((mapping) => ({ ...mapping.bound, podPort: this.#follower.podPort(mapping.mapping) }))
  }

  get status(): Status {
    const facts = this.#lastFacts ?? this.#follower.facts
    return describe({
      ...facts,
      role: roleWords(this.#spec, facts.place),
      lifecycle: this.#lifecycle,
      openConnections: this.#reception.size,
      endpoints: this.#endpoints,
      refusedInARow: this.#reception.refusedInARow,
      pending: this.#pending ?? [],
    })
  }

  /** While the old endpoints serve on, new ones that are still being asked for are no news. */
  get #endpoints(): ForwardFacts['endpoints'] {
    const facts = [...this.#mappings, ...this.#retiring].flatMap((mapping) => mapping.facts)
    return this.#retiring.length === 0 ? facts : facts.filter(({ state }) => state.kind !== 'binding')
  }

  /** Claims the local endpoints; the cluster is asked at {@link start}. */
  bind(): void {
    this.#mappings = this.#claim(this.#spec)
    for (const mapping of this.#mappings) mapping.start()
  }

  /** Begins to follow the target once all that it depends on is ready; after that it goes on without. */
  start(): void {
    if (this.#pending === undefined || this.#lifecycle !== 'running') return
    const before = this.#pending.join()
    const pending = this.#parts.pending(this.#spec)
    this.#pending = pending.length === 0 ? undefined : pending
    if (this.#pending === undefined) this.#follower.start()
    if (before !== pending.join()) this.#parts.changed(this)
  }

  /** Takes the new local ports before the old ones are let go: {@link commit} does that. */
  prepare(spec: Forward): void {
    this.#isPreparing = true
    const before = new Set(this.#mappings.map((mapping) => keyOf(mapping)))
    const next = this.#claim(spec)
    const added = next.filter((mapping) => !before.has(keyOf(mapping)))
    const kept = this.#mappings.filter((mapping) => next.some((other) => keyOf(other) === keyOf(mapping)))
    this.#retiring.push(...this.#mappings.filter((mapping) => !kept.includes(mapping)))
    this.#mappings = [...kept, ...added]
    for (const mapping of added) mapping.start()
  }

  /** The new spec counts from here on; `retargets` says that pods are to be looked for anew. */
  commit(spec: Forward, retargets: boolean): void {
    const old = this.#follower
    this.#spec = spec
    this.#isPreparing = false
    this.#reception.update(spec)
    if (!retargets) old.update(spec)
    else {
      void this.#reception.drain(spec.drainTimeoutMs)
      this.#lookAgain()
      old.close()
    }
    this.#retire()
    this.start()
    this.#parts.changed(this)
  }

  /** Tries now what waits; for one that has given up this is a reason to begin again. */
  kick(): void {
    for (const mapping of this.#mappings) mapping.retry()
    if (this.#pending !== undefined) return
    if (this.#lifecycle !== 'gave-up') return this.#follower.kick()
    this.#lifecycle = 'running'
    this.#lastFacts = undefined
    this.#lookAgain()
    this.#parts.changed(this)
  }

  /** Closes the door, lets the busy connections finish for `drainMs`, then resets what is left. A second stop may be shorter. */
  async stop(drainMs: number, deadline: AbortSignal): Promise<void> {
    if (this.#lifecycle === 'stopped') return this.#reception.whenEmpty()
    this.#lifecycle = 'draining'
    for (const mapping of [...this.#mappings, ...this.#retiring]) mapping.release()
    this.#parts.changed(this)
    this.#reception.resetIdle()
    const ended = new AbortController()
    const late = this.#parts.clock.sleep(drainMs, AbortSignal.any([deadline, ended.signal]))
    await Promise.race([this.#reception.whenEmpty(), late])
    ended.abort()
    this.end()
    await this.#reception.whenEmpty()
  }

  /** At once: everything is reset, nothing is waited for. */
  end(): void {
    for (const mapping of [...this.#mappings, ...this.#retiring]) mapping.release()
    this.#reception.close()
    this.#follower.close()
    if (this.#lifecycle === 'stopped') return
    this.#lifecycle = 'stopped'
    this.#parts.changed(this)
  }

  #lookAgain(): void {
    this.#forgiven = Number.POSITIVE_INFINITY
    this.#follower = this.#follow(this.#spec)
    if (this.#pending === undefined) this.#follower.start()
    this.#reception.restartOutage()
  }

  #follow(spec: Forward): Follower {
    const follower: Follower = new Follower(spec, {
      clock: this.#parts.clock,
      clusters: this.#parts.clusters,
      pools: this.#parts.pools,
      changed: () => this.#followerChanged(follower),
      moved: (move, oldRoute) => {
        void this.#reception.drain(this.#spec.drainTimeoutMs, oldRoute)
        this.#parts.moved(this, move)
      },
      warn: ({ code, message, hint }: Failure) => this.#parts.warn(this, { code, message, ...(hint !== undefined && { hint }) }),
    })
    return follower
  }

  #followerChanged(follower: Follower): void {
    if (follower !== this.#follower || this.#lifecycle !== 'running') return
    const { facts } = follower
    const { lane, wasOpen } = facts
    const found = obstacle(facts)
    if (found) this.#parts.obstacle(this, found)
    const { restart } = this.#spec
    const isLost = lane !== undefined && (lane.state === 'lost' || lane.state === 'backoff')
    if (isLost && wasOpen && restart.kind === 'no') return this.end()
    const failures = lane === undefined ? 0 : lane.attempt - (lane.state === 'dialing' ? 1 : 0)
    if (lane) this.#forgiven = Math.min(this.#forgiven, failures)
    if (isLost && restart.kind === 'on-failure' && restart.limit !== undefined && failures - this.#forgiven >= restart.limit) {
      this.#lastFacts = facts
      this.#lifecycle = 'gave-up'
      follower.close()
    }
    this.#reception.flush()
    this.#parts.changed(this)
  }

  #claim(spec: Forward): BoundMapping[] {
    return spec.ports.map(
      (mapping) =>
        new BoundMapping(mapping, this.#parts.endpoints, {
          accepted: (socket, of) => this.#reception.accept(socket, this.#currentMapping(of.localPort) ?? of),
          changed: () => this.#endpointChanged(),
          oneIsEnough: this.#parts.oneAddressIsEnough,
        }),
    )
  }

  #endpointChanged(): void {
    if (!this.#wasBound && this.#mappings.some((mapping) => mapping.isBound)) {
      // The window in which connections are held begins when there can be any.
      this.#wasBound = true
      this.#reception.restartOutage()
    }
    this.#retire()
    this.#parts.changed(this)
  }

  /** The mapping of a local port as the file has it now: its remote port may have been edited. */
  #currentMapping(localPort: number): Forward['ports'][number] | undefined {
    return this.#spec.ports.find((mapping) => mapping.localPort === localPort)
  }

  /** Old endpoints go as soon as all new ones are bound; a new one that is taken keeps the old ones alive. */
  #retire(): void {
    if (this.#isPreparing || this.#retiring.length === 0 || !this.#mappings.every((mapping) => mapping.isBound)) return
    for (const mapping of this.#retiring.splice(0)) mapping.release()
  }

  #outlook(): { failed: boolean; nonComing: boolean; wasOpen: boolean } {
    const { state, phase } = this.status
    const { target, wasOpen } = this.#follower.facts
    const isHopeless = (target.kind === 'none' && !target.coming) || (target.kind === 'failure' && target.class === 'resolve')
    return { failed: state === 'failed' && phase !== 'bind', nonComing: isHopeless, wasOpen }
  }
}
