/** Changes a file that others read and write too: under kubectl's lock, and never seen half written. */
import { randomBytes } from 'node:crypto'
import { chmod, chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { errnoOf } from './errno.ts'

/**
 * Replaces the text of `path` by what `change` makes of it; links are followed, mode and
 * owner stay. Resolves `locked` when somebody else holds `<path>.lock`, which is how
 * kubectl locks (client-go, tools/clientcmd/loader.go). Rejects with the machine's error.
 */
export async function editFile(path: string, change: (text: string) => string): Promise<'written' | 'locked'> {
  const lock = `${path}.lock`
  try {
    await (await open(lock, 'wx', 0o600)).close()
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return 'locked'
    throw error
  }
  try {
    await replace(await realpath(path), change)
    return 'written'
  } finally {
    await rm(lock, { force: true })
  }
}

async function replace(path: string, change: (text: string) => string): Promise<void> {
  const before = await stat(path)
  const text = change(await readFile(path, 'utf8'))
  const fresh = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(fresh, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    const after = await stat(fresh)
    if (after.uid !== before.uid || after.gid !== before.gid) await chown(fresh, before.uid, before.gid)
    await chmod(fresh, before.mode & 0o7777)
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}
