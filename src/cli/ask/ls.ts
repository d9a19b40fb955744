/** `kpf ls`: the projects that run on this machine, of this user. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lsLines } from '../../output/ps-table.ts'
import type { StatusBody } from '../../control/shapes.ts'
import { readLock } from '../../system/lock-record.ts'
import { self } from '../../system/processes.ts'
import { askWithin } from './asking.ts'
import { type Context, textFlag } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { lockFolder } from '../place.ts'
import { asStatus, isThere, ownerOf, untilItListens } from './reach.ts'

/** Runs the verb. */
export async function ls(context: Context): Promise<number> {
  const form = textFlag(context.flags, 'output')
  const folder = lockFolder(context, self().platform)
  const found = await Promise.all((await locksIn(folder)).map((name) => projectOf(join(folder, name), context)))
  const all = found.filter((status) => status !== undefined).toSorted((a, b) => (a.project.name < b.project.name ? -1 : 1))
  if (form === 'json') context.out(all.map((status) => `${JSON.stringify(status)}\n`).join(''))
  else if (form === 'name') context.out(all.map(({ project }) => `${project.name}\n`).join(''))
  else if (all.length === 0) context.err('no project runs\n')
  else context.out(`${lsLines(all).join('\n')}\n`)
  return exitCodes.done
}

async function projectOf(lock: string, context: Context): Promise<StatusBody | undefined> {
  const record = readLock(lock)
  if (record === undefined) return undefined
  const owner = ownerOf(record, lock)
  await untilItListens(owner)
  const asked = await askWithin(owner.socket, { method: 'GET', path: '/v1/status' }, 3_000)
  if (asked.kind === 'answered') return asStatus(asked.body)
  if (await isThere(owner))
    context.err(`kpf: the supervisor of ${lock} (pid ${owner.pid}) does not answer (${asked.errno})\n    if it stays so: kill ${owner.pid}\n`)
  return undefined
}

async function locksIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.lock'))
  } catch {
    return []
  }
}
