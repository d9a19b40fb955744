/** A stream inside a tunnel, as `pump.ts` sees it. Types, and the bound both sides share. */
import type { Failure } from './failure.ts'

/** Bytes queued towards the pod on one stream before its writer is asked to wait. */
export const OUTBOUND_LIMIT_BYTES = 256 * 1024

/** Our side of one stream. */
export interface TunnelStream {
  /** Takes bytes for the pod; `false` asks to wait for {@link StreamSink.writable}. */
  write(bytes: Buffer): boolean
  /** No more bytes for the pod. */
  end(): void
  /** Ends both directions at once; nothing more is told. */
  reset(): void
  /** Nothing more is taken from the tunnel while the client is too far behind. */
  pause(): void
  resume(): void
}

/** How a stream ended. */
export type StreamEnd =
  /** The pod closed its side, and every byte before that was given out. */
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'failed'
      readonly failure: Failure
      readonly podGone: boolean
      /** The pod provably never saw a byte of it. */
      readonly untouched: boolean
    }

/** Whom a stream tells. */
export interface StreamSink {
  /** The node took the stream; the pod may still refuse. */
  answered(): void
  /** Bytes of the pod. */
  data(bytes: Buffer): void
  writable(): void
  /** The pod will send no more, but may still read. */
  halfClosed(): void
  /** Once, last. */
  ended(end: StreamEnd): void
}
