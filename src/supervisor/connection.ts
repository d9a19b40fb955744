/**
 * One accepted local connection, from accept to its one end: bridged to a stream, reset,
 * or left by the client.
 *
 * It owns the socket until a bridge takes it over. While it waits it reads on, into a
 * bounded buffer: a paused socket would not notice that its client has gone. No byte of
 * it reaches two pods (rule D2): it is dispatched again only with the bridge's proof
 * that the pod never saw one.
 */
import type { Socket } from 'node:net'
import type { PortMapping } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import type { Failure } from '../tunnel/failure.ts'
import { type Bridge, type BridgeOptions, bridge } from '../tunnel/pump.ts'
import type { StreamSink, TunnelStream } from '../tunnel/stream.ts'

/** How a connection ended. */
export type ConnectionEnd =
  | { readonly kind: 'served' }
  | { readonly kind: 'client-left' }
  | { readonly kind: 'reset'; readonly failure?: Failure }
  /** The pod provably never saw a byte: the owner may hold and dispatch it again. */
  | { readonly kind: 'returned'; readonly failure: Failure; readonly podGone: boolean }

/** Where a connection is sent: opens a stream to the pod it was given. */
export interface Route {
  /** Tells routes apart: the pod's UID and the lane. */
  readonly key: string
  /** What a connection takes of the process beside its local socket. */
  readonly descriptors: number
  readonly open: (early: readonly Buffer[], sink: StreamSink) => TunnelStream | undefined
}

/** What is read ahead of a client that waits; then its socket is paused. */
const READ_AHEAD_BYTES = 64 * 1024

/** An accepted connection. */
export class Connection {
  readonly mapping: PortMapping
  readonly acceptedMs: number
  readonly #socket: Socket
  readonly #clock: Clock
  #early: Buffer[] = []
  #earlyBytes = 0
  #bridge: Bridge | undefined
  #left = false
  #leftListener: (() => void) | undefined
  /** How often it was dispatched. */
  dispatches = 0
  /** The route it is on, while bridged. */
  routeKey: string | undefined

  constructor(socket: Socket, mapping: PortMapping, clock: Clock) {
    this.#socket = socket
    this.mapping = mapping
    this.#clock = clock
    this.acceptedMs = clock.now()
    socket.setKeepAlive(true, 30_000)
    this.#listen()
  }

  /** Whether the client ended or reset while it waited: nothing of it may reach a pod. */
  get hasLeft(): boolean {
    return this.#left
  }

  get localPort(): number {
    return this.#socket.localPort ?? this.mapping.localPort
  }

  /** When the last byte moved, either way. */
  get lastByteMs(): number {
    return this.#bridge?.counters.lastByteMs ?? this.acceptedMs
  }

  /** Calls back when the client leaves while nobody serves it. */
  onLeft(listener: (() => void) | undefined): void {
    this.#leftListener = listener
  }

  /** Bridges the client to the pod; resolves when that has ended, whichever way. */
  async dispatch(route: Route, options: Omit<BridgeOptions, 'clock'>): Promise<ConnectionEnd> {
    if (this.#left) return { kind: 'client-left' }
    this.#unlisten()
    this.dispatches++
    this.routeKey = route.key
    const early = this.#early
    this.#bridge = bridge(this.#socket, early, (sink) => route.open(early, sink), { clock: this.#clock, ...options })
    const { counters } = this.#bridge
    const end = await this.#bridge.done
    this.routeKey = undefined
    this.#bridge = undefined
    switch (end.kind) {
      case 'done':
        return { kind: 'served' }
      case 'client-left':
        // It had its answer: many a client ends so.
        return { kind: counters.bytesDown > 0 ? 'served' : 'client-left' }
      case 'failed':
        if (end.replay === undefined) return { kind: 'reset', failure: end.failure }
        this.#early = [...end.replay]
        this.#earlyBytes = this.#early.reduce((sum, chunk) => sum + chunk.length, 0)
        this.#listen()
        return { kind: 'returned', failure: end.failure, podGone: end.podGone }
    }
  }

  /** Ends it so that the client sees an error: never a clean end. */
  reset(): void {
    if (this.#bridge) this.#bridge.reset()
    else {
      this.#unlisten()
      this.#socket.on('error', ignore)
      this.#socket.resetAndDestroy()
    }
  }

  #listen(): void {
    this.#socket.on('data', this.#data).on('end', this.#leave).on('error', this.#leave).on('close', this.#leave)
    if (this.#earlyBytes < READ_AHEAD_BYTES) this.#socket.resume()
  }

  #unlisten(): void {
    this.#socket.off('data', this.#data).off('end', this.#leave).off('error', this.#leave).off('close', this.#leave)
    this.#socket.pause()
  }

  readonly #data = (chunk: Buffer): void => {
    this.#early.push(chunk)
    this.#earlyBytes += chunk.length
    if (this.#earlyBytes >= READ_AHEAD_BYTES) this.#socket.pause()
  }

  readonly #leave = (): void => {
    if (this.#left) return
    this.#left = true
    this.#unlisten()
    this.#socket.on('error', ignore)
    this.#socket.destroy()
    this.#leftListener?.()
  }
}

/** A socket that was given up may still fail; nobody is left to hear it. */
function ignore(): void {}
