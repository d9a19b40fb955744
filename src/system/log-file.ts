/** A file of lines that does not grow for ever: 10 MiB, and two older ones of that size. */
import { basename, dirname } from 'node:path'

/** Takes lines; never blocks, never fails: a full disk costs lines, not forwards. */
export interface LogFile {
  write(line: string): void
  close(): Promise<void>
}

/** Opens it, for its user alone. */
export async function logFile(path: string): Promise<LogFile> {
  const { createStream } = await import('rotating-file-stream')
  const stream = createStream(basename(path), { path: dirname(path), size: '10M', rotate: 2, mode: 0o600 })
  let isBroken = false
  stream.on('error', () => {
    isBroken = true
  })
  return {
    write: (line) => {
      if (!isBroken) stream.write(`${line}\n`)
    },
    close: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (isBroken) resolve()
      else stream.end(() => resolve())
      return promise
    },
  }
}
