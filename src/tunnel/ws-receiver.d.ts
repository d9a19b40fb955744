/** What `ws` exports and `@types/ws` leaves out. */
import type { Writable } from 'node:stream'

declare module 'ws' {
  /** Reads WebSocket frames: bytes are written to it, messages come out as events, in the same tick. */
  class Receiver extends Writable {
    constructor(options?: {
      readonly isServer?: boolean
      readonly maxPayload?: number
      readonly maxFragments?: number
      readonly maxBufferedChunks?: number
      readonly skipUTF8Validation?: boolean
    })
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this
    on(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
    on(event: 'conclude', listener: (code: number, reason: Buffer) => void): this
    on(event: 'error', listener: (error: Error) => void): this
  }
}
