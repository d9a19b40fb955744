/** Names that a running project has, for a completion: its supervisor is asked, for 150 ms at most. */
import { ask } from '../../control/client.ts'
import { readLock } from '../../system/lock-record.ts'
import { self } from '../../system/processes.ts'
import { asStatus } from '../ask/reach.ts'
import { placeOf } from '../place.ts'
import { variableOf } from '../read-flags.ts'
import { globalFlags } from '../verbs.ts'
import type { Asker } from './completion-answer.ts'
import type { Candidate, Offer } from './completion-line.ts'

const LIMIT_MS = 150

/** The ports of the forward that the line names, by their names or remote numbers, with where they are. */
export async function ownPortNames(offer: Offer, asker: Asker): Promise<readonly Candidate[]> {
  const place = await placeOf({ ...asker, flags: flagsOf(offer, asker) }, self().platform)
  const socket = place && readLock(place.lock)?.note['socket']
  if (typeof socket !== 'string') return []
  const asked = await ask(socket, { method: 'GET', path: '/v1/status', limitMs: LIMIT_MS })
  const status = asked.kind === 'answered' ? asStatus(asked.body) : undefined
  const forward = status?.forwards.find(({ name }) => name === offer.words[0])
  return forward?.ports.map(({ name, remotePort, address, localPort }) => ({ value: name ?? `${remotePort}`, meaning: `${address}:${localPort}` })) ?? []
}

/** Of the line, else of the variables. */
function flagsOf({ flags }: Offer, { env }: Asker): Readonly<Record<string, readonly string[]>> {
  const set = globalFlags.flatMap((flag): [string, readonly string[]][] => {
    const given = flags.get(flag.name) ?? [env[variableOf(flag)] ?? ''].filter((text) => text !== '')
    return flag.value === undefined || given.length === 0 ? [] : [[flag.name, given]]
  })
  return Object.fromEntries(set)
}
