/** From a command line to the supervisor that runs its project, and its answers. */
import type { Asked, Question } from '../../control/client.ts'
import { API_VERSION, type StatusBody } from '../../control/shapes.ts'
import { printable } from '../../file/printable.ts'
import { realClock } from '../../system/clock.ts'
import { existsNow } from '../../system/files-now.ts'
import { type LockRecord, readLock } from '../../system/lock-record.ts'
import { self, startOf } from '../../system/processes.ts'
import { ANSWER_MS, askWithin } from './asking.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { type Asking, placeOf } from '../place.ts'

/** A supervisor that has a lock; whether it answers is another matter. */
export interface Owner {
  readonly socket: string
  readonly pid: number
  readonly started: string
  readonly lock: string
  readonly nonce: string
  /** What was said of it already: once is enough. */
  readonly said: Set<'skew'>
}

/** Somebody to ask, or the exit code after it was said why there is nobody. */
export type Reached = { readonly kind: 'owner'; readonly owner: Owner } | { readonly kind: 'ended'; readonly code: number }

/** What was answered, or the exit code after it was said why nothing was. */
export type Told = { readonly kind: 'told'; readonly code: number; readonly body: unknown } | { readonly kind: 'ended'; readonly code: number }

/** Somebody to ask about the project. */
export async function reach(context: Context): Promise<Reached> {
  const owner = await holderOf(context)
  if (owner === 'no-file') return { kind: 'ended', code: noFile(context) }
  if (owner === 'nobody') return { kind: 'ended', code: notRunning(context) }
  await untilItListens(owner)
  return { kind: 'owner', owner }
}

/** Who has the lock of the project that a command line means, alive or not. Reads one small file, and says nothing. */
export async function holderOf(context: Asking): Promise<Owner | 'nobody' | 'no-file'> {
  const place = await placeOf(context, self().platform)
  if (place === undefined) return 'no-file'
  const record = readLock(place.lock)
  return record === undefined ? 'nobody' : ownerOf(record, place.lock)
}

/** The supervisor that runs the project, if one lives. Says nothing. */
export async function livingOwner(context: Context): Promise<Owner | undefined> {
  const owner = await holderOf(context)
  return typeof owner === 'object' && (await isThere(owner)) ? owner : undefined
}

/** Says that there is no file to tell the project by, and gives the code. */
export function noFile(context: Context): number {
  return mistake(context, {
    message: 'no forwards.yaml here or in the directories above, up to the repository',
    fix: 'name the file of the project with -f, or see: kpf ls',
  })
}

/** The holder of a lock as one to ask. */
export function ownerOf({ note, pid, started, nonce }: LockRecord, lock: string): Owner {
  return { socket: typeof note['socket'] === 'string' ? note['socket'] : '', pid, started, lock, nonce, said: new Set() }
}

/** A run binds and dials before it listens: one that has just begun is waited for. */
const LISTENS_MS = 2_000
const STEP_MS = 20

/** Waits for the socket of one that lives, for a moment. A pipe of Windows is no file: it is asked at once. */
export async function untilItListens(owner: Owner): Promise<void> {
  if (self().platform === 'win32' || owner.socket === '' || existsNow(owner.socket)) return
  const endMs = realClock.now() + LISTENS_MS
  const never = new AbortController()
  while (!existsNow(owner.socket) && realClock.now() < endMs && (await isThere(owner))) await realClock.sleep(STEP_MS, never.signal)
}

/** Asks; a refusal and a silence are said, and end with their code. */
export async function tell(context: Context, owner: Owner, question: Question, limitMs: number = ANSWER_MS): Promise<Told> {
  return heard(context, owner, await askWithin(owner.socket, question, limitMs))
}

/** What came back, with everything said that a person should know of it. */
export async function heard(context: Context, owner: Owner, asked: Asked): Promise<Told> {
  if (asked.kind === 'unreachable') return { kind: 'ended', code: await silent(context, owner, asked.errno) }
  tellSkew(context, owner, asked)
  if (asked.code === 200 || asked.code === 422) return { kind: 'told', code: asked.code, body: asked.body }
  const { error, hint } = wordsOf(asked.body, { error: 'the supervisor refuses', hint: 'see: docs/control-api.md' })
  context.err(`kpf: ${error}\n    ${hint}\n`)
  return { kind: 'ended', code: asked.code === 404 ? exitCodes.usage : exitCodes.failed }
}

/** A status and who told it, or the exit code after it was said why there is none. */
export type StatusTold = { readonly kind: 'status'; readonly status: StatusBody; readonly owner: Owner } | { readonly kind: 'ended'; readonly code: number }

/** The status of the project; `/v1/drift` is the status after a look at the machine. */
export async function statusOf(context: Context, path: '/v1/status' | '/v1/drift' = '/v1/status'): Promise<StatusTold> {
  const reached = await reach(context)
  if (reached.kind === 'ended') return reached
  const { owner } = reached
  const told = await tell(context, owner, { method: 'GET', path })
  if (told.kind === 'ended') return told
  const status = asStatus(told.body)
  if (status) return { kind: 'status', status, owner }
  context.err(`kpf: the supervisor (pid ${owner.pid}) speaks another version of the control API\n    use the kpf that started it, or: kill ${owner.pid}\n`)
  return { kind: 'ended', code: exitCodes.owned }
}

/** A body as a status, by its version: that promises the rest. */
export function asStatus(body: unknown): StatusBody | undefined {
  const isStatus = typeof body === 'object' && body !== null && 'v' in body && body.v === API_VERSION && 'forwards' in body
  return isStatus ? (body as StatusBody) : undefined
}

/** Whether the process of a lock is there; one that is not has left a lock that the next `up` takes over. */
export async function isThere({ pid, started }: Owner): Promise<boolean> {
  return pid > 0 && (await startOf(pid)) === started
}

/** Waits until its lock is another's, or nobody's: then the next `up` may begin. */
export function isReleased(owner: Owner, limitMs: number): Promise<boolean> {
  return within(limitMs, async () => readLock(owner.lock)?.nonce !== owner.nonce || !(await isThere(owner)))
}

/** Waits until its process has ended. */
export function hasLeft(owner: Owner, limitMs: number): Promise<boolean> {
  return within(limitMs, async () => !(await isThere(owner)))
}

async function within(limitMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const endMs = realClock.now() + limitMs
  const never = new AbortController()
  for (;;) {
    if (await isSo()) return true
    if (realClock.now() >= endMs) return false
    await realClock.sleep(STEP_MS, never.signal)
  }
}

/** What a socket says that is closed: its process may be about to leave. */
const closed = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])
const LEAVES_MS = 1_000

/** Says why there is no answer, and gives the code. */
export async function silent(context: Context, owner: Owner, errno: string): Promise<number> {
  if (await isReleased(owner, closed.has(errno) ? LEAVES_MS : 0)) return notRunning(context)
  context.err(`kpf: the supervisor (pid ${owner.pid}) does not answer (${errno})\n    if it stays so: kill ${owner.pid}, then kpf up\n`)
  return exitCodes.owned
}

function notRunning(context: Context): number {
  context.err('kpf: this project does not run\n    start it with: kpf up -d; those that run: kpf ls\n')
  return exitCodes.notRunning
}

/** They understand each other while the version of the API is one; what only the newer one knows is missing. */
function tellSkew(context: Context, { said }: Owner, { version }: Extract<Asked, { kind: 'answered' }>): void {
  if (version === '' || version === context.version || said.has('skew')) return
  said.add('skew')
  const fix = isOlder(version, context.version) ? 'to start it anew: kpf down && kpf up -d' : 'this kpf is the older one; those of this machine: which -a kpf'
  context.err(`kpf: the supervisor is kpf ${printable(version)}, this is ${context.version}\n    ${fix}\n`)
}

/** By numbers, as of 0.10.0 and 0.9.1; what stands behind them does not count. */
function isOlder(version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => text.split('-')[0]?.split('.').map(Number) ?? [])
  const at = a?.findIndex((part, index) => part !== b?.[index]) ?? -1
  return at >= 0 && (a?.[at] ?? 0) < (b?.[at] ?? 0)
}

/** One field of what a supervisor of another version may have answered. */
export function valueIn(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
}

/** What is said of a refusal, or what stands for it where nothing is. */
export function wordsOf(body: unknown, fallback: { readonly error: string; readonly hint: string }): { readonly error: string; readonly hint: string } {
  const of = (name: 'error' | 'hint'): string => {
    const value = valueIn(body, name)
    return typeof value === 'string' ? value : fallback[name]
  }
  return { error: of('error'), hint: of('hint') }
}
