/**
 * A tunnel that speaks SPDY/3.1, over WebSocket messages or bare.
 *
 *   streams ─► outbound ─► one message a turn ─► wire ─► API server ─► node
 *   streams ◄─ by stream id ◄─ frames ◄─ decoder ◄─ wire ◄─
 *
 * Owns the stream ids, the pings and the wire. What happens to one stream stays with it:
 * nothing a stream does ends the tunnel. Knows nothing of dials, retries or pods.
 */
import { DelayLine } from './delay-line.ts'
import type { Transport, Upgraded } from './dialer.ts'
import { type Failure, failure } from './failure.ts'
import { Outbound } from './outbound.ts'
import { type Frame, FrameDecoder, HeaderFrames, ping, resetStatus, rstStream } from './spdy.ts'
import { SpdyStream } from './spdy-stream.ts'
import type { StreamSink, TunnelStream } from './stream.ts'
import type { Tunnel, TunnelEvents, TunnelOptions } from './tunnel.ts'
import { Watchdog } from './watchdog.ts'
import { Wire } from './wire.ts'

/** Nothing more is handed to the socket while it has this much: a ping must not wait long behind it. */
const SOCKET_LIMIT_BYTES = 256 * 1024
/** How long the error stream may speak after the data stream ended. */
const END_WAIT_MS = 250
/** A stream without an answer for so long is reason enough to ask whether the node is there. */
const REPLY_DOUBT_MS = 1_000
/** A runtime has five workers; consecutive pings reach them all, and one stuck worker is not the end. */
const PING_BURST = 5
/** How soon the answer is due after a wake or a change of network. */
const PROBE_PONG_MS = 2_000
/** Well before the ids of a connection run out. */
const LAST_STREAM_ID = 0x7fff_0000

/** An open or opening tunnel; it begins at once. */
export class SpdyTunnel implements Tunnel {
  readonly transport: Transport
  readonly #events: TunnelEvents
  readonly #wire: Wire
  readonly #decoder = new FrameDecoder()
  readonly #headers = new HeaderFrames()
  readonly #outbound = new Outbound()
  readonly #watchdog: Watchdog
  /** Both ids of every stream that has not ended. */
  readonly #streams = new Map<number, SpdyStream>()
  /** Streams whose owner cannot take more. While there is one, nothing is read. */
  readonly #held = new Set<SpdyStream>()
  readonly #ends: DelayLine<SpdyStream>
  readonly #doubts: DelayLine<SpdyStream>
  readonly #unanswered: DelayLine<SpdyStream>
  #nextStreamId = 1
  #nextPingId = 1
  #isProven = false
  #isOver = false
  #isFlushDue = false
  bytesIn = 0
  bytesOut = 0

  constructor(upgraded: Upgraded, options: TunnelOptions, events: TunnelEvents) {
    const { clock, streamMs } = options
    this.transport = upgraded.transport
    this.#events = events
    this.#watchdog = new Watchdog(clock, options.pingIntervalMs, {
      ping: () => this.#ping(),
      overdue: () => this.#isProven && events.overdue(failure('KPF_TUNNEL_SILENT', 'a ping through the tunnel is overdue')),
      dead: (silent) => this.#end(failure('KPF_TUNNEL_SILENT', silences[silent])),
    })
    this.#ends = new DelayLine(clock, END_WAIT_MS, (stream) => stream.waitedEnough())
    this.#doubts = new DelayLine(clock, REPLY_DOUBT_MS, () => this.#watchdog.hurry())
    this.#unanswered = new DelayLine(clock, streamMs, (stream) => stream.timedOut(streamMs))
    this.#wire = new Wire(upgraded, {
      bytes: (chunk) => this.#received(chunk),
      pong: () => this.#watchdog.serverHeard(),
      drained: () => this.#drained(),
      ended: (why) => this.#end(why),
    })
    this.#watchdog.start()
    this.#wire.start(upgraded.head)
  }

  get openStreams(): number {
    return this.#streams.size / 2
  }

  /** Both SYNs and the first bytes leave together: one round trip less than waiting, twice. */
  openStream(port: number, early: readonly Buffer[], sink: StreamSink): TunnelStream {
    const errorId = this.#nextStreamId
    const dataId = errorId + 2
    this.#nextStreamId += 4
    const stream = new SpdyStream({ errorId, dataId }, this.#host, sink)
    this.#streams.set(errorId, stream).set(dataId, stream)
    this.#outbound.control(...this.#syns(port, errorId, dataId))
    this.#doubts.add(stream)
    this.#unanswered.add(stream)
    for (const bytes of early) stream.write(bytes)
    this.#flushSoon()
    return stream
  }

  probe(): void {
    this.#watchdog.hurry(PROBE_PONG_MS)
  }

  close(why: Failure): void {
    if (this.#isOver) return
    this.#stop()
    this.#wire.close()
    for (const stream of new Set(this.#streams.values())) stream.lost(why)
    this.#streams.clear()
  }

  #syns(port: number, errorId: number, dataId: number): Buffer[] {
    const common = [
      ['port', String(port)],
      ['requestid', String(errorId >> 2)],
    ] as const
    return [
      this.#headers.synStream(errorId, [['streamtype', 'error'], ...common], { fin: true }),
      this.#headers.synStream(dataId, [['streamtype', 'data'], ...common], { fin: false }),
    ]
  }

  readonly #host = {
    ready: (stream: SpdyStream): void => {
      this.#outbound.ready(stream)
      this.#flushSoon()
    },
    control: (frame: Buffer): void => this.#send(frame),
    forget: (stream: SpdyStream): void => this.#forget(stream),
    waitForEnd: (stream: SpdyStream): void => this.#ends.add(stream),
    hold: (stream: SpdyStream, isHeld: boolean): void => this.#hold(stream, isHeld),
  }

  #forget(stream: SpdyStream): void {
    this.#hold(stream, false)
    this.#outbound.forget(stream)
    for (const line of [this.#ends, this.#doubts, this.#unanswered]) line.delete(stream)
    this.#streams.delete(stream.errorId)
    this.#streams.delete(stream.dataId)
    if (this.#isOver) return
    this.#events.streamEnded()
    if (this.#nextStreamId >= LAST_STREAM_ID && this.#streams.size === 0) this.#end(failure('KPF_TUNNEL_LOST', 'the tunnel has used up its stream ids'))
  }

  #hold(stream: SpdyStream, isHeld: boolean): void {
    const before = this.#held.size
    if (isHeld) this.#held.add(stream)
    else this.#held.delete(stream)
    const after = this.#held.size
    if (this.#isOver || (before === 0) === (after === 0)) return
    this.#watchdog.hold(after > 0)
    if (after > 0) this.#wire.pause()
    else this.#wire.resume()
  }

  #received(chunk: Buffer): void {
    this.bytesIn += chunk.length
    const wasOverdue = this.#watchdog.heard()
    const malformed = this.#decoder.push(chunk, (frame) => this.#frame(frame))
    if (malformed) return this.#end(malformed)
    if (wasOverdue && this.#isProven && !this.#isOver) this.#events.answered()
  }

  #frame(frame: Frame): void {
    if (this.#isOver) return
    switch (frame.kind) {
      case 'data':
        return this.#streams.get(frame.streamId)?.received(frame.streamId, frame.bytes, frame.fin)
      case 'syn-reply':
        return this.#replied(this.#streams.get(frame.streamId))
      case 'rst-stream':
        return this.#streams.get(frame.streamId)?.resetReceived(frame.streamId)
      case 'ping':
        return this.#pinged(frame.id)
      case 'syn-stream':
        return this.#send(rstStream(frame.streamId, resetStatus.refused))
      case 'go-away':
        // Not a graceful goodbye: the peer's read loop has stopped already.
        return this.#end(failure('KPF_TUNNEL_LOST', `the node ended the tunnel (GOAWAY ${frame.status})`))
    }
  }

  #replied(stream: SpdyStream | undefined): void {
    if (stream === undefined) return
    this.#doubts.delete(stream)
    this.#unanswered.delete(stream)
    stream.replied()
  }

  /** Odd ids are ours and come back as answers; the peer's even ones are echoed. */
  #pinged(id: number): void {
    if ((id & 1) === 0) return this.#send(ping(id))
    if (this.#isProven) return
    this.#isProven = true
    this.#events.opened()
  }

  #send(frame: Buffer): void {
    this.#outbound.control(frame)
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#isOver) return
    this.#isFlushDue = true
    queueMicrotask(() => {
      this.#isFlushDue = false
      this.#flush()
    })
  }

  #flush(): void {
    while (!this.#isOver && !this.#outbound.isEmpty && this.#wire.queuedBytes < SOCKET_LIMIT_BYTES) {
      const parts = this.#outbound.next()
      if (parts.length === 0) continue
      for (const part of parts) this.bytesOut += part.length
      this.#wire.send(parts)
      this.#watchdog.wrote()
    }
  }

  #drained(): void {
    this.#watchdog.progressed()
    this.#flush()
  }

  #ping(): void {
    this.#wire.ping()
    for (let n = 0; n < PING_BURST; n++) {
      this.#outbound.control(ping(this.#nextPingId))
      this.#nextPingId = (this.#nextPingId + 2) & 0x7fff_ffff
    }
    this.#flushSoon()
  }

  #end(why: Failure): void {
    if (this.#isOver) return
    this.close(why)
    this.#events.ended(why, false)
  }

  #stop(): void {
    this.#isOver = true
    this.#watchdog.stop()
    for (const line of [this.#ends, this.#doubts, this.#unanswered]) line.stop()
  }
}

const silences = {
  node: 'the API server answers pings, the node behind it does not',
  tunnel: 'no answer to three pings through the tunnel',
} as const
