/**
 * One forwarded connection at the node's end: two streams, one socket into the pod.
 *
 * Behaves as containerd and CRI-O do: two copies, and when the first has ended the other
 * gets one second. Neither end is passed on as a half-close.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../system/clock.ts'
import { dataHead, resetStatus, rstStream } from '../tunnel/spdy.ts'

/** What a pair needs of its session and of the node. */
export interface PairHost {
  readonly clock: Clock
  /** Dials inside the pod; rejects as the runtime's dial does. */
  dial(port: number): Promise<Socket>
  /** The runtime's words once the pod's sandbox has ended. */
  goneText(): string | undefined
  /** `false` when the connection is full; every pair is resumed when it has drained. */
  send(...frames: readonly Buffer[]): boolean
  /** The pod does not read: the session's worker is stuck behind it, or no longer. */
  stuck(isStuck: boolean): void
  forget(pair: SpdyPair): void
}

const FRAME_BYTES = 32 * 1024
/** What the buffers between node and app take before a worker is stuck. */
const POD_BUFFER_BYTES = 4 * 1024 * 1024
const SECOND_COPY_MS = 1_000

/** A pair; it dials when both of its streams are there. */
export class SpdyPair {
  readonly #host: PairHost
  readonly request: string
  readonly #port: number
  readonly #over = new AbortController()
  dataId: number | undefined
  errorId: number | undefined
  #socket: Socket | undefined
  #early: Buffer[] = []
  #isStuck = false
  #podEnded = false
  #clientEnded = false
  #error: string | undefined

  constructor({ request, port }: { readonly request: string; readonly port: number }, host: PairHost) {
    this.request = request
    this.#port = port
    this.#host = host
  }

  /** Both streams are in. */
  async start(): Promise<void> {
    const gone = this.#host.goneText()
    if (gone !== undefined) return this.#sandboxGone(gone)
    try {
      const socket = await this.#host.dial(this.#port)
      if (this.#over.signal.aborted) socket.destroy()
      else this.#connected(socket)
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
    }
  }

  /** DATA of the client. */
  received(streamId: number, bytes: Buffer, fin: boolean): void {
    if (streamId !== this.dataId || this.#over.signal.aborted) return
    if (this.#socket === undefined) this.#early.push(bytes)
    else if (bytes.length > 0) this.#write(this.#socket, bytes)
    if (!fin) return
    this.#clientEnded = true
    if (this.#socket) void this.#firstEnded()
  }

  /** RST_STREAM of the client, or the end of the whole connection. */
  drop(): void {
    this.#over.abort()
    this.#setStuck(false)
    this.#socket?.destroy()
    this.#host.forget(this)
  }

  resume(): void {
    this.#socket?.resume()
  }

  #connected(socket: Socket): void {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.#podSent(socket, bytes))
    socket.on('drain', () => this.#setStuck(false))
    socket.on('end', () => this.#podDone(undefined))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#podDone(error.code === 'ECONNRESET' ? 'read: connection reset by peer' : 'write: broken pipe'))
    for (const bytes of this.#early.splice(0)) this.#write(socket, bytes)
    if (this.#clientEnded) void this.#firstEnded()
  }

  #podSent(socket: Socket, bytes: Buffer): void {
    if (this.#over.signal.aborted || this.dataId === undefined) return
    for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
      const slice = bytes.subarray(at, at + FRAME_BYTES)
      if (!this.#host.send(dataHead(this.dataId, slice.length, { fin: false }), slice)) socket.pause()
    }
  }

  #podDone(error: string | undefined): void {
    if (this.#podEnded) return
    this.#podEnded = true
    if (error !== undefined) this.#error = `error forwarding port ${this.#port} to pod 0123abcd, uid : ${error}`
    void this.#firstEnded()
  }

  async #firstEnded(): Promise<void> {
    const { clock } = this.#host
    const isSecond = this.#podEnded && this.#clientEnded
    if (!isSecond && !(await clock.sleep(SECOND_COPY_MS, this.#over.signal))) return
    if (this.#over.signal.aborted) return
    if (this.#error !== undefined) this.#fail(this.#error)
    else this.#finish(dataHead(this.#id(this.dataId), 0, { fin: true }), dataHead(this.#id(this.errorId), 0, { fin: true }))
  }

  #fail(text: string): void {
    const { bytes, head } = this.#text(text)
    this.#finish(dataHead(this.#id(this.dataId), 0, { fin: true }), head, bytes, rstStream(this.#id(this.errorId), resetStatus.cancel))
  }

  #sandboxGone(text: string): void {
    const { bytes, head } = this.#text(text)
    this.#finish(head, bytes, rstStream(this.#id(this.dataId), resetStatus.cancel), rstStream(this.#id(this.errorId), resetStatus.cancel))
  }

  #text(text: string): { readonly head: Buffer; readonly bytes: Buffer } {
    const bytes = Buffer.from(text)
    return { bytes, head: dataHead(this.#id(this.errorId), bytes.length, { fin: false }) }
  }

  #finish(...frames: readonly Buffer[]): void {
    if (this.#over.signal.aborted) return
    this.#host.send(...frames)
    this.drop()
  }

  #write(socket: Socket, bytes: Buffer): void {
    socket.write(bytes)
    if (socket.writableLength > POD_BUFFER_BYTES) this.#setStuck(true)
  }

  #setStuck(isStuck: boolean): void {
    if (this.#isStuck === isStuck) return
    this.#isStuck = isStuck
    this.#host.stuck(isStuck)
  }

  #id(id: number | undefined): number {
    if (id === undefined) throw new TypeError('a pair speaks only when both of its streams are there')
    return id
  }
}
