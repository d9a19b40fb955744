/** Becoming the one supervisor of a project, or finding who is. */
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { socketFolders, socketPath } from '../../control/identity.ts'
import { realClock } from '../../system/clock.ts'
import { errnoOf } from '../../system/errno.ts'
import type { LockRecord } from '../../system/lock-record.ts'
import { acquire } from '../../system/owner-lock.ts'
import { folderExists, privateFolder } from '../../system/private-folder.ts'
import { self, startOf } from '../../system/processes.ts'
import { askWithin } from '../ask/asking.ts'
import type { Context } from '../context.ts'
import type { Place } from '../place.ts'
import { type Owner, ownerOf } from '../ask/reach.ts'

/** What came of it. */
export type Claim =
  | { readonly kind: 'held'; readonly socket: string; readonly release: () => Promise<void> }
  | { readonly kind: 'owned'; readonly owner: Owner }
  /** A supervisor that has the lock and does not answer. */
  | { readonly kind: 'stuck'; readonly pid: number }
  /** The machine does not let us: nobody can be kept out, or asked. */
  | { readonly kind: 'refused'; readonly why: string }

/** How long one that has just begun, or is ending, is waited for. */
const PATIENCE_MS = 15_000
const STEP_MS = 25

/** Takes the project, waiting for one that is ending. */
export async function claimProject(context: Context, place: Place): Promise<Claim> {
  const { pid, platform } = self()
  const folder = dirname(place.lock)
  const wrong = await privateFolder(folder)
  if (wrong !== undefined) return { kind: 'refused', why: `the folder ${folder} ${wrong}` }
  const socket = await socketFor(context, place.key, platform)
  if (socket === undefined)
    return { kind: 'refused', why: 'no private folder has a path short enough for a socket (100 bytes): set XDG_STATE_HOME to a short one' }
  const started = (await startOf(pid)) ?? ''
  const claimant = { pid, started, note: { socket, key: place.key, files: place.files, log: place.log }, isAlive }
  const endMs = realClock.now() + PATIENCE_MS
  try {
    for (;;) {
      const taken = await acquire(place.lock, claimant)
      if (taken.kind === 'held') {
        // Ours alone now: what lies there is of one that is dead.
        if (platform !== 'win32') await rm(socket, { force: true })
        return { kind: 'held', socket, release: taken.release }
      }
      const theirs = socketOf(taken.by)
      const asked = await askWithin(theirs, { method: 'GET', path: '/v1/status' })
      if (asked.kind === 'answered' && !isEnding(asked.body)) return { kind: 'owned', owner: ownerOf(taken.by, place.lock) }
      if (realClock.now() > endMs) return { kind: 'stuck', pid: taken.by.pid }
      await realClock.sleep(STEP_MS, new AbortController().signal)
    }
  } catch (error) {
    return { kind: 'refused', why: `${folder} cannot be written (${errnoOf(error)})` }
  }
}

/** Whether the holder of a lock lives: by its start, or, for one of another container, by its socket. */
export async function isAlive(record: LockRecord): Promise<boolean> {
  if (record.pid > 0 && record.started !== '' && (await startOf(record.pid)) === record.started) return true
  const socket = socketOf(record)
  return socket !== '' && (await askWithin(socket, { method: 'GET', path: '/v1/status' })).kind === 'answered'
}

/** Where the holder of a lock listens. */
export function socketOf({ note }: LockRecord): string {
  return typeof note['socket'] === 'string' ? note['socket'] : ''
}

function isEnding(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'isStopping' in body && body.isStopping === true
}

/** The first folder that is private and short enough; a session's own is used, never made. */
async function socketFor(context: Context, key: string, platform: string): Promise<string | undefined> {
  for (const folder of socketFolders(context.env, context.home, platform)) {
    const path = socketPath(folder, key, platform)
    if (path === undefined) continue
    if (platform === 'win32') return path
    if (folder.endsWith(`/run`) || (await folderExists(dirname(folder)))) if ((await privateFolder(folder)) === undefined) return path
  }
  return undefined
}
