/**
 * What kpf remembers between runs: small files in a folder that only its user may touch.
 *
 * Source: the XDG base directories. The folder is refused when somebody else could have
 * put it there: approvals are kept in it.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from './errno.ts'
import { stateFolder } from './user-folders.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The folder of this machine's user. */
export function ownStateFolder(env: Variables, home: string): string {
  return stateFolder(env, home, process.platform)
}

/** The text of a file in the folder; undefined when there is none, or one that cannot be relied on. */
export async function readState(folder: string, name: string): Promise<string | undefined> {
  try {
    if ((await strangeness(folder)) !== undefined) return undefined
    const file = await open(join(folder, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

/** Writes a file in the folder in one step; the reason when it cannot be. */
export async function writeState(folder: string, name: string, text: string): Promise<string | undefined> {
  const path = join(folder, name)
  const temporary = `${path}.${process.pid}.new`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const strange = await strangeness(folder)
    if (strange !== undefined) return strange
    await rm(temporary, { force: true })
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    return undefined
  } catch (error) {
    return `${path} cannot be written (${errnoOf(error)})`
  }
}

/** A short name for a text that tells it from every other. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Why a folder cannot be relied on. */
async function strangeness(folder: string): Promise<string | undefined> {
  const found = await lstat(folder)
  if (!found.isDirectory()) return `${folder} is not a directory`
  const user = process.getuid?.()
  if (user === undefined) return undefined
  if (found.uid !== user) return `${folder} belongs to another user`
  return (found.mode & 0o022) === 0 ? undefined : `${folder} can be written by others: chmod 700 it`
}
