/**
 * What goes out next on one tunnel: control frames first, then DATA, a fair share each.
 *
 * Decides order and size only. It does not know the socket; whoever calls
 * {@link Outbound.next} does so once a turn, so that all writes of a turn share messages.
 */
import { OUTBOUND_LIMIT_BYTES } from './stream.ts'

/** One message carries at most about this. */
const MESSAGE_BYTES = 64 * 1024
/** One DATA frame carries at most this, so that small streams come in between. */
const FRAME_BYTES = 32 * 1024
/** A stream with less than this queued does not wait behind the large ones. */
const SMALL_BYTES = 4 * 1024

/** A stream with something to send. */
export interface Sender {
  readonly queuedBytes: number
  /** A DATA frame of at most `maxBytes` payload, and whether there is more to send. */
  take(maxBytes: number): { readonly frame: readonly Buffer[]; readonly bytes: number; readonly hasMore: boolean }
}

/** The queue of one tunnel. */
export class Outbound {
  #control: Buffer[] = []
  /** Each sender is in at most one of the two; a set keeps the order in which they queued. */
  readonly #small = new Set<Sender>()
  readonly #large = new Set<Sender>()

  get isEmpty(): boolean {
    return this.#control.length === 0 && this.#small.size === 0 && this.#large.size === 0
  }

  control(...frames: readonly Buffer[]): void {
    this.#control.push(...frames)
  }

  ready(sender: Sender): void {
    if (this.#small.has(sender) || this.#large.has(sender)) return
    const queue = sender.queuedBytes < SMALL_BYTES ? this.#small : this.#large
    queue.add(sender)
  }

  forget(sender: Sender): void {
    this.#small.delete(sender)
    this.#large.delete(sender)
  }

  /** The parts of the next message; empty when there is nothing to say. */
  next(): Buffer[] {
    const parts = this.#control
    this.#control = []
    let bytes = 0
    while (bytes < MESSAGE_BYTES) {
      const sender = this.#pick(bytes)
      if (sender === undefined) break
      this.forget(sender)
      const taken = sender.take(FRAME_BYTES)
      parts.push(...taken.frame)
      bytes += taken.bytes
      if (taken.hasMore) this.ready(sender)
    }
    return parts
  }

  /** Small ones first, but for at most half of a message while large ones wait. */
  #pick(bytes: number): Sender | undefined {
    const [small] = this.#small
    const [large] = this.#large
    return bytes < MESSAGE_BYTES / 2 ? (small ?? large) : (large ?? small)
  }
}

/** The chunks one stream has queued, handed out in any size without copying. */
export class ByteQueue {
  #chunks: Buffer[] = []
  /** Where in the first chunk the queue begins; chunks before `#first` are gone. */
  #first = 0
  bytes = 0

  get isOverLimit(): boolean {
    return this.bytes > OUTBOUND_LIMIT_BYTES
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.bytes += chunk.length
  }

  take(maxBytes: number): Buffer[] {
    const taken: Buffer[] = []
    let left = Math.min(maxBytes, this.bytes)
    this.bytes -= left
    while (left > 0) {
      const [chunk] = this.#chunks
      if (chunk === undefined) break
      const rest = chunk.subarray(this.#first)
      taken.push(rest.subarray(0, left))
      if (rest.length > left) {
        this.#first += left
        break
      }
      left -= rest.length
      this.#first = 0
      this.#chunks.shift()
    }
    return taken
  }

  clear(): void {
    this.#chunks = []
    this.#first = 0
    this.bytes = 0
  }
}
