/** Reading a stream of the control API to its end; one that is cut in between is taken up where it was. */
import { follow, type StreamMessage } from '../../control/client.ts'
import { durationMs } from '../../file/duration.ts'
import { isoTime } from '../../supervisor/iso-time.ts'
import { realClock } from '../../system/clock.ts'
import { type Context, textFlag } from '../context.ts'
import { isDuration } from '../durations.ts'
import { exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import type { Mistake } from '../mistake.ts'
import { isThere, type Owner, silent } from './reach.ts'

/** Reads and tells; gives the exit code. */
export async function readStream(
  context: Context,
  owner: Owner,
  { path, isFollowed }: { readonly path: string; readonly isFollowed: boolean },
  told: (message: StreamMessage) => void,
): Promise<number> {
  const stop = interruption(context)
  let lastId: string | undefined
  try {
    for (;;) {
      const end = await follow(
        owner.socket,
        { path, signal: stop.signal, ...(lastId !== undefined && path.startsWith('/v1/events') && { lastId }) },
        (message) => {
          lastId = message.id
          told(message)
        },
      )
      if (stop.code() !== undefined) return isFollowed ? exitCodes.done : (stop.code() ?? exitCodes.forcedInt)
      if (end.kind === 'ended') return exitCodes.done
      if (end.kind === 'answered') {
        const error: unknown = typeof end.body === 'object' && end.body !== null ? Reflect.get(end.body, 'error') : undefined
        context.err(`kpf: ${typeof error === 'string' ? error : `the supervisor answers ${end.code}`}\n    see: kpf ps\n`)
        return exitCodes.failed
      }
      // Let go for reading too slowly: what was missed comes by its number. Before the first message nobody was there.
      if (lastId === undefined || !isFollowed || !(await isThere(owner))) return lastId === undefined ? silent(context, owner, end.errno) : exitCodes.done
    }
  } finally {
    stop.over()
  }
}

/** `--since` as RFC 3339: a time, or a duration before now. */
export function sinceOf(context: Context): string | undefined | Mistake {
  const text = textFlag(context.flags, 'since')
  if (text === undefined) return undefined
  if (isDuration(text)) return isoTime(realClock.wallMs() - durationMs(text))
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return isoTime(ms)
  return { message: `--since is no duration and no time: "${text}"`, fix: 'write --since 10m or --since 2026-01-01T10:00:00Z', flag: 'since' }
}
