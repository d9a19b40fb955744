/** Names that a running project has, for a completion: its supervisor is asked, for 150 ms at most. */
import { askWithin } from '../ask/asking.ts'
import { asStatus, holderOf } from '../ask/reach.ts'
import { readFlags } from '../read-flags.ts'
import { globalFlags } from '../verbs.ts'
import type { Asker } from './completion-answer.ts'
import type { Candidate, Offer } from './completion-line.ts'

const LIMIT_MS = 150

/** The ports of the forward that the line names, by their names or remote numbers, with where they are. */
export async function ownPortNames({ flags, words }: Offer, asker: Asker): Promise<readonly Candidate[]> {
  const set = readFlags(
    [],
    globalFlags.filter(({ value }) => value !== undefined),
    { env: asker.env, see: '' },
  )
  if ('message' in set) return []
  const owner = await holderOf({ ...asker, flags: { ...set.flags, ...Object.fromEntries(flags) } })
  if (typeof owner === 'string') return []
  const asked = await askWithin(owner.socket, { method: 'GET', path: '/v1/status' }, LIMIT_MS)
  const status = asked.kind === 'answered' ? asStatus(asked.body) : undefined
  const forward = status?.forwards.find(({ name }) => name === words[0])
  return forward?.ports.map(({ name, remotePort, address, localPort }) => ({ value: name ?? `${remotePort}`, meaning: `${address}:${localPort}` })) ?? []
}
