/**
 * The connections of one forward: accepted, held while nothing can serve them,
 * dispatched, counted, drained.
 *
 * It asks for a route and gives connections to it; which pod that is, is the
 * follower's business. Every connection it takes ends in exactly one way, and every
 * end but the pod's own is a reset (rule D4).
 */
import type { Socket } from 'node:net'
import type { Forward, PortMapping } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import type { Budget } from './budget.ts'
import { Connection, type ConnectionEnd, type Route } from './connection.ts'
import type { Traffic } from './events.ts'
import { type HoldFacts, MAX_HELD_IN_PROCESS, mayHold } from './hold.ts'

/** What a reception needs, and whom it tells. */
export interface ReceptionParts {
  readonly clock: Clock
  readonly budget: Budget
  readonly route: (mapping: PortMapping) => Route | undefined
  readonly outlook: () => Pick<HoldFacts, 'failed' | 'nonComing' | 'wasOpen'>
  readonly podGone: (routeKey: string) => void
  readonly isLeaving: (routeKey: string) => boolean
  readonly accepted: (localPort: number) => void
  /** A count changed that `describe` looks at. */
  readonly changed: () => void
  readonly overLimit: (what: string) => void
  /** One was reset since nothing could serve it for too long. */
  readonly waitedTooLong: (what: string) => void
}

/** A refusal is looked at once more after this long: the watch may be about to tell that the pod is ending. */
const REFUSAL_RECHECK_MS = 100
/** A stream that has not been refused for so long was taken by a program. */
const ACCEPTED_MS = 1_000
const MAX_DISPATCHES = 4
/** A client that has been silent this long is idle: a stop need not wait for it. */
const IDLE_MS = 1_000

/** The door of one forward. */
export class Reception {
  #spec: Forward
  readonly #parts: ReceptionParts
  readonly #closed = new AbortController()
  readonly #connections = new Set<Connection>()
  readonly #held = new Map<Connection, AbortController>()
  #outageSinceMs: number | undefined
  #served = 0
  #failed = 0
  #wasReset = 0
  /** Refusals with no success since, and the route they were met on. */
  #refusals = { count: 0, routeKey: '' }
  #idle: (() => void)[] = []
  /** Those that a stop has reset: they are counted for themselves. */
  readonly #stopped = new Set<Connection>()

  constructor(spec: Forward, parts: ReceptionParts) {
    this.#spec = spec
    this.#parts = parts
    this.#outageSinceMs = parts.clock.now()
  }

  /** Refusals in a row by the pod that new connections go to. */
  get refusedInARow(): number {
    const { count, routeKey } = this.#refusals
    return this.#spec.ports.some((mapping) => this.#parts.route(mapping)?.key === routeKey) ? count : 0
  }

  get traffic(): Traffic {
    const bridged = [...this.#connections].filter((connection) => connection.routeKey !== undefined)
    const draining = bridged.filter((connection) => this.#parts.route(connection.mapping)?.key !== connection.routeKey).length
    return { open: bridged.length - draining, draining, held: this.#held.size, served: this.#served, failed: this.#failed }
  }

  /** How many were reset because the forward ended. */
  get wasReset(): number {
    return this.#wasReset
  }

  get size(): number {
    return this.#connections.size
  }

  /** How many {@link Reception.resetIdle} would leave. */
  get busy(): number {
    return [...this.#connections].filter((connection) => this.#isBusy(connection)).length
  }

  /** New limits and hold policy; connections are not touched. */
  update(spec: Forward): void {
    this.#spec = spec
  }

  /** Takes a socket over; from here on it ends exactly once. */
  accept(socket: Socket, mapping: PortMapping): void {
    if (!this.#hasRoom()) {
      socket.on('error', () => {})
      socket.resetAndDestroy()
      this.#failed++
      return
    }
    const connection = new Connection(socket, mapping, this.#parts.clock)
    this.#connections.add(connection)
    this.#parts.accepted(connection.localPort)
    this.#place(connection)
  }

  /** The route may have changed: those that wait are served, or told that it is no use. */
  flush(): void {
    this.#noteOutage()
    for (const connection of this.#held.keys()) {
      if (this.#parts.route(connection.mapping) || this.#parts.outlook().failed) this.#place(connection)
    }
  }

  /** Connections that are bridged now, on that route or on any, are reset after `timeoutMs`; later ones are not meant. */
  async drain(timeoutMs: number, routeKey?: string): Promise<void> {
    const meant = new Map<Connection, string>()
    for (const connection of this.#connections) {
      if (connection.routeKey !== undefined && connection.routeKey === (routeKey ?? connection.routeKey)) meant.set(connection, connection.routeKey)
    }
    if (meant.size === 0 || !(await this.#parts.clock.sleep(timeoutMs, this.#closed.signal))) return
    for (const [connection, key] of meant) if (connection.routeKey === key) connection.reset()
  }

  /** The window in which connections are held begins anew, if nothing is served: something has changed. */
  restartOutage(): void {
    if (this.#outageSinceMs !== undefined) this.#outageSinceMs = this.#parts.clock.now()
  }

  /** Resolves when no connection is left. */
  whenEmpty(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Resets those that wait and those on which nothing moves; the busy ones go on. */
  resetIdle(): void {
    for (const connection of [...this.#connections]) if (!this.#isBusy(connection)) this.#reset(connection)
  }

  /** Resets what is left and takes nothing more. */
  close(): void {
    this.#closed.abort()
    for (const connection of [...this.#connections]) this.#reset(connection)
  }

  /** A byte has moved lately, either way. One that waits has none that anybody saw. */
  #isBusy(connection: Connection): boolean {
    return !this.#held.has(connection) && this.#parts.clock.now() - connection.lastByteMs < IDLE_MS
  }

  /** Takes the room for one more, or tells which limit is in the way. */
  #hasRoom(): boolean {
    if (this.#closed.signal.aborted) return false
    if (this.#connections.size < this.#spec.maxConnections) return this.#parts.budget.take()
    this.#parts.overLimit(`${this.#spec.maxConnections} connections of this forward`)
    return false
  }

  #place(connection: Connection): void {
    const route = this.#parts.route(connection.mapping)
    if (route) {
      this.#release(connection)
      void this.#dispatch(connection, route)
      return
    }
    this.#noteOutage()
    if (this.#held.has(connection) && !this.#parts.outlook().failed) return
    const verdict = mayHold({
      ...this.#parts.outlook(),
      policy: this.#spec.hold,
      outageMs: this.#parts.clock.now() - (this.#outageSinceMs ?? this.#parts.clock.now()),
      held: this.#held.size,
      heldInProcess: this.#parts.budget.held,
    })
    if (verdict === 'hold') return void this.#hold(connection)
    this.#unheld(verdict)
    this.#fail(connection)
  }

  /** A forward that holds nothing, or whose state says why, has no more to say. */
  #unheld(verdict: Exclude<ReturnType<typeof mayHold>, 'hold'>): void {
    const { maxConnections, windowMs } = this.#spec.hold
    if (maxConnections === 0) return
    if (verdict === 'outage-too-long') this.#parts.waitedTooLong(`nothing could serve connections for ${windowMs / 1000} s: new ones are reset at once`)
    if (verdict !== 'too-many') return
    this.#parts.overLimit(
      this.#held.size >= maxConnections ? `${maxConnections} waiting connections of this forward` : `${MAX_HELD_IN_PROCESS} waiting connections of the process`,
    )
  }

  async #hold(connection: Connection): Promise<void> {
    const released = new AbortController()
    this.#held.set(connection, released)
    this.#parts.budget.held++
    connection.onLeft(() => this.#ended(connection, { kind: 'client-left' }))
    const leftMs = this.#spec.hold.timeoutMs - (this.#parts.clock.now() - connection.acceptedMs)
    if (!(await this.#parts.clock.sleep(Math.max(0, leftMs), released.signal))) return
    this.#parts.waitedTooLong(`a connection was reset after it had waited ${this.#spec.hold.timeoutMs / 1000} s, since nothing could serve it`)
    this.#fail(connection)
  }

  #release(connection: Connection): void {
    const released = this.#held.get(connection)
    if (released === undefined) return
    this.#held.delete(connection)
    this.#parts.budget.held--
    connection.onLeft(undefined)
    released.abort()
  }

  async #dispatch(connection: Connection, route: Route): Promise<void> {
    const { halfCloseMs } = this.#spec.timeouts
    const over = new AbortController()
    // Only what is sent after the refusals can tell that somebody listens again.
    const isProof = this.#refusals.count > 0
    this.#parts.budget.stretch(route.descriptors)
    const end = await connection.dispatch(route, { halfCloseMs, ...(isProof && this.#listenFor(route, over.signal)) })
    // Without a reason an exception with its stack is made, for every connection.
    over.abort('ended')
    this.#parts.budget.stretch(-route.descriptors)
    if (isProof && end.kind === 'served') this.#accepted(route)
    if (end.kind !== 'returned') return this.#ended(connection, end)
    if (end.podGone) this.#parts.podGone(route.key)
    const isRefused = end.failure.code === 'KPF_STREAM_REFUSED' && !end.podGone && !(await this.#isPodEnding(route.key))
    // While the watch was waited for the forward may have ended, or the client have left.
    if (!this.#connections.has(connection)) return
    if (connection.hasLeft) this.#ended(connection, { kind: 'client-left' })
    else if (isRefused || connection.dispatches >= MAX_DISPATCHES || this.#closed.signal.aborted) this.#fail(connection)
    else this.#place(connection)
    if (!isRefused) return
    const isSame = this.#refusals.routeKey === route.key
    this.#refusals = { count: isSame ? this.#refusals.count + 1 : 1, routeKey: route.key }
    this.#parts.changed()
  }

  /** What tells that a connection was taken by a program: its first word, or no refusal for a while. */
  #listenFor(route: Route, over: AbortSignal): { opened: () => void; spoke: () => void } {
    const spoke = (): void => this.#accepted(route)
    return { spoke, opened: () => void this.#parts.clock.sleep(ACCEPTED_MS, over).then((isPast) => isPast && spoke()) }
  }

  /** The pod's program took a connection: whatever was refused before, it listens. */
  #accepted(route: Route): void {
    if (this.#refusals.count === 0 || this.#refusals.routeKey !== route.key) return
    this.#refusals = { count: 0, routeKey: '' }
    this.#parts.changed()
  }

  /** A refusal by a pod that is going away is no answer: its successor is asked. */
  async #isPodEnding(routeKey: string): Promise<boolean> {
    if (!this.#parts.isLeaving(routeKey)) await this.#parts.clock.sleep(REFUSAL_RECHECK_MS, this.#closed.signal)
    if (!this.#parts.isLeaving(routeKey)) return false
    this.#parts.podGone(routeKey)
    return true
  }

  #fail(connection: Connection): void {
    connection.reset()
    this.#ended(connection, { kind: 'reset' })
  }

  #reset(connection: Connection): void {
    this.#stopped.add(connection)
    if (connection.routeKey === undefined) this.#fail(connection)
    else connection.reset()
  }

  #ended(connection: Connection, end: ConnectionEnd): void {
    this.#release(connection)
    const wasStopped = this.#stopped.delete(connection)
    if (!this.#connections.delete(connection)) return
    this.#parts.budget.give()
    if (end.kind === 'served') this.#served++
    else if (end.kind === 'reset') {
      if (wasStopped) this.#wasReset++
      else this.#failed++
    }
    this.#parts.changed()
    if (this.#connections.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** When serving stopped, so that an outage's age is known; forgotten as soon as there is a route. */
  #noteOutage(): void {
    const isServing = this.#spec.ports.some((mapping) => this.#parts.route(mapping) !== undefined)
    this.#outageSinceMs = isServing ? undefined : (this.#outageSinceMs ?? this.#parts.clock.now())
  }
}
