/**
 * What a lane knows of a tunnel, whatever the transport. Types only.
 */
import type { Clock } from '../system/clock.ts'
import type { PodRef, Transport } from './dialer.ts'
import type { Failure } from './failure.ts'
import type { StreamSink, TunnelStream } from './stream.ts'

/** One upgraded way to a pod (for `channel`: the promise of many). */
export interface Tunnel {
  readonly transport: Transport
  readonly openStreams: number
  readonly bytesIn: number
  readonly bytesOut: number
  openStream(port: number, early: readonly Buffer[], sink: StreamSink): TunnelStream
  /** Asks at once whether everybody is still there; the answer comes as an event. */
  probe(): void
  /** Ends everything at once. Streams hear `why`; the events go quiet. */
  close(why: Failure): void
}

/** What a tunnel tells its lane. Nothing follows `ended`, and nothing a `close`. */
export interface TunnelEvents {
  /** The far end answered for the first time: the way is proven. */
  opened(): void
  overdue(failure: Failure): void
  answered(): void
  /** The number of open streams fell. */
  streamEnded(): void
  ended(failure: Failure, podGone: boolean): void
}

/** How a tunnel behaves. */
export interface TunnelOptions {
  readonly pod: PodRef
  readonly clock: Clock
  /** Silence after which a tunnel is pinged. */
  readonly pingIntervalMs: number
  /** How long a new stream may stay unanswered. */
  readonly streamMs: number
}
