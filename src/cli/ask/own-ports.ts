/** Which local endpoints the project of a command line has already, since it runs. */
import type { Machine } from '../../doctor/gather-machine.ts'
import { askWithin } from './asking.ts'
import type { Context } from '../context.ts'
import { asStatus, livingOwner } from './reach.ts'

/** A supervisor that takes longer is known by its process alone. */
const LIMIT_MS = 1_000

/** What the machine has of the project. */
export type Own = Pick<Machine, 'isOurs' | 'silentPid'>

/** Tells them; nothing when the project does not run. */
export async function ownPorts(context: Context): Promise<Own> {
  const owner = await livingOwner(context)
  if (owner === undefined) return {}
  const asked = await askWithin(owner.socket, { method: 'GET', path: '/v1/status' }, LIMIT_MS)
  const status = asked.kind === 'answered' && asked.code === 200 ? asStatus(asked.body) : undefined
  const bound = new Set(status?.forwards.flatMap(({ listeners }) => listeners))
  return {
    isOurs: ({ address, port }, holder) => holder?.pid === owner.pid || bound.has(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
    ...(status === undefined && { silentPid: owner.pid }),
  }
}
