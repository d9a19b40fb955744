/** What a lock file says of its holder; see `owner-lock.ts` for how one is taken. */
import { readFileSync } from 'node:fs'

/** What a lock file says. */
export interface LockRecord {
  readonly nonce: string
  readonly pid: number
  /** Of the process, see `startOf`; tells it from a later one with the same pid. */
  readonly started: string
  /** What the holder wants others to know. */
  readonly note: Readonly<Record<string, unknown>>
}

/** What the lock file says now; undefined when there is none. A broken one is a record that nobody holds. */
export function readLock(path: string): LockRecord | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  return recordOf(text) ?? { nonce: 'broken', pid: 0, started: '', note: {} }
}

function recordOf(text: string): LockRecord | undefined {
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read !== 'object' || read === null || !('nonce' in read) || !('pid' in read) || !('started' in read) || !('note' in read)) return undefined
    const { nonce, pid, started, note } = read
    if (typeof nonce !== 'string' || !/^[0-9a-f]+$/.test(nonce) || typeof pid !== 'number' || typeof started !== 'string') return undefined
    // An object by the check before; what is in it is looked at where it is read.
    return typeof note === 'object' && note !== null ? { nonce, pid, started, note: note as LockRecord['note'] } : undefined
  } catch {
    return undefined
  }
}
