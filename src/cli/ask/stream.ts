/** Reading a stream of the control API to its end; one that is cut in between is taken up where it was. */
import { follow, type StreamMessage } from '../../control/follow.ts'
import { durationMs } from '../../file/duration.ts'
import { isoTime } from '../../supervisor/iso-time.ts'
import { realClock } from '../../system/clock.ts'
import { wallTimeOf } from '../../system/local-time.ts'
import { type Context, textFlag } from '../context.ts'
import { isDuration } from '../durations.ts'
import { exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import type { Mistake } from '../mistake.ts'
import { isThere, type Owner, silent, wordsOf } from './reach.ts'

/** Between two tries, and how many of them may come to nothing. */
const AGAIN_MS = 200
const MAX_TRIES = 25

/**
 * Reads and tells; gives the exit code. Whoever reads what is told sets the pace, and loses
 * nothing: the supervisor lets a reader go that is too slow, and what was missed comes by
 * its number, as long as it is kept.
 */
export async function readStream(
  context: Context,
  owner: Owner,
  { path, isFollowed }: { readonly path: string; readonly isFollowed: boolean },
  told: (message: StreamMessage) => void,
): Promise<number> {
  const stop = interruption(context)
  const unread = new AbortController()
  const signal = AbortSignal.any([stop.signal, unread.signal])
  let [lastId, tries]: [string | undefined, number] = [undefined, 0]
  const take = async (message: StreamMessage): Promise<void> => {
    // An older supervisor begins its lines anew.
    if (lastId !== undefined && Number(message.id) <= Number(lastId)) return
    lastId = message.id
    tries = 0
    told(message)
    if (!(await hasRoom(context, signal))) unread.abort()
  }
  try {
    for (;;) {
      const end = await follow(owner.socket, { path, signal, ...(lastId !== undefined && { lastId }) }, take)
      if (unread.signal.aborted) return exitCodes.done
      if (stop.code() !== undefined) return isFollowed ? exitCodes.done : (stop.code() ?? exitCodes.forcedInt)
      if (end.kind === 'ended') return exitCodes.done
      if (end.kind === 'answered') return refused(context, end)
      if (lastId === undefined || ++tries > MAX_TRIES) return silent(context, owner, end.errno)
      if (!(await isThere(owner))) return lost(context, owner)
      await realClock.sleep(AGAIN_MS, signal)
    }
  } finally {
    stop.over()
  }
}

/** Waits for who reads our output, but not when we are to end; false when nobody reads it any more. */
async function hasRoom({ outRoom }: Context, signal: AbortSignal): Promise<boolean> {
  if (outRoom === undefined || signal.aborted) return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const end = (): void => resolve(true)
  signal.addEventListener('abort', end, { once: true })
  const room = await Promise.race([outRoom(), promise])
  signal.removeEventListener('abort', end)
  return room
}

function refused(context: Context, { code, body }: { readonly code: number; readonly body: unknown }): number {
  const { error, hint } = wordsOf(body, { error: `the supervisor answers ${code}`, hint: 'see: kpf ps' })
  context.err(`kpf: ${error}\n    ${hint}\n`)
  return exitCodes.failed
}

/** A supervisor that is ended says so on its streams. */
function lost(context: Context, { pid }: Owner): number {
  context.err(
    `kpf: the supervisor (pid ${pid}) is gone, without a word of its end: it was killed, or failed\n    see: kpf logs; start it again with: kpf up -d\n`,
  )
  return exitCodes.failed
}

/** `--since` as RFC 3339: a time, or a duration before now. */
export function sinceOf(context: Context): string | undefined | Mistake {
  const text = textFlag(context.flags, 'since')
  if (text === undefined) return undefined
  if (isDuration(text)) return isoTime(realClock.wallMs() - durationMs(text))
  const ms = wallTimeOf(text, realClock.wallMs())
  if (ms !== undefined) return isoTime(ms)
  return { message: `--since is no duration and no time: "${text}"`, fix: 'write --since 10m, --since 10:41 or --since 2026-01-01T10:00:00Z', flag: 'since' }
}
