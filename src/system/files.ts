/** Files, as everything outside `system/` sees them: read whole, within a limit, never by exception. */
import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'

/** The bytes of a file, or why there are none. */
export type FileRead =
  | { readonly kind: 'read'; readonly bytes: Uint8Array /** Where the links on its way lead. */; readonly realPath?: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'not-a-file'; readonly what: string }
  | { readonly kind: 'too-large'; readonly bytes: number }
  | { readonly kind: 'refused'; readonly errno: string }

/** The disk. */
export interface Files {
  /** Reads a regular file of at most `maxBytes`; follows links, never waits on a pipe. */
  read(path: string, maxBytes: number): Promise<FileRead>
}

/** The machine's disk. */
export const realFiles: Files = {
  async read(path, maxBytes) {
    try {
      // Without O_NONBLOCK the open of a FIFO waits for a writer that may never come.
      const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        const stat = await file.stat()
        if (!stat.isFile()) return { kind: 'not-a-file', what: stat.isDirectory() ? 'directory' : stat.isFIFO() ? 'pipe' : 'device' }
        if (stat.size > maxBytes) return { kind: 'too-large', bytes: stat.size }
        return { kind: 'read', bytes: await file.readFile(), realPath: await realpath(path) }
      } finally {
        await file.close()
      }
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return { kind: 'missing' }
      return errno === 'EISDIR' ? { kind: 'not-a-file', what: 'directory' } : { kind: 'refused', errno }
    }
  },
}

/** Where the links of a path lead; the path itself where there is nothing. */
export async function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

/** The errno name of a system error; `UNKNOWN` for anything else. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
}
