/**
 * One upgraded socket: bytes or messages out, bytes or messages in, and its end.
 *
 * Owns the socket and the WebSocket layer, if there is one. Knows nothing of SPDY,
 * streams or time. Everything that ends a socket comes out as one `ended`.
 */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { Receiver } from 'ws'
import type { Upgraded } from './dialer.ts'
import { type Failure, failure } from './failure.ts'
import { MAX_MESSAGE_BYTES, message, normalClose, type Opcode } from './websocket.ts'

/** What a wire tells its tunnel. After `ended` nothing follows. */
export interface WireEvents {
  /** Bytes as they came; with WebSocket one whole message. */
  bytes(chunk: Buffer): void
  /** The API server answered a {@link Wire.ping}. */
  pong(): void
  /** What was queued in the socket has gone out. */
  drained(): void
  /** `closeCode` when the peer said goodbye in WebSocket's way. */
  ended(failure: Failure, closeCode?: number): void
}

/** A started wire reads at once. */
export class Wire {
  readonly hasMessages: boolean
  readonly #socket: Duplex
  readonly #events: WireEvents
  readonly #receiver: Receiver | undefined
  readonly #isMasked: boolean
  #ended = false

  constructor(upgraded: Upgraded, events: WireEvents) {
    this.#socket = upgraded.socket
    this.#events = events
    this.hasMessages = upgraded.transport !== 'spdy'
    this.#isMasked = !upgraded.encrypted
    this.#receiver = this.hasMessages ? this.#receive() : undefined
  }

  /** Begins to read, with the bytes that came along with the upgrade's answer. */
  start(head: Buffer): void {
    const socket = this.#socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => this.#ended || this.#events.drained())
    socket.on('end', () => this.#end('closed without a word'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message, error))
    socket.on('close', () => this.#end('closed'))
    if (socket.destroyed || socket.readableEnded) return this.#end('closed')
    if (head.length > 0) this.#read(head)
    socket.resume()
  }

  /** Bytes that wait in the socket. */
  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  /** Sends the parts as one message, or as they are. */
  send(parts: readonly Buffer[]): void {
    this.#write('binary', parts)
  }

  /** Asks the API server for a sign; only WebSocket can. */
  ping(): void {
    if (this.hasMessages) this.#write('ping', [])
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Says goodbye if it can, and lets go at once. No event follows. */
  close(): void {
    if (!this.#ended && this.hasMessages) this.#write('close', [normalClose])
    this.#ended = true
    this.#socket.on('error', ignore)
    this.#socket.destroy()
    this.#receiver?.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return
    if (this.#receiver) this.#receiver.write(chunk)
    else this.#events.bytes(chunk)
  }

  #write(opcode: Opcode, parts: readonly Buffer[]): void {
    if (this.#ended || !this.#socket.writable) return
    const buffers = this.hasMessages ? message(opcode, parts, this.#isMasked ? randomBytes(4) : undefined) : parts
    this.#socket.cork()
    for (const buffer of buffers) this.#socket.write(buffer)
    this.#socket.uncork()
  }

  #receive(): Receiver {
    // Text is fatal anyway, and a close says nothing worth checking.
    const receiver = new Receiver({ isServer: false, maxPayload: MAX_MESSAGE_BYTES, skipUTF8Validation: true })
    receiver.on('message', (bytes, isBinary) => {
      if (this.#ended) return
      if (isBinary) this.#events.bytes(bytes)
      else this.#fail(failure('KPF_TUNNEL_MALFORMED', 'the peer sent a text message'))
    })
    receiver.on('ping', (bytes) => this.#write('pong', [bytes]))
    receiver.on('pong', () => this.#ended || this.#events.pong())
    receiver.on('conclude', (code) => this.#fail(failure('KPF_TUNNEL_LOST', `the tunnel was closed (WebSocket close ${code})`), code))
    receiver.on('error', (error) => this.#fail(failure('KPF_TUNNEL_MALFORMED', `not WebSocket: ${error.message}`, { cause: error })))
    return receiver
  }

  #end(how: string, cause?: unknown): void {
    this.#fail(failure('KPF_TUNNEL_LOST', `the tunnel was cut (${how})`, cause === undefined ? {} : { cause }))
  }

  #fail(why: Failure, closeCode?: number): void {
    if (this.#ended) return
    this.#ended = true
    this.#socket.destroy()
    this.#events.ended(why, closeCode)
  }
}

/** A socket that was let go may still fail; nobody is left to hear it. */
function ignore(): void {}
