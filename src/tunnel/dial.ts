/**
 * One dial of one transport: through the gate, within its time, to one classified answer.
 *
 * Owns what an abandoned dial may still bring: a socket that comes too late is destroyed.
 */
import type { Clock } from '../system/clock.ts'
import type { Dialer, PodRef, Transport, Upgraded, UpgradeRefusal } from './dialer.ts'
import { type Failure, failure } from './failure.ts'
import type { DialGate } from './gate.ts'
import { classifyRefusal } from './refusals.ts'

/** What a dial needs. */
export interface DialParts {
  readonly pod: PodRef
  readonly dialer: Dialer
  readonly gate: DialGate
  readonly clock: Clock
  readonly dialMs: number
}

/** What to dial. */
export interface DialTarget {
  readonly transport: Transport
  readonly ports?: readonly number[]
}

/** What came of a dial. */
export type Dialled =
  | Upgraded
  | { readonly kind: 'failed'; readonly next: 'transport' | 'stop'; readonly failure: Failure; readonly podGone: boolean }
  | { readonly kind: 'aborted' }

/** Dials once. Never rejects; resolves `aborted` as soon as `signal` says so. */
export async function dial(parts: DialParts, target: DialTarget, signal: AbortSignal): Promise<Dialled> {
  if (!(await parts.gate.enter(signal))) return { kind: 'aborted' }
  const answer = await within(parts, target, signal)
  if (answer?.kind === 'failure' && answer.class === 'connection') parts.gate.done('unreachable', answer)
  else parts.gate.done('reached')
  if (answer === undefined) return { kind: 'aborted' }
  if (answer.kind === 'upgraded') return answer
  if (answer.kind === 'failure') return { kind: 'failed', next: answer.class === 'protocol' ? 'transport' : 'stop', failure: answer, podGone: false }
  const refusal = classifyRefusal(answer, target.transport, parts.pod)
  return { kind: 'failed', next: refusal.next, failure: refusal.failure, podGone: refusal.podGone ?? false }
}

type Answer = Upgraded | UpgradeRefusal | Failure | undefined

/** The dialer's answer, or a failure after `dialMs`, or `undefined` when told to stop. */
async function within(parts: DialParts, target: DialTarget, signal: AbortSignal): Promise<Answer> {
  const over = new AbortController()
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>()
  const abort = (): void => resolve(undefined)
  signal.addEventListener('abort', abort, { once: true })
  const dialling = open(parts, { ...target, signal: over.signal })
  const late = parts.clock.sleep(parts.dialMs, over.signal).then((slept) => (slept ? tooLate(parts) : undefined))
  const answer = await Promise.race([dialling, late, signal.aborted ? undefined : stopped])
  signal.removeEventListener('abort', abort)
  over.abort()
  void dialling.then((result) => result !== answer && result.kind === 'upgraded' && result.socket.destroy())
  return answer
}

async function open(parts: DialParts, request: DialTarget & { readonly signal: AbortSignal }): Promise<Upgraded | UpgradeRefusal | Failure> {
  try {
    return await parts.dialer.open({ pod: parts.pod, ...request })
  } catch (cause) {
    // The dialer's promise is not to reject; a broken promise must not end the process.
    return failure('KPF_CLUSTER_ERROR', 'the dial broke off', { cause })
  }
}

function tooLate(parts: DialParts): Failure {
  return failure('KPF_CLUSTER_TIMEOUT', `no answer to the upgrade within ${parts.dialMs / 1000} s`)
}
