/** Files, as everything outside `system/` sees them: read whole, within a limit, never by exception. */
import { type BigIntStats, constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { realClock } from './clock.ts'
import { errnoOf } from './errno.ts'

/** The bytes of a file, or why there are none. */
export type FileRead =
  | {
      readonly kind: 'read'
      readonly bytes: Uint8Array
      /** Where the links on its way lead. */
      readonly realPath?: string
      /** As long as `stampOf` says the same nobody has written it. Missing when it was written a moment before: it may be again, at what the disk takes for the same time. */
      readonly stamp?: string
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'not-a-file'; readonly what: string }
  | { readonly kind: 'too-large'; readonly bytes: number }
  | { readonly kind: 'refused'; readonly errno: string /** `owner 0, mode 600`, where that can be seen. */; readonly access?: string }

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
        const seen = await file.stat({ bigint: true })
        if (!seen.isFile()) return { kind: 'not-a-file', what: seen.isDirectory() ? 'directory' : seen.isFIFO() ? 'pipe' : 'device' }
        if (seen.size > maxBytes) return { kind: 'too-large', bytes: Number(seen.size) }
        const isOld = realClock.wallMs() - Number(seen.ctimeMs) > STEP_MS
        return { kind: 'read', bytes: await file.readFile(), realPath: await realpath(path), ...(isOld && { stamp: textOf(seen) }) }
      } finally {
        await file.close()
      }
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return { kind: 'missing' }
      if (errno === 'EISDIR') return { kind: 'not-a-file', what: 'directory' }
      const access = await accessOf(path)
      return { kind: 'refused', errno, ...(access !== undefined && { access }) }
    }
  },
}

/** More than the step of the time that a disk writes down (with Linux 4 ms), and less than kpf waits before it believes an edit. */
const STEP_MS = 100

/** Tells versions of a file apart without reading it; undefined when it is not there. */
export async function stampOf(path: string): Promise<string | undefined> {
  try {
    return textOf(await stat(path, { bigint: true }))
  } catch {
    return undefined
  }
}

/** The time of change is there too: programs may set that of writing back, as tar and rsync do. */
function textOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

async function accessOf(path: string): Promise<string | undefined> {
  try {
    const { uid, mode } = await stat(path)
    return `owner ${uid}, mode ${(mode & 0o777).toString(8).padStart(3, '0')}`
  } catch {
    return undefined
  }
}

/** Where the links of a path lead; the path itself where there is nothing. */
export async function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

/** All of a file, for those who know exceptions: `code` is ENOENT where it is missing, EACCES where it cannot be had. */
export async function bytesOf(path: string, maxBytes: number): Promise<Buffer> {
  const read = await realFiles.read(path, maxBytes)
  if (read.kind === 'read') return Buffer.from(read.bytes)
  throw Object.assign(new Error(`cannot read ${path}`), { code: read.kind === 'missing' ? 'ENOENT' : 'EACCES' })
}
