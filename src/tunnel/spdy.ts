/**
 * SPDY/3.1 as port-forward uses it: frames from bytes, bytes from frames. Pure.
 *
 * Header blocks are written as stored deflate blocks, each closed by an empty one, so
 * that no zlib state is needed; those received are always empty and are skipped.
 * Source: SPDY Protocol, Draft 3.1 (chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1).
 */
import { type Failure, failure } from './failure.ts'

/** A frame of the peer that means something to us. */
export type Frame =
  | { readonly kind: 'syn-reply'; readonly streamId: number }
  /** A piece of a DATA frame; the last piece carries the frame's FIN. */
  | { readonly kind: 'data'; readonly streamId: number; readonly bytes: Buffer; readonly fin: boolean }
  | { readonly kind: 'rst-stream'; readonly streamId: number; readonly status: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'go-away'; readonly status: number }
  /** A stream the peer opens. A server's is to be refused; the sandbox reads a client's, headers still compressed. */
  | { readonly kind: 'syn-stream'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }

const VERSION_BYTE = 0x80
const SYN_STREAM = 1
const SYN_REPLY = 2
const RST_STREAM = 3
const PING = 6
const GOAWAY = 7
const FIN = 1
const MAX_CONTROL_BYTES = 64 * 1024
/** zlib header with FDICT, then the Adler-32 of the SPDY/3 dictionary. */
const ZLIB_START = Buffer.from('78bbe3c6a7c2', 'hex')
const EMPTY_STORED = Buffer.from('000000ffff', 'hex')

/** RST_STREAM statuses that we send. */
export const resetStatus = { refused: 3, cancel: 5 } as const

/** Writes frames. One for each connection: its first header block starts the zlib stream. */
export class HeaderFrames {
  #isStarted = false

  /** SYN_STREAM with the headers of one stream of a forwarded connection. */
  synStream(streamId: number, headers: readonly (readonly [string, string])[], { fin }: { readonly fin: boolean }): Buffer {
    return this.#frame(SYN_STREAM, fin ? FIN : 0, streamId, [Buffer.alloc(6), ...this.#block(headers)])
  }

  /** SYN_REPLY as the node sends it: without a header. */
  synReply(streamId: number): Buffer {
    return this.#frame(SYN_REPLY, 0, streamId, this.#block([]))
  }

  /**
   * The empty block at the end is no decoration: the peer's inflater hands out nothing
   * before it, and without it the second block of a connection kills the connection.
   */
  #block(headers: readonly (readonly [string, string])[]): Buffer[] {
    const plain = headerBlock(headers)
    const stored = Buffer.alloc(5)
    stored.writeUInt16LE(plain.length, 1)
    stored.writeUInt16LE(~plain.length & 0xffff, 3)
    const start = this.#isStarted ? [] : [ZLIB_START]
    this.#isStarted = true
    return [...start, stored, plain, EMPTY_STORED]
  }

  #frame(type: number, flags: number, streamId: number, rest: readonly Buffer[]): Buffer {
    const payload = Buffer.concat(rest)
    const head = Buffer.alloc(12)
    control(head, type, flags, 4 + payload.length)
    head.writeUInt32BE(streamId, 8)
    return Buffer.concat([head, payload])
  }
}

/** The head of a DATA frame; `length` bytes follow. */
export function dataHead(streamId: number, length: number, { fin }: { readonly fin: boolean }): Buffer {
  const head = Buffer.allocUnsafe(8)
  head.writeUInt32BE(streamId, 0)
  head.writeUInt32BE((((fin ? FIN : 0) << 24) | length) >>> 0, 4)
  return head
}

/** RST_STREAM. */
export function rstStream(streamId: number, status: number): Buffer {
  const frame = Buffer.alloc(16)
  control(frame, RST_STREAM, 0, 8)
  frame.writeUInt32BE(streamId, 8)
  frame.writeUInt32BE(status, 12)
  return frame
}

/** GOAWAY with status 0. */
export function goAway(lastStreamId: number): Buffer {
  const frame = Buffer.alloc(16)
  control(frame, GOAWAY, 0, 8)
  frame.writeUInt32BE(lastStreamId, 8)
  return frame
}

/** PING; ours are odd, the peer's are sent back unchanged. */
export function ping(id: number): Buffer {
  const frame = Buffer.alloc(12)
  control(frame, PING, 0, 4)
  frame.writeUInt32BE(id, 8)
  return frame
}

/** Uncompressed header block: count, then name and value with their lengths. */
export function headerBlock(headers: readonly (readonly [string, string])[]): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(headers.length)
  return Buffer.concat([count, ...headers.flatMap(([name, value]) => [counted(name), counted(value)])])
}

/**
 * Reads frames from bytes cut anywhere. After a failure it takes nothing more.
 */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0)
  /** A DATA frame whose payload is still arriving. */
  #data: { streamId: number; left: number; isFin: boolean } | undefined
  #failure: Failure | undefined

  /** Hands out all frames that end in `chunk`, and pieces of DATA as they come; returns what is malformed. */
  push(chunk: Buffer, take: (frame: Frame) => void): Failure | undefined {
    const frames: Frame[] = []
    const failed = this.#read(chunk, frames)
    for (const frame of frames) take(frame)
    return failed
  }

  #read(chunk: Buffer, frames: Frame[]): Failure | undefined {
    if (this.#failure) return this.#failure
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (bytes.length > 0) {
      if (this.#data) {
        bytes = this.#piece(bytes, frames)
        continue
      }
      if (bytes.length < 8) break
      const length = bytes.readUInt32BE(4) & 0xffffff
      const flags = bytes[4] ?? 0
      const first = bytes.readUInt32BE(0)
      if (first === 0) return this.#fail('DATA for stream 0')
      if (first < 0x80000000) {
        this.#data = { streamId: first, left: length, isFin: (flags & FIN) !== 0 }
        bytes = bytes.subarray(8)
        if (length === 0) bytes = this.#piece(bytes, frames)
        continue
      }
      const version = (first >>> 16) & 0x7fff
      if (version !== 3) return this.#fail(`a control frame of version ${version}`)
      if (length > MAX_CONTROL_BYTES) return this.#fail(`a control frame of ${length} bytes`)
      if (bytes.length < 8 + length) break
      const wrong = controlFrame({ type: first & 0xffff, flags }, bytes.subarray(8, 8 + length), frames)
      if (wrong !== undefined) return this.#fail(wrong)
      bytes = bytes.subarray(8 + length)
    }
    this.#pending = bytes
    return undefined
  }

  #piece(bytes: Buffer, frames: Frame[]): Buffer {
    const data = this.#data
    if (data === undefined) return bytes
    const piece = bytes.subarray(0, data.left)
    data.left -= piece.length
    const isLast = data.left === 0
    if (piece.length > 0 || data.isFin) frames.push({ kind: 'data', streamId: data.streamId, bytes: piece, fin: isLast && data.isFin })
    if (isLast) this.#data = undefined
    return bytes.subarray(piece.length)
  }

  #fail(what: string): Failure {
    this.#failure = failure('KPF_TUNNEL_MALFORMED', `the server sent ${what} in the tunnel`)
    return this.#failure
  }
}

/** What is read of each type: its exact length, or its least. */
const lengths: ReadonlyMap<number, { readonly exact?: number; readonly least?: number }> = new Map([
  [SYN_STREAM, { least: 10 }],
  [SYN_REPLY, { least: 4 }],
  [RST_STREAM, { exact: 8 }],
  [PING, { exact: 4 }],
  [GOAWAY, { exact: 8 }],
])

/** Adds what the frame means; returns what is wrong with it. Unknown and useless types are passed over. */
function controlFrame({ type, flags }: { readonly type: number; readonly flags: number }, payload: Buffer, frames: Frame[]): string | undefined {
  const length = lengths.get(type)
  if (length === undefined) return undefined
  if (payload.length < (length.least ?? 0) || payload.length !== (length.exact ?? payload.length)) {
    return `a control frame of type ${type} with ${payload.length} bytes`
  }
  const first = payload.readUInt32BE(0) & 0x7fffffff
  if (first === 0 && type !== GOAWAY) return `a control frame of type ${type} with id 0`
  frames.push(meaning(type, flags, payload))
  return undefined
}

function meaning(type: number, flags: number, payload: Buffer): Frame {
  const id = payload.readUInt32BE(0)
  const streamId = id & 0x7fffffff
  switch (type) {
    case SYN_STREAM:
      return { kind: 'syn-stream', streamId, fin: (flags & FIN) !== 0, block: payload.subarray(10) }
    case SYN_REPLY:
      return { kind: 'syn-reply', streamId }
    case RST_STREAM:
      return { kind: 'rst-stream', streamId, status: payload.readUInt32BE(4) }
    case PING:
      return { kind: 'ping', id }
    default:
      return { kind: 'go-away', status: payload.readUInt32BE(4) }
  }
}

function control(frame: Buffer, type: number, flags: number, length: number): void {
  frame[0] = VERSION_BYTE
  frame[1] = 3
  frame.writeUInt16BE(type, 2)
  frame.writeUInt32BE(((flags << 24) | length) >>> 0, 4)
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
