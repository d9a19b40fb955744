/**
 * A lock file that says who holds it, and that outlives nobody: what a killed holder left
 * is taken over, by one process at a time.
 *
 * Removing a stale lock is where such locks break: two that saw the same dead holder, the
 * slower of which removes the lock of the quicker. So each record has a nonce, and whoever
 * wants to replace the record with nonce N must first hold the lock `PATH.N`, and look
 * again. That one is taken the same way, so a kill at any moment leaves nothing for good.
 */
import { randomBytes } from 'node:crypto'
import { link, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf } from './errno.ts'
import { type LockRecord, readLock } from './lock-record.ts'

/** The lock, or who has it. */
export type Acquired = { readonly kind: 'held'; readonly release: () => Promise<void> } | { readonly kind: 'owned'; readonly by: LockRecord }

/** Who wants it. */
export interface Claimant {
  readonly pid: number
  readonly started: string
  readonly note: LockRecord['note']
  /** Whether the holder of a record still lives. */
  readonly isAlive: (record: LockRecord) => Promise<boolean>
}

/** Of locks on locks; each more needs a kill at the worst moment. */
const MAX_DEPTH = 8
const MAX_TRIES = 100

/** Takes the lock, at once or not at all. Rejects with the machine's error where the folder cannot be written. */
export async function acquire(path: string, claimant: Claimant, depth = 0): Promise<Acquired> {
  const { pid, started, note } = claimant
  const record: LockRecord = { nonce: randomBytes(12).toString('hex'), pid, started, note }
  const fresh = `${path}.${record.nonce}.new`
  try {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      // Each time: one that sweeps may have seen the file before its text was in it.
      await writeFile(fresh, JSON.stringify(record), { mode: 0o600 })
      // A link is there whole or not at all; O_EXCL would leave a moment in which the file is empty.
      if (await linked(fresh, path)) return held(path, { record, claimant, depth })
      const found = readLock(path)
      if (found === undefined) continue
      if (await claimant.isAlive(found)) return { kind: 'owned', by: found }
      if (depth === MAX_DEPTH) break
      const turn = await acquire(`${path}.${found.nonce}`, claimant, depth + 1)
      if (turn.kind === 'owned') return turn
      try {
        if (readLock(path)?.nonce !== found.nonce || !(await renamed(fresh, path))) continue
        return await held(path, { record, claimant, depth })
      } finally {
        await turn.release()
      }
    }
    throw new Error(`the lock ${path} changes hands too quickly`)
  } finally {
    await rm(fresh, { force: true })
  }
}

async function held(path: string, { record, claimant, depth }: { record: LockRecord; claimant: Claimant; depth: number }): Promise<Acquired> {
  if (depth === 0) await sweep(path, record.nonce, claimant)
  return {
    kind: 'held',
    async release() {
      if (readLock(path)?.nonce === record.nonce) await rm(path, { force: true })
    },
  }
}

/** Removes what killed claimants left. The lock is ours, so that no lock on an older one is good for anything. */
async function sweep(path: string, nonce: string, { isAlive }: Claimant): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`) || name.includes(nonce)) continue
    const left = readLock(join(dirname(path), name))
    if (left !== undefined && !(await isAlive(left))) await rm(join(dirname(path), name), { force: true })
  }
}

/** False where another was quicker, or `from` was swept away. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/** False where `from` was swept away. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}
