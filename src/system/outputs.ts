/**
 * What the process says on its two outputs, in the order in which it is said.
 *
 * While kpf runs it goes through streams, so that a reader who is slow, or gone,
 * never stops it: past 1 MiB in the queue texts are dropped and counted, and a closed pipe
 * is silence. Who must not lose any waits for room between two texts. What is said last of all goes out without a stream: a verb that only asks
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
  /** Resolves once the reader of stdout has kept up; with false when there is none any more. */
  readonly room: () => Promise<boolean>
  /** Nothing more is to come, or nothing that could wait: writes what was said in this turn of the event loop. The error is one that lost data: a disk that is full, not a reader who has left. */
  end(): string | undefined
  /** Whether a reader has still to take something of what was said. */
  isWaiting(): boolean
}

/** An output by its number, and the stream that is made of it when it is needed. */
export interface OutputSource {
  readonly descriptor: number
  readonly open: () => Writable
  /** Instead of the system's own, for tests. */
  readonly writeNow?: (descriptor: number, bytes: Buffer) => number
}

const MAX_QUEUED_BYTES = 1024 * 1024

/** Those of this process; whatever ends it, what was said is written, and what is said on the way out. */
export function processOutputs(): Outputs {
  const said = outputs({ descriptor: 1, open: () => process.stdout }, { descriptor: 2, open: () => process.stderr }, process.platform)
  process.once('exit', () => said.end())
  return said
}

/** The two, sharing one order. On Windows a console wants its texts through the stream, which knows its encoding. */
export function outputs(out: OutputSource, err: OutputSource, platform: string): Outputs {
  const second = new Output(err, platform)
  // What was dropped is told beside stdout: a program may read that line by line.
  const first = new Output(out, platform, second)
  let said: { output: Output; text: string }[] = []
  let due: NodeJS.Immediate | undefined
  let isOver = false
  const take = (): typeof said => {
    const all = said
    said = []
    clearImmediate(due)
    due = undefined
    return all
  }
  const deliver = (): void => {
    for (const { output, text } of take()) output.write(text)
  }
  const sayOn =
    (output: Output): Write =>
    (text) => {
      if (isOver) return output.writeLast(text)
      const last = said.at(-1)
      if (last?.output === output) last.text += text
      else said.push({ output, text })
      due ??= setImmediate(deliver)
    }
  return {
    out: sayOn(first),
    err: sayOn(second),
    room: () => {
      deliver()
      return first.room()
    },
    end: () => {
      isOver = true
      for (const { output, text } of take()) output.writeLast(text)
      return first.lost
    },
    isWaiting: () => said.length > 0 || first.isWaiting || second.isWaiting,
  }
}

class Output {
  readonly #source: OutputSource
  readonly #platform: string
  /** Where it is told how much was dropped. */
  readonly #notes: Output
  #stream: Writable | undefined
  #dropped = 0
  #isGone = false
  /** The error that data was lost to. */
  lost: string | undefined

  constructor(source: OutputSource, platform: string, notes?: Output) {
    this.#source = source
    this.#platform = platform
    this.#notes = notes ?? this
  }

  get isWaiting(): boolean {
    return !this.#isGone && this.#stream !== undefined && this.#stream.writableLength > 0
  }

  write(text: string): void {
    if (this.#isGone) return
    const stream = (this.#stream ??= this.#opened())
    if (stream.writableLength > MAX_QUEUED_BYTES) this.#dropped += Math.max(1, text.split('\n').length - 1)
    else stream.write(text)
  }

  async room(): Promise<boolean> {
    const stream = this.#stream
    if (stream === undefined || this.#isGone || !stream.writableNeedDrain) return !this.#isGone
    const { promise, resolve } = Promise.withResolvers<void>()
    const ends = ['drain', 'error', 'close'] as const
    const end = (): void => resolve()
    for (const name of ends) stream.once(name, end)
    await promise
    for (const name of ends) stream.off(name, end)
    return !this.#isGone && stream.writable
  }

  /** Without a stream, which may write too late for a process that ends; what waits in one comes first. */
  writeLast(text: string): void {
    if (this.#isGone) return
    if (this.isWaiting || this.#platform === 'win32') return this.write(text)
    const { descriptor, writeNow = writeSync } = this.#source
    let rest = Buffer.from(text)
    try {
      while (rest.length > 0) rest = rest.subarray(writeNow(descriptor, rest))
    } catch (error) {
      // Whoever shares the pipe has made it one that does not wait: the stream does.
      if (codeOf(error) === 'EAGAIN') (this.#stream ??= this.#opened()).write(rest)
      else this.#failed(error)
    }
  }

  #opened(): Writable {
    const stream = this.#source.open()
    // A closed pipe ends a Node process unless somebody listens.
    stream.on('error', (error) => this.#failed(error))
    stream.on('drain', () => this.#dropped > 0 && this.#tellDropped())
    return stream
  }

  #tellDropped(): void {
    const text = `(${this.#dropped} lines dropped: nobody read them)\n`
    this.#dropped = 0
    this.#notes.write(text)
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
