/** Collects the steps of one trace, each with its time. */
import type { Clock } from '../system/clock.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { Facts, Outcome, Party, Step, StepFailure, StepId, SectionId } from './account.ts'

/** A step without its times. */
export interface Draft {
  readonly id: StepId
  readonly section: SectionId
  readonly from: Party
  readonly to: Party
  readonly what: string
  readonly answer?: string
  readonly result?: Step['result']
  readonly seen?: boolean
  /** False where its time cannot be told apart from that of the next step. */
  readonly isTimed?: boolean
  readonly facts?: Facts
  readonly failure?: Failure
}

/** The record of one trace. */
export class Recorder {
  readonly #clock: Clock
  readonly #startMs: number
  readonly #stopped: AbortSignal
  readonly steps: Step[] = []

  /** What fails after `stopped` fails because of it, and is told as stopped. The trace began `beforeMs` ago. */
  constructor(clock: Clock, stopped: AbortSignal, beforeMs: number) {
    this.#clock = clock
    this.#stopped = stopped
    this.#startMs = clock.now() - beforeMs
  }

  /** Milliseconds since the start. */
  get atMs(): number {
    return this.#clock.now() - this.#startMs
  }

  /** A step that ends now, and began at `sinceMs` of the trace. */
  add(draft: Draft, sinceMs: number): void {
    const { failure, result = failure ? 'failed' : 'done', seen = true, facts = {}, isTimed = true, ...rest } = draft
    const isStopped = failure !== undefined && this.#stopped.aborted
    this.steps.push({
      ...rest,
      result: isStopped ? 'stopped' : result,
      seen,
      facts,
      ...(failure && !isStopped && { failure: stepFailure(failure) }),
      atMs: sinceMs,
      ...(isTimed && { tookMs: Math.max(0, this.atMs - sinceMs) }),
    })
  }

  /** The first step that failed decides, unless bytes got through in the end. */
  outcome(isThrough: boolean): Outcome {
    if (isThrough) return { kind: 'through' }
    const last = this.steps.at(-1)
    if (this.#stopped.aborted) return { kind: 'stopped', section: last?.section ?? 'initialization', step: last?.id ?? 'kubeconfig' }
    const failed = this.steps.find((step) => step.result === 'failed')
    if (failed?.failure === undefined) return { kind: 'through' }
    return { kind: 'broken', section: failed.section, step: failed.id, failure: failed.failure }
  }
}

/** What is shown of a failure. */
export function stepFailure({ code, message, hint }: Failure): StepFailure {
  return { code, message, ...(hint !== undefined && { hint }) }
}
