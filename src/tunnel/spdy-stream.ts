/**
 * One forwarded connection inside a SPDY tunnel: a data stream and its error stream.
 *
 * Owns what is queued towards the pod and decides when the pair has ended. The order
 * of frames at an end differs between runtimes, so the end is judged only when both
 * streams have ended, or the error stream had its time to speak.
 */
import type { Failure } from './failure.ts'
import { failure } from './failure.ts'
import { ByteQueue, type Sender } from './outbound.ts'
import { classifyStreamError } from './refusals.ts'
import { dataHead, resetStatus, rstStream } from './spdy.ts'
import { OUTBOUND_LIMIT_BYTES, type StreamEnd, type StreamSink, type TunnelStream } from './stream.ts'

/** What a stream needs of its tunnel. */
export interface StreamHost {
  /** The stream has something to send. */
  ready(stream: SpdyStream): void
  control(frame: Buffer): void
  /** The stream has ended; nothing more is sent or received for it. */
  forget(stream: SpdyStream): void
  /** Call {@link SpdyStream.waitedEnough} in 250 ms. */
  waitForEnd(stream: SpdyStream): void
  hold(stream: SpdyStream, isHeld: boolean): void
}

/** Longer texts of an error stream are cut: nobody reads them, and a hostile peer may not fill memory. */
const MAX_ERROR_BYTES = 4 * 1024

/** A pair of streams, from its SYNs to its end. */
export class SpdyStream implements TunnelStream, Sender {
  readonly errorId: number
  readonly dataId: number
  readonly #host: StreamHost
  readonly #sink: StreamSink
  readonly #queue = new ByteQueue()
  #handedBytes = 0
  #isFull = false
  #isEnding = false
  #finSent = false
  #isOver = false
  #isAnswered = false
  /** How the pod's half ended, once it has. */
  #remote: 'open' | 'finished' | 'reset' = 'open'
  #errorEnded = false
  #isHalfClosed = false
  #error: Buffer[] = []
  #errorBytes = 0

  constructor(ids: { readonly errorId: number; readonly dataId: number }, host: StreamHost, sink: StreamSink) {
    this.errorId = ids.errorId
    this.dataId = ids.dataId
    this.#host = host
    this.#sink = sink
  }

  get queuedBytes(): number {
    return this.#queue.bytes
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  write(bytes: Buffer): boolean {
    if (this.#isOver || this.#isEnding) return true
    this.#queue.push(bytes)
    this.#host.ready(this)
    this.#isFull ||= this.#queue.isOverLimit
    return !this.#isFull
  }

  end(): void {
    if (this.#isOver || this.#isEnding) return
    this.#isEnding = true
    this.#host.ready(this)
  }

  reset(): void {
    if (this.#isOver) return
    // Both: after our FIN the peer would not answer a reset of one by ending the other.
    this.#host.control(rstStream(this.dataId, resetStatus.cancel))
    this.#host.control(rstStream(this.errorId, resetStatus.cancel))
    this.#leave()
  }

  pause(): void {
    if (!this.#isOver) this.#host.hold(this, true)
  }

  resume(): void {
    if (!this.#isOver) this.#host.hold(this, false)
  }

  take(maxBytes: number): { readonly frame: readonly Buffer[]; readonly bytes: number; readonly hasMore: boolean } {
    const chunks = this.#queue.take(maxBytes)
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const fin = this.#isEnding && this.#queue.bytes === 0
    this.#handedBytes += bytes
    this.#finSent ||= fin
    if (this.#isFull && this.#queue.bytes <= OUTBOUND_LIMIT_BYTES / 2) {
      this.#isFull = false
      this.#sink.writable()
    }
    const frame = bytes === 0 && !fin ? [] : [dataHead(this.dataId, bytes, { fin }), ...chunks]
    return { frame, bytes, hasMore: this.#queue.bytes > 0 }
  }

  /** A SYN_REPLY of either stream. */
  replied(): void {
    if (this.#isAnswered || this.#isOver) return
    this.#isAnswered = true
    this.#sink.answered()
  }

  received(streamId: number, bytes: Buffer, fin: boolean): void {
    if (this.#isOver) return
    // Data is an answer, whatever became of the reply.
    this.replied()
    if (streamId === this.errorId) return this.#errorReceived(bytes, fin)
    if (this.#remote !== 'open') return
    if (bytes.length > 0) this.#sink.data(bytes)
    if (fin && !this.#isOver) this.#remoteEnded('finished')
  }

  /** RST_STREAM of either stream. */
  resetReceived(streamId: number): void {
    if (this.#isOver) return
    if (streamId === this.errorId) this.#errorEnd()
    else if (this.#remote === 'open') this.#remoteEnded('reset')
  }

  /** The error stream had its time. Text or a reset decide; a lone FIN is the pod's half-close. */
  waitedEnough(): void {
    if (this.#isOver) return
    if (this.#remote === 'finished' && this.#errorBytes === 0) this.#halfClose()
    else this.#settle()
  }

  /** The tunnel is no more. */
  lost(why: Failure): void {
    if (this.#isOver) return
    this.#isOver = true
    const untouched = this.#handedBytes === 0
    this.#sink.ended({ kind: 'failed', failure: why, podGone: false, untouched })
  }

  /** The node did not take the stream in time. */
  timedOut(afterMs: number): void {
    if (this.#isOver || this.#isAnswered) return
    this.reset()
    const why = failure('KPF_STREAM_TIMEOUT', `the node did not take the connection within ${afterMs / 1000} s`)
    this.#sink.ended({ kind: 'failed', failure: why, podGone: false, untouched: this.#handedBytes === 0 })
  }

  #errorReceived(bytes: Buffer, fin: boolean): void {
    if (this.#errorBytes < MAX_ERROR_BYTES) this.#error.push(bytes.subarray(0, MAX_ERROR_BYTES - this.#errorBytes))
    this.#errorBytes += bytes.length
    if (bytes.length > 0) this.#host.waitForEnd(this)
    if (fin) this.#errorEnd()
  }

  #errorEnd(): void {
    this.#errorEnded = true
    if (this.#remote !== 'open') this.#settle()
  }

  #remoteEnded(how: 'finished' | 'reset'): void {
    this.#remote = how
    if (this.#errorEnded) this.#settle()
    else this.#host.waitForEnd(this)
  }

  #halfClose(): void {
    if (this.#isHalfClosed) return
    this.#isHalfClosed = true
    this.#sink.halfClosed()
  }

  #settle(): void {
    const end = this.#end()
    if (end.kind === 'failed') {
      this.#host.control(rstStream(this.dataId, resetStatus.cancel))
    } else if (!this.#finSent) {
      // The pod's connection is gone; our FIN only lets the node forget the stream.
      this.#host.control(dataHead(this.dataId, 0, { fin: true }))
    }
    this.#leave()
    this.#sink.ended(end)
  }

  #end(): StreamEnd {
    const untouched = this.#handedBytes === 0
    if (this.#errorBytes > 0) {
      const refusal = classifyStreamError(Buffer.concat(this.#error).toString('utf8'))
      return { kind: 'failed', failure: refusal.failure, podGone: refusal.podGone, untouched: untouched || refusal.neverDialled }
    }
    if (this.#remote === 'finished') return { kind: 'finished' }
    return { kind: 'failed', failure: failure('KPF_STREAM_RESET', 'the node reset the connection'), podGone: false, untouched }
  }

  #leave(): void {
    this.#isOver = true
    this.#queue.clear()
    this.#error = []
    this.#host.forget(this)
  }
}
