/** `kpf down`: ends the project, or some of its forwards; nothing to end is no mistake. */
import { printable } from '../../file/printable.ts'
import { counted } from '../../output/words.ts'
import { askWithin } from './asking.ts'
import { type Context, isSet, say } from '../context.ts'
import { durationFlag } from '../durations.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { asStatus, hasLeft, holderOf, isReleased, isThere, noFile, type Owner, silent, tell, untilItListens, valueIn } from './reach.ts'

const DRAIN_MS = 10_000
/** For the supervisor to end once everything is closed. */
const GRACE_MS = 10_000
/** For its process to be gone after that. One that cannot end, since nobody reads what it prints, keeps nobody. */
const LEAVES_MS = 1_000

/** Runs the verb. */
export async function down(context: Context): Promise<number> {
  const timeoutMs = durationFlag(context.flags, 'timeout', '10s, 500ms or 1m')
  if (typeof timeoutMs === 'object') return mistake(context, timeoutMs)
  const drainMs = isSet(context.flags, 'now') ? 0 : (timeoutMs ?? DRAIN_MS)
  const owner = await holderOf(context)
  if (owner === 'nobody') return nothing(context)
  if (owner === 'no-file') return noFile(context)
  await untilItListens(owner)
  if (!(await isThere(owner))) return nothing(context)
  return context.words.length > 0 ? some(context, owner, drainMs) : all(context, owner, drainMs)
}

async function some(context: Context, owner: Owner, drainMs: number): Promise<number> {
  const told = await tell(context, owner, { method: 'POST', path: '/v1/stop', body: { names: context.words } })
  if (told.kind === 'ended') return told.code
  const asked = await askWithin(owner.socket, { method: 'GET', path: '/v1/status' })
  const status = asked.kind === 'answered' ? asStatus(asked.body) : undefined
  const isEmpty = status?.forwards.every(({ state }) => state === 'stopped' || state === 'stopping') ?? false
  say(context, `stopped: ${context.words.join(', ')}\n`)
  return isEmpty ? all(context, owner, drainMs) : exitCodes.done
}

async function all(context: Context, owner: Owner, drainMs: number): Promise<number> {
  const leaving = context.onSignal(() => void askWithin(owner.socket, end(0)))
  const asked = await askWithin(owner.socket, end(drainMs), drainMs + GRACE_MS)
  const isGone = await isReleased(owner, GRACE_MS)
  const command = asked.kind === 'answered' ? commandIn(asked.body) : ''
  // Its process writes its log to the end after that: whoever was told that it stopped may count on it.
  // One that ran a command writes none, and stays for as long as the command, which may be what asks here.
  if (isGone && command === '') await hasLeft(owner, LEAVES_MS)
  leaving()
  if (!isGone) return silent(context, owner, asked.kind === 'unreachable' ? asked.errno : 'still there')
  say(context, asked.kind === 'answered' ? `${nameIn(asked.body)}stopped: ${totals(asked.body)}\n${command}` : 'stopped\n')
  return exitCodes.done
}

function end(drainMs: number): { method: 'POST'; path: string; body: object } {
  return { method: 'POST', path: '/v1/stop', body: { end: true, drainMs } }
}

/** An older supervisor does not say it. */
function nameIn(body: unknown): string {
  const name = valueIn(body, 'project')
  return typeof name === 'string' ? `${printable(name)} ` : ''
}

/** What `kpf run` leaves running, as a line; nothing where there is no such command. */
function commandIn(body: unknown): string {
  const command = valueIn(body, 'command')
  const [name, pid] = [valueIn(command, 'name'), valueIn(command, 'pid')]
  return typeof name === 'string' && typeof pid === 'number' ? `the command of kpf run was told to end: ${printable(name)} (pid ${pid})\n` : ''
}

function totals(body: unknown): string {
  const of = (name: string): number => {
    const value = valueIn(body, name)
    return typeof value === 'number' ? value : 0
  }
  return `${counted(of('forwards'), 'forward')}, ${counted(of('served'), 'connection')} served, ${of('failed')} failed, ${of('reset')} reset at the end`
}

function nothing(context: Context): number {
  say(context, 'nothing runs\n')
  return exitCodes.done
}
