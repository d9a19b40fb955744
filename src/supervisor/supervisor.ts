/**
 * The running whole: the forwards of one project, and the only writer of that list.
 *
 * `apply` reconciles (plan, then execute); everything else is told to it by the
 * forwards and goes out as events. It never reads a file and never draws.
 */
import type { Clusters } from '../cluster/cluster-api.ts'
import type { Forward, Project } from '../file/forward.ts'
import type { Problem } from '../file/problems.ts'
import type { Chance } from '../system/chance.ts'
import type { Clock } from '../system/clock.ts'
import { Budget } from './budget.ts'
import { Bus, type Subscriber } from './bus.ts'
import { Endpoints } from './endpoints.ts'
import type { State, Status, Traffic } from './events.ts'
import { execute } from './execute.ts'
import { isoTime } from './iso-time.ts'
import { Kicks } from './kicks.ts'
import type { Endpoint } from './listener.ts'
import type { Holder } from './listener-machine.ts'
import { LiveForward } from './live-forward.ts'
import { Obstacles } from './obstacles.ts'
import { type Operation, plan, untouched } from './plan.ts'
import { Pools } from './pools.ts'

/** What the supervisor is made of. */
export interface SupervisorParts {
  readonly clock: Clock
  readonly chance: Chance
  readonly clusters: Clusters
  readonly findHolder: (endpoint: Endpoint) => Promise<Holder | undefined>
  /** Connections the process may have at once, from its descriptor limit. */
  readonly maxConnections: number
  /** kubectl's way for the ad-hoc form: one of the two loopbacks is enough. */
  readonly oneAddressIsEnough?: boolean
}

/** One forward, as shown. */
export interface Row {
  readonly spec: Forward
  readonly status: Status
  readonly sinceMs: number
  readonly traffic: Traffic
}

/** All forwards at one moment. */
export interface Snapshot {
  readonly nowMs: number
  readonly generation: number
  readonly rows: readonly Row[]
}

/** How a stop goes: how long busy connections may take, and what cuts that short. */
export interface StopOptions {
  readonly drainMs: number
  readonly deadline: AbortSignal
}

interface Shown {
  status: Status
  sinceMs: number
  /** It was said under a name that the forward has no more. */
  isUnderOldName?: boolean
}

/** Keeps a project's forwards running. */
export class Supervisor {
  readonly #parts: SupervisorParts
  readonly #bus: Bus
  readonly #endpoints: Endpoints
  readonly #pools: Pools
  readonly #budget: Budget
  readonly #obstacles: Obstacles
  readonly #kicks: Kicks
  readonly #forwards = new Map<string, LiveForward>()
  readonly #leaving = new Set<LiveForward>()
  readonly #shown = new Map<LiveForward, Shown>()
  readonly #startedMs: number
  #served = { served: 0, failed: 0, reset: 0 }
  #generation = 0
  #appliedAt: string | null = null
  #isStopping = false

  constructor(parts: SupervisorParts) {
    this.#parts = parts
    this.#bus = new Bus(parts.clock)
    this.#endpoints = new Endpoints(parts)
    this.#pools = new Pools(parts)
    this.#budget = new Budget(parts.maxConnections, { clock: parts.clock, warn: (warning) => this.#bus.tell({ type: 'warning', ...warning }) })
    this.#obstacles = new Obstacles((warning) => this.#bus.tell({ type: 'warning', ...warning }))
    this.#kicks = new Kicks(parts.clock, () => this.#kickAll())
    this.#startedMs = parts.clock.now()
  }

  subscribe(subscriber: Subscriber): () => void {
    return this.#bus.subscribe(subscriber)
  }

  /** Calls back when a local endpoint was bound, refused or let go: that alone may be no event. */
  onEndpoint(heard: () => void): () => void {
    return this.#endpoints.onChange(heard)
  }

  /** Everything as it is now, in the file's order. */
  snapshot(): Snapshot {
    const rows = [...this.#forwards.values(), ...this.#leaving].map((forward) => ({
      spec: forward.spec,
      status: forward.status,
      sinceMs: this.#shown.get(forward)?.sinceMs ?? this.#startedMs,
      traffic: forward.traffic,
    }))
    return { nowMs: this.#parts.clock.now(), generation: this.#generation, rows }
  }

  /** The live forward of a name, for the ad-hoc form's own lines. */
  forward(name: string): LiveForward | undefined {
    return this.#forwards.get(name)
  }

  /** Makes the running forwards those of the project; what is equal is not touched. `file` is empty where no file asks for it. */
  apply(project: Project, file: string): readonly Operation[] {
    if (this.#isStopping) return []
    const operations = this.preview(project)
    this.#generation++
    if (file !== '') this.#appliedAt = isoTime(this.#parts.clock.wallMs())
    this.#bus.tell({ type: 'config-applied', file, generation: this.#generation, plan: operations, untouched: untouched(project.forwards, operations) })
    execute(operations, project.forwards, {
      get: (name) => this.#forwards.get(name),
      create: (spec) => this.#create(spec),
      ended: (old) => this.#ended(old),
      rename: (from, to) => this.#rename(from, to),
      remove: (name) => this.#remove(name),
    })
    this.#inOrder(project.forwards)
    return operations
  }

  /** What {@link Supervisor.apply} would do. */
  preview({ forwards }: Project): readonly Operation[] {
    return plan(forwards, [...this.#forwards.values()])
  }

  /** Begins these anew; their ports stay bound, their connections are reset. */
  restart(names: readonly string[]): void {
    for (const name of names) {
      const old = this.#forwards.get(name)
      if (old === undefined || this.#isStopping) continue
      const next = this.#create(old.spec)
      // The new claim stands on the old one before that is let go.
      next.bind()
      this.#ended(old)
      next.start()
    }
  }

  /** A file that could not be applied; what runs goes on. */
  reject(file: string, problems: readonly Problem[]): void {
    this.#bus.tell({ type: 'config-rejected', file, problems, runningSince: this.#appliedAt })
  }

  /** Something to say that is no state. */
  warn(code: string, message: string): void {
    this.#bus.tell({ type: 'warning', code, message })
  }

  /** The kubeconfig or the network changed, or the user asked: what waits tries now. */
  kick(): void {
    this.#kicks.kick()
  }

  /** Ends all forwards, the busy connections within `drainMs`; resolves when nothing is left. */
  async stop(options: StopOptions): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#kicks.close()
    const forwards = new Set([...this.#forwards.values(), ...this.#leaving])
    const count = this.#forwards.size
    const busy = [...forwards].reduce((sum, forward) => sum + forward.busy, 0)
    this.#bus.tell({ type: 'stopping', busy, deadlineMs: options.drainMs })
    await Promise.all([...forwards].map((forward) => forward.stop(options.drainMs, options.deadline)))
    for (const forward of this.#forwards.values()) this.#count(forward)
    for (const forward of this.#leaving) this.#left(forward)
    this.#pools.close()
    await this.#parts.clusters.close()
    this.#bus.tell({ type: 'stopped', forwards: count, ...this.#served, uptimeMs: this.#parts.clock.now() - this.#startedMs })
  }

  #kickAll(): void {
    this.#endpoints.retry()
    for (const forward of this.#forwards.values()) forward.kick()
  }

  #create(spec: Forward): LiveForward {
    const forward = new LiveForward(spec, {
      clock: this.#parts.clock,
      clusters: this.#parts.clusters,
      pools: this.#pools,
      endpoints: this.#endpoints,
      budget: this.#budget,
      oneAddressIsEnough: this.#parts.oneAddressIsEnough ?? false,
      pending: ({ dependsOn = [] }) => dependsOn.filter((name) => this.#forwards.get(name)?.status.state !== 'ready'),
      changed: (changed) => this.#changed(changed),
      moved: (on, move) => this.#bus.tell({ type: 'forward-moved', forward: on.name, draining: on.traffic.draining, ...move }),
      accepted: (on, localPort) => this.#bus.tell({ type: 'connection-accepted', forward: on.name, localPort }),
      obstacle: (about, found) => (found === 'none' ? this.#obstacles.gone(about) : this.#obstacles.found(about, found)),
      warn: (about, warning) => this.#bus.tell({ type: 'warning', forward: about.name, ...warning }),
    })
    this.#forwards.set(spec.name, forward)
    this.#changed(forward)
    return forward
  }

  #rename(from: string, to: string): LiveForward | undefined {
    const forward = this.#forwards.get(from)
    if (forward === undefined) return undefined
    this.#forwards.delete(from)
    this.#forwards.set(to, forward)
    this.#ceased(forward, from, to)
    return forward
  }

  /** The old name ends here; {@link Supervisor.#changed} begins the new one when the forward has it. */
  #ceased(forward: LiveForward, from: string, to: string): void {
    const shown = this.#shown.get(forward)
    if (shown === undefined) return
    this.#shown.set(forward, { ...shown, isUnderOldName: true })
    const status: Status = { state: 'stopped', phase: 'stopped', message: `renamed to "${to}"`, attempt: 0, listeners: [] }
    this.#bus.tell({ type: 'forward-state-changed', forward: from, from: shown.status.state, to: 'stopped', status })
  }

  #remove(name: string): void {
    const forward = this.#forwards.get(name)
    if (forward === undefined) return
    this.#forwards.delete(name)
    this.#leaving.add(forward)
    const never = new AbortController()
    void forward.stop(forward.spec.drainTimeoutMs, never.signal).then(() => this.#left(forward))
  }

  #left(forward: LiveForward): void {
    if (this.#leaving.delete(forward)) this.#count(forward)
    this.#forget(forward)
  }

  /** Another has taken its name and its ports. */
  #ended(old: LiveForward): void {
    old.end()
    this.#count(old)
    this.#forget(old)
  }

  #forget(forward: LiveForward): void {
    this.#shown.delete(forward)
    this.#obstacles.gone(forward)
  }

  #count(forward: LiveForward): void {
    const { served, failed } = forward.traffic
    this.#served = { served: this.#served.served + served, failed: this.#served.failed + failed, reset: this.#served.reset + forward.wasReset }
  }

  /** The map's order is the file's. */
  #inOrder(specs: readonly Forward[]): void {
    for (const { name } of specs) {
      const forward = this.#forwards.get(name)
      if (forward === undefined) continue
      this.#forwards.delete(name)
      this.#forwards.set(name, forward)
    }
  }

  /** Says what differs from what was said last. */
  #changed(forward: LiveForward): void {
    if (this.#forwards.get(forward.name) !== forward && !this.#leaving.has(forward)) return
    const status = forward.status
    const shown = this.#shown.get(forward)
    const isSame = shown?.status.state === status.state && shown.status.phase === status.phase && isSameReason(shown.status, status)
    if (shown && isSame && !shown.isUnderOldName) {
      shown.status = status
      return
    }
    const from: State | null = shown === undefined || shown.isUnderOldName ? null : shown.status.state
    const sinceMs = shown && shown.status.state === status.state ? shown.sinceMs : this.#parts.clock.now()
    this.#shown.set(forward, { status, sinceMs })
    this.#bus.tell({ type: 'forward-state-changed', forward: forward.name, from, to: status.state, status })
    if (from !== status.state && (from === 'ready' || status.state === 'ready')) this.#startWaiting(forward.name)
  }

  /** Forwards that wait for another one may go on, or hear that they may not. */
  #startWaiting(name: string): void {
    for (const forward of this.#forwards.values()) if (forward.spec.dependsOn?.includes(name)) forward.start()
  }
}

/** A new text is news only where it names something to act on; the tenth way of saying that a cluster is away is not. */
function isSameReason(before: Status, after: Status): boolean {
  const isQuiet =
    before.phase === 'cluster-down' || before.phase === 'backoff' || before.state === 'ready' || before.state === 'starting' || before.state === 'stopping'
  return before.reason === after.reason && (isQuiet || before.message === after.message)
}
