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
  readonly facts?: Facts
  readonly failure?: Failure
}

/** The record of one trace. */
export class Recorder {
  readonly #clock: Clock
  readonly #startMs: number
  readonly steps: Step[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.now()
  }

  /** Milliseconds since the start. */
  get atMs(): number {
    return this.#clock.now() - this.#startMs
  }

  /** A step that ends now, and began at `sinceMs` of the trace. */
  add(draft: Draft, sinceMs: number): void {
    const { failure, result = failure ? 'failed' : 'done', seen = true, facts = {}, ...rest } = draft
    this.steps.push({
      ...rest,
      result,
      seen,
      facts,
      ...(failure && { failure: stepFailure(failure) }),
      atMs: sinceMs,
      tookMs: Math.max(0, this.atMs - sinceMs),
    })
  }

  /** The first step that failed decides, unless bytes got through in the end. */
  outcome(isThrough: boolean): Outcome {
    const failed = this.steps.find((step) => step.result === 'failed')
    if (isThrough || failed?.failure === undefined) return { kind: 'through' }
    return { kind: 'broken', section: failed.section, step: failed.id, failure: failed.failure }
  }
}

/** What is shown of a failure. */
export function stepFailure({ code, message, hint }: Failure): StepFailure {
  return { code, message, ...(hint !== undefined && { hint }) }
}
