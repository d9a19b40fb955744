/** A file of lines that does not grow for ever: 10 MiB, and two older ones of that size. */
import { basename, dirname } from 'node:path'

/** Takes lines; never blocks, never fails: a full disk costs lines, not forwards. */
export interface LogFile {
  write(line: string): void
  /** Goes on in a file of the same name: another program may have moved the one of before. */
  reopen(): void
  close(): Promise<void>
}

/** Opens it, for its user alone. */
export async function logFile(path: string): Promise<LogFile> {
  const { createStream } = await import('rotating-file-stream')
  let isBroken = false
  const opened = (): ReturnType<typeof createStream> => {
    isBroken = false
    const fresh = createStream(basename(path), { path: dirname(path), size: '10M', rotate: 2, mode: 0o600 })
    fresh.on('error', () => {
      isBroken = true
    })
    return fresh
  }
  let stream = opened()
  return {
    write: (line) => {
      if (!isBroken) stream.write(`${line}\n`)
    },
    reopen: () => {
      stream.end()
      stream = opened()
    },
    close: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (isBroken) resolve()
      else stream.end(() => resolve())
      return promise
    },
  }
}
