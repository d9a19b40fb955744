/**
 * Moves bytes between one local socket and one stream; the only place that knows
 * backpressure and half-close.
 *
 *   client ──data──► queue of the stream (256 KiB) ──► tunnel
 *          ◄─write── socket buffer, then 4 MiB here ◄── tunnel (paused beyond that)
 *
 * FIN reaches the client only after the pod's true end and every byte before it; any
 * other end is a reset, since a clean end would make a cut answer look whole.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../system/clock.ts'
import { type Failure, failure } from './failure.ts'
import type { StreamEnd, StreamSink, TunnelStream } from './stream.ts'

/** How a bridge behaves. */
export interface BridgeOptions {
  readonly clock: Clock
  /** How long a client's end is kept back while an answer may be due. */
  readonly halfCloseMs: number
  /** The node took the stream; the pod may still refuse. */
  readonly opened?: () => void
  /** The pod's program has said something: called once, with its first byte. */
  readonly spoke?: () => void
}

/** How a bridge ended. */
export type BridgeEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'client-left' }
  | {
      readonly kind: 'failed'
      readonly failure: Failure
      readonly podGone: boolean
      /** Given when the pod provably saw nothing: the socket lives on, unread, and these bytes are to be sent again. */
      readonly replay?: readonly Buffer[]
    }

/** A connection on its way. */
export interface Bridge {
  readonly done: Promise<BridgeEnd>
  /** Resets the client and the stream. */
  reset(): void
  readonly counters: { readonly bytesUp: number; readonly bytesDown: number; readonly lastByteMs: number }
}

/** What a client that does not read may have waiting; beyond it the tunnel is paused. */
const STALLED_BYTES = 4 * 1024 * 1024
/** What is kept of the client's bytes for a second dispatch. */
const REPLAY_BYTES = 64 * 1024
/** Once one side has ended, silence ends the other. */
const ONE_SIDED_SILENCE_MS = 60_000

/** How long a client may take to end its half after the pod has ended. */
const LAST_WORD_MS = 1_000

/** Joins a socket, whose first bytes were read already, with a stream that `open` makes. */
export function bridge(socket: Socket, early: readonly Buffer[], open: (sink: StreamSink) => TunnelStream | undefined, options: BridgeOptions): Bridge {
  const pump = new Pump(socket, early, options)
  pump.start(open)
  return pump
}

class Pump implements Bridge, StreamSink {
  readonly done: Promise<BridgeEnd>
  readonly counters = { bytesUp: 0, bytesDown: 0, lastByteMs: 0 }
  readonly #socket: Socket
  readonly #options: BridgeOptions
  readonly #resolve: (end: BridgeEnd) => void
  readonly #over = new AbortController()
  #replay: Buffer[] | undefined
  #replayBytes = 0
  #stream: TunnelStream | undefined
  #isPaused = false
  #clientEnded = false
  #finSent = false
  #podEnded = false
  #lastMoved: 'up' | 'down' = 'down'

  constructor(socket: Socket, early: readonly Buffer[], options: BridgeOptions) {
    this.#socket = socket
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<BridgeEnd>()
    this.done = promise
    this.#resolve = resolve
    this.#replay = [...early]
    this.#replayBytes = early.reduce((sum, chunk) => sum + chunk.length, 0)
    this.counters.bytesUp = this.#replayBytes
    if (this.#replayBytes > 0) this.#lastMoved = 'up'
    this.counters.lastByteMs = options.clock.now()
  }

  start(open: (sink: StreamSink) => TunnelStream | undefined): void {
    const socket = this.#socket
    const stream = open(this)
    if (stream === undefined) {
      return this.ended({
        kind: 'failed',
        failure: failure('KPF_TUNNEL_LOST', 'the tunnel was lost before the connection was opened'),
        podGone: false,
        untouched: true,
      })
    }
    this.#stream = stream
    socket.on('data', this.#up).on('end', this.#ended).on('drain', this.#drained).on('error', this.#left).on('close', this.#left)
    // What was read ahead may be more than the stream wants at once.
    socket.resume()
    if (socket.readableEnded) this.#ended()
  }

  reset(): void {
    if (this.#over.signal.aborted) return
    this.#stream?.reset()
    this.#kill()
    this.#finish({ kind: 'failed', failure: failure('KPF_STREAM_RESET', 'the connection was reset'), podGone: false })
  }

  answered(): void {
    this.#options.opened?.()
  }

  data(bytes: Buffer): void {
    if (this.#over.signal.aborted) return
    this.#replay = undefined
    this.#moved('down', bytes.length)
    this.#socket.write(bytes)
    if (this.#isPaused || this.#socket.writableLength < STALLED_BYTES) return
    this.#isPaused = true
    this.#stream?.pause()
  }

  writable(): void {
    if (!this.#over.signal.aborted && !this.#clientEnded) this.#socket.resume()
  }

  /** The pod has no more to say; the client may still send. */
  halfClosed(): void {
    if (this.#over.signal.aborted || this.#podEnded) return
    this.#podEnded = true
    this.#replay = undefined
    this.#endOnceWritten(() => {})
    void this.#watchSilence()
    this.#sendFin()
  }

  ended(end: StreamEnd): void {
    if (this.#over.signal.aborted) return
    if (end.kind === 'finished') return this.#finished()
    if (end.untouched && this.#replay && !this.#clientEnded && !this.#socket.destroyed) {
      const replay = this.#replay
      this.#detach()
      this.#socket.pause()
      return this.#finish({ kind: 'failed', failure: end.failure, podGone: end.podGone, replay })
    }
    this.#kill()
    this.#finish({ kind: 'failed', failure: end.failure, podGone: end.podGone })
  }

  readonly #up = (chunk: Buffer): void => {
    this.#moved('up', chunk.length)
    if (this.#replay) {
      this.#replayBytes += chunk.length
      if (this.#replayBytes > REPLAY_BYTES) this.#replay = undefined
      else this.#replay.push(chunk)
    }
    if (this.#stream?.write(chunk) === false) this.#socket.pause()
  }

  readonly #drained = (): void => {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#stream?.resume()
  }

  /**
   * The client has no more to send. Container runtimes end a connection one second after
   * either direction ends, so an end passed on at once would cut a late answer off: it is
   * kept back while an answer may be due.
   */
  readonly #ended = (): void => {
    if (this.#clientEnded || this.#over.signal.aborted) return
    this.#clientEnded = true
    void this.#watchSilence()
    if (this.#podEnded || this.#lastMoved === 'down') this.#sendFin()
    else void this.#linger()
  }

  readonly #left = (left?: boolean | Error): void => {
    if (this.#over.signal.aborted) return
    // Both ends were clean and only the socket is done: what is queued for the pod still goes there.
    if (left === false && this.#clientEnded && this.#podEnded) return
    this.#stream?.reset()
    this.#kill()
    this.#finish({ kind: 'client-left' })
  }

  async #linger(): Promise<void> {
    const { clock, halfCloseMs } = this.#options
    while (!this.#finSent && !this.#over.signal.aborted) {
      const leftMs = this.counters.lastByteMs + halfCloseMs - clock.now()
      if (leftMs <= 0) return this.#sendFin()
      if (!(await clock.sleep(leftMs, this.#over.signal))) return
    }
  }

  #sendFin(): void {
    if (this.#finSent || !this.#clientEnded) return
    this.#finSent = true
    this.#stream?.end()
  }

  async #watchSilence(): Promise<void> {
    const { clock } = this.#options
    for (;;) {
      const leftMs = this.counters.lastByteMs + ONE_SIDED_SILENCE_MS - clock.now()
      if (leftMs <= 0) return this.reset()
      if (!(await clock.sleep(leftMs, this.#over.signal))) return
    }
  }

  /** The pod's true end: the client gets it after every byte. */
  #finished(): void {
    const socket = this.#socket
    if (socket.destroyed) return this.#finish({ kind: 'done' })
    this.#podEnded = true
    socket.off('data', this.#up).off('end', this.#ended).off('close', this.#left)
    const done = (): void => this.#finish({ kind: 'done' })
    socket.once('close', done)
    // The pod reads no more: what the client still sends has nowhere to go.
    socket.on('data', ignore).resume()
    this.#endOnceWritten(() => void this.#letGo())
  }

  /**
   * Everything is on its way to the client, not yet with it. To close a socket that
   * receives is to reset it, and a reset may overtake the answer: the client gets a
   * moment to end its half first.
   */
  async #letGo(): Promise<void> {
    if (!this.#socket.readableEnded) await this.#options.clock.sleep(LAST_WORD_MS, this.#over.signal)
    this.#socket.destroy()
  }

  #moved(way: 'up' | 'down', bytes: number): void {
    this.#lastMoved = way
    this.counters.lastByteMs = this.#options.clock.now()
    if (way === 'up') this.counters.bytesUp += bytes
    else {
      if (this.counters.bytesDown === 0) this.#options.spoke?.()
      this.counters.bytesDown += bytes
    }
  }

  /** The end follows the last byte, not joins its queue: a socket whose end is queued cannot be reset. */
  #endOnceWritten(done: () => void): void {
    const socket = this.#socket
    if (socket.writableEnded) {
      if (socket.writableFinished) done()
      else socket.once('finish', done)
    } else if (socket.writableLength === 0) socket.end(done)
    else socket.write(NOTHING, () => socket.writable && socket.end(done))
  }

  #kill(): void {
    this.#detach()
    this.#socket.on('error', ignore)
    resetSocket(this.#socket)
  }

  #detach(): void {
    this.#socket.off('data', this.#up).off('end', this.#ended).off('drain', this.#drained).off('error', this.#left).off('close', this.#left)
  }

  #finish(end: BridgeEnd): void {
    if (this.#over.signal.aborted) return
    // Without a reason an exception with its stack is made, for every connection.
    this.#over.abort('ended')
    this.#socket.on('error', ignore)
    this.#replay = undefined
    this.#resolve(end)
  }
}

const NOTHING = Buffer.alloc(0)

/**
 * libuv refuses to reset a socket whose end is on its way (EINVAL), and Node then neither
 * closes it nor tells: the descriptor stays, and the process cannot end. The end has no
 * bytes before it, so it is over in a moment.
 */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished && !socket.destroyed) socket.once('finish', () => socket.resetAndDestroy())
  else socket.resetAndDestroy()
}

/** A socket that was given up may still fail; nobody is left to hear it. */
function ignore(): void {}
