/**
 * Files read at once, for a process that has nothing else to do: `kpf ps` and its like.
 *
 * Waiting for threads costs a short run more than all it reads. A supervisor never reads so:
 * a file system that hangs would hang every connection.
 */
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs'
import { errnoOf } from './errno.ts'
import type { FileRead, Files } from './files.ts'

/** The machine's disk. */
export const filesNow: Files = { read: (path, maxBytes) => Promise.resolve(readNow(path, maxBytes)) }

function readNow(path: string, maxBytes: number): FileRead {
  let file: number | undefined
  try {
    // Without O_NONBLOCK the open of a FIFO waits for a writer that may never come.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(file)
    if (!stat.isFile()) return { kind: 'not-a-file', what: stat.isDirectory() ? 'directory' : stat.isFIFO() ? 'pipe' : 'device' }
    return stat.size > maxBytes ? { kind: 'too-large', bytes: stat.size } : { kind: 'read', bytes: readFileSync(file) }
  } catch (error) {
    const errno = errnoOf(error)
    return errno === 'ENOENT' || errno === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'refused', errno }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Where the links of a path lead; the path itself where there is nothing. */
export function realPathNow(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return path
  }
}

/** Whether there is anything. */
export function existsNow(path: string): boolean {
  return existsSync(path)
}
