/**
 * One forwarded connection as a WebSocket of its own, the only kind that servers
 * before 1.30 know besides SPDY.
 *
 * Owns its dial and its wire. There is no half-close on this transport: to end our half
 * is to end both.
 */
import { ChannelDecoder, DATA_CHANNEL } from './channel.ts'
import type { Dialled } from './dial.ts'
import type { Upgraded } from './dialer.ts'
import { type Failure, failure } from './failure.ts'
import { ByteQueue } from './outbound.ts'
import { classifyStreamError } from './refusals.ts'
import { OUTBOUND_LIMIT_BYTES, type StreamEnd, type StreamSink, type TunnelStream } from './stream.ts'
import { Wire } from './wire.ts'

/** What a stream needs of its tunnel. */
export interface ChannelHost {
  dial(port: number, signal: AbortSignal): Promise<Dialled>
  moved(bytesIn: number, bytesOut: number): void
  /** The node has taken the stream. */
  answered(stream: ChannelStream): void
  /** It has ended; `refused` when its dial was. */
  forget(stream: ChannelStream, refused?: { readonly failure: Failure; readonly podGone: boolean }): void
}

const SOCKET_LIMIT_BYTES = 256 * 1024
const MESSAGE_BYTES = 32 * 1024
const MAX_ERROR_CHARS = 4 * 1024
const NORMAL_CLOSE = 1000

/** A stream that dials by itself; what is written before that is done waits here. */
export class ChannelStream implements TunnelStream {
  readonly #host: ChannelHost
  readonly #sink: StreamSink
  readonly #decoder: ChannelDecoder
  readonly #queue = new ByteQueue()
  readonly #dial = new AbortController()
  #wire: Wire | undefined
  #handedBytes = 0
  #isFull = false
  #isEnding = false
  #isOver = false
  #isAnswered = false
  #error = ''

  constructor(port: number, host: ChannelHost, sink: StreamSink) {
    this.#host = host
    this.#sink = sink
    this.#decoder = new ChannelDecoder(port)
    void this.#open(port)
  }

  write(bytes: Buffer): boolean {
    if (this.#isOver || this.#isEnding) return true
    this.#queue.push(bytes)
    this.#isFull ||= this.#queue.isOverLimit
    this.#flush()
    return !this.#isFull
  }

  end(): void {
    if (this.#isOver || this.#isEnding) return
    this.#isEnding = true
    this.#flush()
  }

  reset(): void {
    if (!this.#isOver) this.#leave()
  }

  pause(): void {
    this.#wire?.pause()
  }

  resume(): void {
    this.#wire?.resume()
  }

  lost(why: Failure): void {
    this.#finish({ kind: 'failed', failure: why, podGone: false, untouched: this.#handedBytes === 0 })
  }

  timedOut(afterMs: number): void {
    if (!this.#isAnswered) this.lost(failure('KPF_STREAM_TIMEOUT', `the node did not take the connection within ${afterMs / 1000} s`))
  }

  async #open(port: number): Promise<void> {
    const answer = await this.#host.dial(port, this.#dial.signal)
    if (answer.kind === 'upgraded') return this.#start(answer)
    if (this.#isOver || answer.kind === 'aborted') return
    this.#leave(answer)
    this.#sink.ended({ kind: 'failed', failure: answer.failure, podGone: answer.podGone, untouched: true })
  }

  #start(upgraded: Upgraded): void {
    if (this.#isOver) {
      upgraded.socket.destroy()
      return
    }
    this.#wire = new Wire(upgraded, {
      bytes: (message) => this.#received(message),
      pong: () => {},
      drained: () => this.#flush(),
      ended: (why, closeCode) => this.#wireEnded(why, closeCode),
    })
    this.#wire.start(upgraded.head)
    this.#flush()
  }

  #flush(): void {
    const wire = this.#wire
    if (wire === undefined || this.#isOver) return
    while (this.#queue.bytes > 0 && wire.queuedBytes < SOCKET_LIMIT_BYTES) {
      const bytes = Buffer.concat(this.#queue.take(MESSAGE_BYTES))
      this.#handedBytes += bytes.length
      this.#host.moved(0, bytes.length)
      wire.send([DATA_CHANNEL, bytes])
    }
    if (this.#isFull && this.#queue.bytes <= OUTBOUND_LIMIT_BYTES / 2) {
      this.#isFull = false
      this.#sink.writable()
    }
    if (!this.#isEnding || this.#queue.bytes > 0) return
    // Not a clean end of the pod's half: it may have had more to say.
    this.lost(failure('KPF_STREAM_RESET', 'the client ended its half, which the channel transport cannot pass on'))
  }

  #received(message: Buffer): void {
    if (this.#isOver) return
    const said = this.#decoder.read(message)
    if (said.kind === 'failure') return this.lost(said)
    // The first message only names the port, but nobody sends it before the node has the stream.
    this.#answered()
    if (said.kind === 'error') this.#error = (this.#error + said.text).slice(0, MAX_ERROR_CHARS)
    if (said.kind !== 'data' || said.bytes.length === 0) return
    this.#host.moved(said.bytes.length, 0)
    this.#sink.data(said.bytes)
  }

  #answered(): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    this.#host.answered(this)
    this.#sink.answered()
  }

  #wireEnded(why: Failure, closeCode: number | undefined): void {
    if (this.#error !== '') {
      const refusal = classifyStreamError(this.#error)
      const untouched = refusal.neverDialled || this.#handedBytes === 0
      return this.#finish({ kind: 'failed', failure: refusal.failure, podGone: refusal.podGone, untouched })
    }
    if (closeCode === NORMAL_CLOSE) return this.#finish({ kind: 'finished' })
    this.lost(why)
  }

  #finish(end: StreamEnd): void {
    if (this.#isOver) return
    this.#leave()
    this.#sink.ended(end)
  }

  #leave(refused?: { readonly failure: Failure; readonly podGone: boolean }): void {
    this.#isOver = true
    this.#dial.abort()
    this.#queue.clear()
    this.#wire?.close()
    this.#host.forget(this, refused)
  }
}
