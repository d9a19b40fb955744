/**
 * What the process says on its two outputs, in the order in which it is said.
 *
 * While kpf runs it goes through Node's streams, so that a reader who is slow, or gone,
 * never stops it: past 1 MiB in the queue texts are dropped and counted, and a closed pipe
 * is silence. What is said last of all goes out without a stream: a verb that only asks
 * says one thing, and making the stream took a twentieth of its time.
 */
import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** Takes a text; returns at once. */
export type Write = (text: string) => void

/** Both outputs. */
export interface Outputs {
  readonly out: Write
  readonly err: Write
  /** Nothing more is to come: writes what was said in this turn of the event loop. The error is one that lost data: a disk that is full, not a reader who has left. */
  end(): string | undefined
}

/** An output by its number, and the stream that is made of it when it is needed. */
export interface OutputSource {
  readonly descriptor: number
  readonly open: () => Writable
  /** Instead of the system's own, for tests. */
  readonly writeNow?: (descriptor: number, bytes: Buffer) => number
}

const MAX_QUEUED_BYTES = 1024 * 1024

/** The two, sharing one order. On Windows a console wants its texts through the stream, which knows its encoding. */
export function outputs(out: OutputSource, err: OutputSource, platform: string): Outputs {
  const [first, second] = [new Output(out, platform), new Output(err, platform)]
  let said: { output: Output; text: string }[] = []
  let due: NodeJS.Immediate | undefined
  const take = (): typeof said => {
    const all = said
    said = []
    clearImmediate(due)
    due = undefined
    return all
  }
  const sayOn =
    (output: Output): Write =>
    (text) => {
      const last = said.at(-1)
      if (last?.output === output) last.text += text
      else said.push({ output, text })
      due ??= setImmediate(() => {
        for (const { output: to, text: what } of take()) to.write(what)
      })
    }
  return {
    out: sayOn(first),
    err: sayOn(second),
    end: () => {
      for (const { output, text } of take()) output.writeLast(text)
      return first.lost
    },
  }
}

class Output {
  readonly #source: OutputSource
  readonly #platform: string
  #stream: Writable | undefined
  #dropped = 0
  #isGone = false
  /** The error that data was lost to. */
  lost: string | undefined

  constructor(source: OutputSource, platform: string) {
    this.#source = source
    this.#platform = platform
  }

  write(text: string): void {
    if (this.#isGone) return
    const stream = (this.#stream ??= this.#opened())
    if (stream.writableLength > MAX_QUEUED_BYTES) {
      this.#dropped += Math.max(1, text.split('\n').length - 1)
      return
    }
    if (this.#dropped > 0) {
      stream.write(`(${this.#dropped} lines dropped: nobody read them)\n`)
      this.#dropped = 0
    }
    stream.write(text)
  }

  /** Without a stream, if there is none yet: what waits in one comes first. */
  writeLast(text: string): void {
    if (this.#isGone) return
    if (this.#stream || this.#platform === 'win32') return this.write(text)
    const { descriptor, writeNow = writeSync } = this.#source
    let rest = Buffer.from(text)
    try {
      while (rest.length > 0) rest = rest.subarray(writeNow(descriptor, rest))
    } catch (error) {
      // Whoever shares the pipe has made it one that does not wait: the stream does.
      if (codeOf(error) === 'EAGAIN') (this.#stream = this.#opened()).write(rest)
      else this.#failed(error)
    }
  }

  #opened(): Writable {
    const stream = this.#source.open()
    // A closed pipe ends a Node process unless somebody listens.
    stream.on('error', (error) => this.#failed(error))
    return stream
  }

  #failed(error: unknown): void {
    this.#isGone = true
    const errno = codeOf(error)
    if (errno !== 'EPIPE' && errno !== 'EBADF' && errno !== 'EIO') this.lost = String(errno)
  }
}

/** Not that of `errno.ts`: what the first file of the program imports is read before the cache of compiled code is on. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
