/**
 * The lanes of one pod, shared by every forward that picked it. In this version a pool is
 * one lane; which of several a connection gets will be decided here.
 */
import type { Clock } from '../system/clock.ts'
import type { PodRef } from './dialer.ts'
import { Lane, type LaneFacts, type LaneParts } from './lane.ts'
import type { StreamSink, TunnelStream } from './stream.ts'

export type { LaneFacts } from './lane.ts'

/** What a pool is made of, and whom it tells. */
export interface PoolParts extends LaneParts {
  readonly pod: PodRef
  /** The lane's state is another, or the last stream of a draining pool has ended; not told of each stream. */
  readonly changed: (facts: LaneFacts) => void
}

/** A kick sooner after the last one is the same kick (rule B5). */
const KICK_INTERVAL_MS = 1_000

/** One pod's lanes. */
export class Pool {
  readonly #clock: Clock
  readonly #lane: Lane
  readonly #changed: (facts: LaneFacts) => void
  #kickedMs = -Infinity
  #isDraining = false
  #isClosed = false

  constructor(parts: PoolParts) {
    this.#clock = parts.clock
    this.#changed = parts.changed
    this.#lane = new Lane(parts, { changed: () => this.#laneChanged(), streamEnded: () => this.#streamEnded() })
  }

  get facts(): LaneFacts {
    return this.#lane.facts
  }

  /** Streams share the tunnel's socket, but a channel is a connection of its own. */
  get descriptorsPerStream(): number {
    return this.facts.transport === 'channel' ? 1 : 0
  }

  /** Dials, and goes on dialling whenever the lane is lost. */
  want(): void {
    this.#lane.want()
  }

  /** A stream to a port of the pod; undefined unless a lane is open. The first bytes go with the opening. */
  openStream(port: number, early: readonly Buffer[], sink: StreamSink): TunnelStream | undefined {
    return this.#isDraining ? undefined : this.#lane.openStream(port, early, sink)
  }

  /** Tries soon what waits, and asks an open lane whether it lives. */
  kick(): void {
    const nowMs = this.#clock.now()
    if (nowMs - this.#kickedMs < KICK_INTERVAL_MS) return
    this.#kickedMs = nowMs
    this.#lane.kick()
  }

  /** Takes no new stream; ends with the last one. */
  drainAndClose(): void {
    this.#isDraining = true
    if (this.facts.openStreams === 0) this.close()
  }

  /** Ends at once; every stream is reset. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#lane.close()
  }

  #streamEnded(): void {
    if (this.#isDraining) this.#laneChanged()
  }

  #laneChanged(): void {
    const { facts } = this
    const isLost = facts.state !== 'open' && facts.state !== 'suspect'
    if (this.#isDraining && (facts.openStreams === 0 || isLost)) this.close()
    this.#changed(facts)
  }
}
