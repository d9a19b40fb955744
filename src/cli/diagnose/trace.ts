/** `kpf trace`: one real connection, step by step, as text, as data or as a diagram. */
import type { Forward, PortMapping } from '../../file/forward.ts'
import { printable } from '../../file/printable.ts'
import { problemsText } from '../../output/problem-text.ts'
import { targetText } from '../../output/words.ts'
import { isoTime } from '../../supervisor/iso-time.ts'
import { realClock } from '../../system/clock.ts'
import type { Account } from '../../trace/account.ts'
import { liveLink } from '../../trace/live-link.ts'
import { mermaid } from '../../trace/mermaid.ts'
import { timeText, traceTable } from '../../trace/table.ts'
import { trace, type TraceRequest } from '../../trace/trace.ts'
import { type FailureClass, failureClasses } from '../../tunnel/failure.ts'
import { oneForward } from '../file/ad-hoc-forward.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodeOfClass, exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { type Mistake, mistake } from '../mistake.ts'
import { flagsOf, readApproved, theFiles } from '../file/project-file.ts'
import { clustersFor } from '../world.ts'

const TRANSPORTS = ['auto', 'websocket', 'spdy', 'channel'] as const
const MAX_REPEATS = 100

/** Runs the verb. */
export async function traceVerb(context: Context): Promise<number> {
  const read = await readRequest(context)
  if ('fix' in read) return mistake(context, read)
  const interrupted = interruption(context)
  const { signal } = interrupted
  const accounts: Account[] = []
  while (accounts.length < read.repeats && !signal.aborted) {
    const { file, ...request } = read.request
    // The file is read once; only the first trace has the time of that.
    const named = file && accounts.length > 0 ? { shownAs: file.shownAs } : file
    accounts.push(await traceOnce({ ...request, ...(named && { file: named }), signal }, context))
  }
  interrupted.over()
  // One that broke says more than one that did not.
  const shown = accounts.findLast(({ outcome }) => outcome.kind === 'broken') ?? accounts.at(-1)
  if (shown !== undefined) print(accounts, shown, { context, output: read.output })
  const forced = interrupted.code()
  if (forced !== undefined) return forced
  return shown?.outcome.kind === 'broken' ? exitCodeOfClass(classOf(shown.outcome.failure.code)) : exitCodes.done
}

function classOf(code: string): FailureClass | undefined {
  return Object.entries(failureClasses).find(([name]) => name === code)?.[1]
}

/** With clusters of its own: nothing is remembered from one repetition to the next. */
async function traceOnce(request: TraceRequest, context: Context): Promise<Account> {
  const clusters = clustersFor(context, 8, (text) => context.err(`kpf: ${text}\n`))
  const account = await trace(request, { clusters, clock: realClock, isoTime })
  await clusters.close()
  return account
}

function print(accounts: readonly Account[], shown: Account, { context, output }: { readonly context: Context; readonly output: string }): void {
  const { out, flags, terminal } = context
  if (output === 'json') return accounts.forEach((account) => out(`${JSON.stringify(account)}\n`))
  const diagram = mermaid(shown)
  if (output === 'mermaid') return out(diagram)
  out(`${traceTable(shown, { isUtf8: terminal.isUtf8, explains: isSet(flags, 'explain'), isVerbose: isSet(flags, 'verbose') })}\n`)
  if (accounts.length > 1) out(`\n${repeatText(accounts)}\n`)
  // A link of a dozen lines would push the table off the screen.
  out(`\ndiagram: ${isSet(flags, 'verbose') || !terminal.isInteractive ? liveLink(diagram) : 'with -o mermaid; with -v a link that draws it'}\n`)
}

/** How many got through, and how long those took. */
function repeatText(accounts: readonly Account[]): string {
  const times = accounts.flatMap(({ outcome, tookMs }) => (outcome.kind === 'through' ? [tookMs] : [])).toSorted((a, b) => a - b)
  const [least, median, most] = [times[0], times[Math.floor(times.length / 2)], times.at(-1)]
  const spread =
    least === undefined || median === undefined || most === undefined ? '' : `; least ${timeText(least)}, median ${timeText(median)}, most ${timeText(most)}`
  return `${accounts.length} times: ${times.length} through${spread}`
}

interface Read {
  readonly request: Omit<TraceRequest, 'signal'>
  readonly output: string
  readonly repeats: number
}

async function readRequest(context: Context): Promise<Read | Mistake> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  const mode = TRANSPORTS.find((transport) => transport === (textFlag(context.flags, 'transport') ?? 'auto'))
  if (mode === undefined)
    return {
      message: `there is no transport "${printable(textFlag(context.flags, 'transport') ?? '')}"`,
      fix: `use ${TRANSPORTS.join(', ')}`,
      flag: 'transport',
    }
  const probe = textFlag(context.flags, 'probe') ?? 'none'
  if (probe !== 'none' && probe !== 'http') return { message: `there is no probe "${printable(probe)}"`, fix: 'use none or http', flag: 'probe' }
  const repeats = Number(textFlag(context.flags, 'repeat') ?? 1)
  if (!Number.isInteger(repeats) || repeats < 1 || repeats > MAX_REPEATS)
    return { message: '--repeat is no number of times', fix: `write a number from 1 to ${MAX_REPEATS}`, flag: 'repeat' }
  const found = await readTarget(context)
  if ('fix' in found) return found
  const { forward, port, file } = found
  const forced: Forward = textFlag(context.flags, 'transport') === undefined ? forward : { ...forward, transport: { ...forward.transport, mode } }
  const shownAs = targetText({ ...forced, ports: [port] })
  return { request: { forward: forced, port, shownAs, probe, ...(file && { file }) }, output, repeats }
}

type Found = { readonly forward: Forward; readonly port: PortMapping; readonly file?: TraceRequest['file'] }

/** A name of the file, or kubectl's words. A word without a slash is a forward of the file first, and a pod only if there is none. */
async function readTarget(context: Context): Promise<Found | Mistake> {
  const [word, portWord, ...more] = context.words
  if (word === undefined || more.length > 0)
    return { message: 'trace wants one target, and at most one port', fix: 'write: kpf trace NAME, or kpf trace svc/api 80' }
  const named = word.includes('/') ? undefined : await forwardNamed(word, context)
  if (named !== undefined && 'fix' in named) return named
  if (named === undefined) return adHocTarget(word, portWord, context)
  const wanted =
    portWord === undefined
      ? named.forward.ports[0]
      : named.forward.ports.find(({ name, remotePort, localPort }) => [name, `${remotePort}`, `${localPort}`].includes(portWord))
  if (wanted === undefined)
    return { message: `forward "${word}" has no port ${portWord}`, fix: `its ports: ${named.forward.ports.map(({ remotePort }) => remotePort).join(', ')}` }
  return { ...named, port: wanted }
}

function adHocTarget(word: string, portWord: string | undefined, context: Context): Found | Mistake {
  if (portWord === undefined)
    return { message: `no forward of the file is named "${word}", and no port is named`, fix: `write a name of the file, or: kpf trace ${word} PORT` }
  const forward = oneForward({ target: word, ports: [portWord], access: flagsOf(context) })
  if ('fix' in forward) return forward
  const [port] = forward.ports
  return port === undefined ? { message: 'no port is named', fix: `write: kpf trace ${word} PORT` } : { forward, port }
}

async function forwardNamed(name: string, context: Context): Promise<Omit<Found, 'port'> | Mistake | undefined> {
  const file = await theFiles(context)
  if (file === undefined || !file.isWatchable) return undefined
  const startMs = realClock.now()
  const { loaded } = await readApproved(context, file)
  if (loaded.kind === 'rejected') {
    const width = widthFor(context)
    const fix = problemsText(loaded.problems, { width: width && width - 4 }).replaceAll('\n', '\n    ')
    return { message: `${file.shownAs} has problems`, fix, ...(loaded.needsApproval && { code: exitCodes.approval }) }
  }
  const forward = loaded.project.forwards.find((candidate) => candidate.name === name)
  return forward && { forward, file: { shownAs: file.shownAs, tookMs: realClock.now() - startMs } }
}
