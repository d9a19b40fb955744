/**
 * A stream to an output that other programs write to as well.
 *
 * Node's own stream to a pipe or a socket sets `O_NONBLOCK`, which is not of the descriptor
 * but of what all who inherited it share: a command of `kpf run`, or a neighbour of
 * `kpf up &` in a script, then has its writes refused with EAGAIN when the reader is slow.
 * These streams leave the pipe as it is.
 */
import { constants, fstatSync, openSync, write } from 'node:fs'
import type { Writable } from 'node:stream'

/** Between two tries, when somebody else has made the pipe one that does not wait. */
const AGAIN_MS = 10

/** Where Node keeps its own two streams, each made when it is asked for. */
type Holder = Pick<NodeJS.Process, 'stdout' | 'stderr'>

/**
 * From now on the holder gives these streams. Those that lead to one pipe share one, which
 * keeps the order of what is said. Node itself asks for `process.stderr` whenever a socket
 * is closed, and would make its own then.
 */
export function shareOutputs(platform: string, holder: Holder): void {
  const made = new Map<string, Writable>()
  const replace = (name: keyof Holder, descriptor: number): void => {
    const own = Object.getOwnPropertyDescriptor(holder, name)
    const make = (): Writable => {
      const pipe = platform === 'win32' ? undefined : pipeOf(descriptor)
      if (pipe === undefined) return own?.get?.call(holder) as Writable
      const stream = made.get(pipe) ?? waitingStream(descriptor)
      made.set(pipe, stream)
      return stream
    }
    let stream: Writable | undefined
    Object.defineProperty(holder, name, { configurable: true, enumerable: true, get: () => (stream ??= make()) })
  }
  replace('stdout', 1)
  replace('stderr', 2)
}

function pipeOf(descriptor: number): string | undefined {
  try {
    const found = fstatSync(descriptor)
    return found.isFIFO() || found.isSocket() ? `${found.dev} ${found.ino}` : undefined
  } catch {
    // It is closed: Node's own stream says so.
    return undefined
  }
}

/**
 * A pipe that is opened anew has a setting of its own (Linux, proc(5): /proc/pid/fd), so that
 * this one need not wait. Elsewhere, and to a socket, writes wait in a thread.
 */
function waitingStream(descriptor: number): Writable {
  const own = reopened(descriptor)
  return own === undefined ? threadStream(descriptor) : new (process.getBuiltinModule('node:net').Socket)({ fd: own, readable: false, writable: true })
}

function reopened(descriptor: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // No such folder, no pipe, or one of another user.
    return undefined
  }
}

function threadStream(descriptor: number): Writable {
  const put = (bytes: Buffer, done: (error?: Error | null) => void): void => {
    write(descriptor, bytes, (error, count) => {
      if (error?.code === 'EAGAIN') setTimeout(put, AGAIN_MS, bytes, done)
      else if (error !== null || count === bytes.length) done(error)
      else put(bytes.subarray(count), done)
    })
  }
  const { Writable: Stream } = process.getBuiltinModule('node:stream')
  return new Stream({ write: (bytes: Buffer, _encoding, done) => put(bytes, done) })
}
