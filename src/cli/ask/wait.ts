/** `kpf wait`: until forwards are ready, or stopped; ends at once when one has failed for good. */
import { follow } from '../../control/follow.ts'
import type { ForwardBody, StatusBody } from '../../control/shapes.ts'
import { printable } from '../../file/printable.ts'
import { realClock } from '../../system/clock.ts'
import { askWithin } from './asking.ts'
import { type Context, textFlag } from '../context.ts'
import { durationFlag } from '../durations.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { mistake } from '../mistake.ts'
import { unknownForward } from '../unknown-forward.ts'
import { asStatus, type Owner, reach, silent } from './reach.ts'

/** What is waited for. */
export type Goal = 'ready' | 'stopped'

/** Where nobody says how long. */
export const DEFAULT_TIMEOUT_MS = 60_000
/** Events come in bursts: one look for each. */
const BURST_MS = 50
/** Beside the events, for a stream that was cut. */
const LOOK_MS = 2_000

/** Runs the verb. */
export async function wait(context: Context): Promise<number> {
  const goal = textFlag(context.flags, 'for') ?? 'ready'
  if (goal !== 'ready' && goal !== 'stopped')
    return mistake(context, { message: `--for is ready or stopped, not "${printable(goal)}"`, fix: 'see: kpf help wait', flag: 'for' })
  const timeoutMs = durationFlag(context.flags, 'timeout', '30s, 500ms or 2m') ?? DEFAULT_TIMEOUT_MS
  if (typeof timeoutMs === 'object') return mistake(context, timeoutMs)
  const reached = await reach(context.words.length === 0 && goal === 'stopped' ? { ...context, err: () => {} } : context)
  if (reached.kind === 'ended') return goal === 'stopped' && reached.code === exitCodes.notRunning ? exitCodes.done : reached.code
  return waitFor(context, reached.owner, { goal, names: context.words, timeoutMs })
}

/** What is waited for, of whom, how long. */
export interface Waiting {
  readonly goal: Goal
  readonly names: readonly string[]
  readonly timeoutMs: number
}

/** Where the states come from. */
export interface StatusSource {
  /** The status now; undefined when there is none any more. */
  readonly look: (signal: AbortSignal) => Promise<StatusBody | undefined>
  /** Calls back when something may have changed, until the result is called. */
  readonly heard: (news: () => void) => () => void
  /** Says why there is no status, and gives the code. */
  readonly lost: () => Promise<number>
}

/** Waits for what another process runs. */
export function waitFor(context: Context, owner: Owner, waiting: Waiting): Promise<number> {
  let errno = 'no status'
  const source: StatusSource = {
    async look(signal) {
      const asked = await askWithin(owner.socket, { method: 'GET', path: '/v1/status', signal })
      if (asked.kind === 'unreachable') errno = asked.errno
      return asked.kind === 'answered' ? asStatus(asked.body) : undefined
    },
    heard(news) {
      const over = new AbortController()
      void follow(owner.socket, { path: '/v1/events', signal: over.signal }, news)
      return () => over.abort()
    },
    lost: () => silent(context, owner, errno),
  }
  return waitUntil(context, source, waiting)
}

/** Waits; says what stands in the way when it ends otherwise. */
export async function waitUntil(context: Context, { look, heard, lost }: StatusSource, { goal, names, timeoutMs }: Waiting): Promise<number> {
  const stop = interruption(context)
  const over = new AbortController()
  void realClock.sleep(timeoutMs, over.signal).then(() => over.abort())
  stop.signal.addEventListener('abort', () => over.abort(), { once: true })
  let news = Promise.withResolvers<void>()
  let off: (() => void) | undefined
  let last: StatusBody | undefined
  try {
    while (!over.signal.aborted) {
      const now = await look(over.signal)
      if (over.signal.aborted) break
      if (now === undefined) return goal === 'stopped' ? exitCodes.done : await lost()
      last = now
      const code = outcome(now, { goal, names }, context)
      if (code !== undefined) return code
      if (off === undefined) {
        // Most who ask need not wait. Who does looks again: nobody has told what happened meanwhile.
        off = heard(() => news.resolve())
        continue
      }
      await Promise.race([news.promise, realClock.sleep(LOOK_MS, over.signal)])
      news = Promise.withResolvers()
      await realClock.sleep(BURST_MS, over.signal)
    }
    if (stop.code() !== undefined) return stop.code() ?? exitCodes.forcedInt
    const open = last === undefined ? [] : meant(last, { goal, names }).filter(({ state }) => state !== goal)
    context.err(
      `kpf: timed out after ${timeoutMs / 1000} s\n${open.map((forward) => `    ${[reasonOf(forward), ...(forward.hint === undefined ? [] : [forward.hint])].join('; ')}\n`).join('')}`,
    )
    return exitCodes.timedOut
  } finally {
    over.abort()
    off?.()
    stop.over()
  }
}

/** The exit code as soon as there is one. */
function outcome(status: StatusBody, wanted: Pick<Waiting, 'goal' | 'names'>, context: Context): number | undefined {
  const unknown = unknownForward(wanted.names, status.forwards, status.project.name)
  if (unknown !== undefined) return mistake(context, unknown)
  const forwards = meant(status, wanted)
  if (forwards.every(({ state }) => state === wanted.goal)) return exitCodes.done
  const failed = wanted.goal === 'ready' ? forwards.find(({ state }) => state === 'failed') : undefined
  if (failed === undefined) return undefined
  context.err(`kpf: ${reasonOf(failed)}\n${failed.hint === undefined ? '' : `    ${failed.hint}\n`}`)
  return failureCode(failed)
}

/** That of the failure's class; 3 where it has none of its own. */
export function failureCode({ phase }: Pick<ForwardBody, 'phase'>): number {
  const code = exitCodeOf(phase)
  return code === exitCodes.failed ? exitCodes.notReady : code
}

/** Those named; without names all, but for those that rest when readiness is asked for. */
function meant(status: StatusBody, { goal, names }: Pick<Waiting, 'goal' | 'names'>): readonly ForwardBody[] {
  return status.forwards.filter(({ name, state }) => (names.length > 0 ? names.includes(name) : goal === 'stopped' || state !== 'stopped'))
}

function reasonOf({ name, state, phase, message }: ForwardBody): string {
  return `${name}: ${state}: ${message ?? phase}`
}
