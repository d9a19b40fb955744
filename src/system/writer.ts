/**
 * Writes to stdout or stderr so that a reader who is slow, or gone, never stops kpf:
 * past 1 MiB in the queue texts are dropped and counted, and a closed pipe is silence.
 */
import type { Writable } from 'node:stream'

const MAX_QUEUED_BYTES = 1024 * 1024

/** Takes a text; returns at once. */
export type Write = (text: string) => void

/** A writer over a stream whose errors it owns; the stream is made for the first text. */
export function writer(open: () => Writable): Write {
  let opened: Writable | undefined
  let dropped = 0
  let isGone = false
  const owned = (): Writable => {
    const stream = open()
    // A closed pipe ends a Node process unless somebody listens.
    stream.on('error', () => {
      isGone = true
    })
    return stream
  }
  return (text) => {
    if (isGone) return
    const stream = (opened ??= owned())
    if (stream.writableLength > MAX_QUEUED_BYTES) {
      dropped++
      return
    }
    if (dropped > 0) {
      stream.write(`(${dropped} lines dropped: nobody read them)\n`)
      dropped = 0
    }
    stream.write(text)
  }
}
