/**
 * The node's end of a tunnel: SPDY/3.1 as the container runtimes serve it for
 * port-forwards, with a real inflater.
 *
 * Bytes in, bytes out; whoever owns the socket (bare, or in WebSocket messages) passes
 * them. Reads strictly: what a real node would end the connection over ends it here.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../system/clock.ts'
import { type Frame, FrameDecoder, HeaderFrames, ping, resetStatus, rstStream } from '../tunnel/spdy.ts'
import { HeaderBlocks } from './spdy-dictionary.ts'
import { type PairHost, SpdyPair } from './spdy-server-pair.ts'

/** The connection under a server, and the pod behind it. */
export interface SpdyServerParts {
  readonly clock: Clock
  readonly dial: (port: number) => Promise<Socket>
  readonly goneText: () => string | undefined
  /** `false` asks to wait for {@link SpdyServer.drained}. */
  readonly send: (bytes: Buffer) => boolean
  /** Stops or resumes the reading of the connection. */
  readonly hold: (isHeld: boolean) => void
  /** The connection is over: the client broke the protocol. */
  readonly end: () => void
}

/** One session of a node. */
export class SpdyServer {
  readonly #parts: SpdyServerParts
  readonly #decoder = new FrameDecoder()
  readonly #blocks = new HeaderBlocks()
  readonly #replies = new HeaderFrames()
  readonly #byStream = new Map<number, SpdyPair>()
  readonly #byRequest = new Map<string, SpdyPair>()
  /** Frames after a header block that is still being inflated: order matters. */
  readonly #frames: Frame[] = []
  #isBusy = false
  #stuck = 0
  #lastId = 0
  #isOver = false
  /** Whether pings are answered, and streams replied to: a node that hangs does neither. */
  isAnswering = true

  constructor(parts: SpdyServerParts) {
    this.#parts = parts
  }

  get openPairs(): number {
    return this.#byRequest.size
  }

  receive(chunk: Buffer): void {
    if (this.#isOver) return
    const malformed = this.#decoder.push(chunk, (frame) => this.#frames.push(frame))
    if (malformed) this.#break()
    else void this.#work()
  }

  /** The connection takes bytes again. */
  drained(): void {
    for (const pair of this.#byRequest.values()) pair.resume()
  }

  /** The connection has ended. */
  close(): void {
    this.#isOver = true
    this.#blocks.close()
    for (const pair of this.#byRequest.values()) pair.drop()
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    while (!this.#isOver && this.#stuck === 0) {
      const frame = this.#frames.shift()
      if (frame === undefined) break
      if (frame.kind === 'syn-stream') await this.#opened(frame)
      else this.#frame(frame)
    }
    this.#isBusy = false
  }

  #frame(frame: Exclude<Frame, { kind: 'syn-stream' }>): void {
    switch (frame.kind) {
      case 'data':
        return this.#byStream.get(frame.streamId)?.received(frame.streamId, frame.bytes, frame.fin)
      case 'rst-stream':
        return this.#reset(frame.streamId)
      case 'ping':
        if (this.isAnswering && (frame.id & 1) === 1) this.#send(ping(frame.id))
        return
      case 'go-away':
        return this.#break()
      case 'syn-reply':
    }
  }

  #reset(streamId: number): void {
    const pair = this.#byStream.get(streamId)
    if (pair && streamId === pair.dataId) pair.drop()
  }

  async #opened({ streamId, block }: Extract<Frame, { kind: 'syn-stream' }>): Promise<void> {
    const headers = await this.#blocks.read(block)
    if (this.#isOver) return
    if (headers === undefined) return this.#break()
    if (streamId <= this.#lastId) return this.#send(rstStream(streamId, 1))
    this.#lastId = streamId
    const port = Number(headers.get('port'))
    const kind = headers.get('streamtype')
    if (!Number.isInteger(port) || port < 1 || port > 65_535 || (kind !== 'data' && kind !== 'error'))
      return this.#send(rstStream(streamId, resetStatus.cancel))
    if (!this.isAnswering) return
    this.#send(this.#replies.synReply(streamId))
    this.#join(headers.get('requestid') ?? '', port, { kind, streamId })
  }

  #join(request: string, port: number, stream: { readonly kind: 'data' | 'error'; readonly streamId: number }): void {
    const pair = this.#byRequest.get(request) ?? new SpdyPair({ request, port }, this.#host)
    this.#byRequest.set(request, pair)
    this.#byStream.set(stream.streamId, pair)
    if (stream.kind === 'data') pair.dataId = stream.streamId
    else pair.errorId = stream.streamId
    if (pair.dataId !== undefined && pair.errorId !== undefined) void pair.start()
  }

  get #host(): PairHost {
    const { clock, dial, goneText } = this.#parts
    return {
      clock,
      dial,
      goneText,
      send: (...frames) => this.#isOver || this.#parts.send(Buffer.concat(frames)),
      stuck: (isStuck) => this.#setStuck(isStuck),
      forget: (pair) => this.#forget(pair),
    }
  }

  #forget(pair: SpdyPair): void {
    for (const id of [pair.dataId, pair.errorId]) if (id !== undefined) this.#byStream.delete(id)
    this.#byRequest.delete(pair.request)
  }

  /** A worker that is stuck behind one pod soon stops them all; here it does at once. */
  #setStuck(isStuck: boolean): void {
    this.#stuck += isStuck ? 1 : -1
    this.#parts.hold(this.#stuck > 0)
    if (this.#stuck === 0) void this.#work()
  }

  #send(frame: Buffer): void {
    if (!this.#isOver) this.#parts.send(frame)
  }

  #break(): void {
    this.close()
    this.#parts.end()
  }
}
