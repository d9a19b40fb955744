/** `kpf events`: everything that happened, as versioned JSON lines without a gap. */
import { type Context, isSet } from '../context.ts'
import { mistake } from '../mistake.ts'
import { reach } from './reach.ts'
import { readStream, sinceOf } from './stream.ts'

/** Before every event. */
const BEGINNING = '1970-01-01T00:00:00Z'

/** Runs the verb. */
export async function events(context: Context): Promise<number> {
  const since = sinceOf(context)
  if (typeof since === 'object') return mistake(context, since)
  const reached = await reach(context)
  if (reached.kind === 'ended') return reached.code
  const isFollowed = isSet(context.flags, 'follow')
  const query = new URLSearchParams({ since: since ?? BEGINNING, follow: isFollowed ? '1' : '0' })
  let isFirst = true
  return readStream(context, reached.owner, { path: `/v1/events?${query.toString()}`, isFollowed }, ({ id, data }) => {
    if (isFirst && since === undefined && id !== '1')
      context.err(`kpf: events before number ${id} are no more kept\n    for all of them: kpf events -f, from the start\n`)
    isFirst = false
    context.out(`${data}\n`)
  })
}
