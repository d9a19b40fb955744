/** A folder that nobody else can read, write or have planted. */
import { lstat, mkdir } from 'node:fs/promises'
import { errnoOf } from './errno.ts'

/** Makes it when it is missing; resolves with what speaks against using it, undefined when nothing does. */
export async function privateFolder(path: string): Promise<string | undefined> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const stat = await lstat(path)
    if (!stat.isDirectory()) return 'is no folder'
    // Windows keeps to its own lists of rights: a folder of the profile is the user's.
    if (process.geteuid === undefined) return undefined
    if (stat.uid !== process.geteuid()) return 'belongs to somebody else'
    return (stat.mode & 0o077) === 0 ? undefined : 'can be read or written by others (its mode must be 0700)'
  } catch (error) {
    return `cannot be used (${errnoOf(error)})`
  }
}

/** Whether a folder is there already: one that a session made is not made again by us. */
export async function folderExists(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory()
  } catch {
    return false
  }
}
