/**
 * How long a lane waits before each try, over its whole life.
 *
 * Pure but for what it counts: failures in a row, losses within five minutes. The rules
 * are B1 to B6 of the semantics; who waits is `lane.ts`.
 */
import type { Chance } from '../system/chance.ts'
import { type BackoffPolicy, delayMs, failuresAfter } from './backoff.ts'
import type { Failure } from './failure.ts'

const FIRST_MS = 100
const KICK_MS = 300
const RECHECK_MS = 60_000
const AUTH_MS: readonly number[] = [5_000, 15_000]
const RETRY_AFTER_MAX_MS = 60_000
const RETRY_AFTER_SPREAD_MS = 1_000
const FLAP_WINDOW_MS = 5 * 60_000
const FLAP_LOSSES = 10
const FLAP_MAX_MS = 60_000

/** The tries of one lane. */
export class Retries {
  readonly #policy: BackoffPolicy
  readonly #chance: Chance
  #failures = 0
  #authFailures = 0
  /** The quick try after a loss; given again only to a lane that was stable. */
  #hasQuickTry = true
  #losses: number[] = []

  constructor(policy: BackoffPolicy, chance: Chance) {
    this.#policy = policy
    this.#chance = chance
  }

  /** Lost more than ten times within five minutes. */
  get isFlapping(): boolean {
    return this.#losses.length > FLAP_LOSSES
  }

  /** The wait after an open tunnel was lost. */
  afterLoss(why: Failure, openForMs: number, nowMs: number): number {
    this.#losses = [...this.#losses.filter((atMs) => nowMs - atMs < FLAP_WINDOW_MS), nowMs]
    this.#authFailures = 0
    const isStable = openForMs >= this.#policy.resetAfterMs
    this.#failures = failuresAfter(this.#policy, this.#failures, openForMs)
    const isQuick = (isStable || this.#hasQuickTry) && !this.isFlapping && why.class === 'connection'
    this.#hasQuickTry = false
    return isQuick ? this.#chance() * FIRST_MS : this.afterFailure(why)
  }

  /** The wait after a dial that failed. */
  afterFailure(why: Failure): number {
    const waitMs = this.#classWaitMs(why)
    if (why.retryAfterMs === undefined) return waitMs
    return Math.max(waitMs, Math.min(why.retryAfterMs, RETRY_AFTER_MAX_MS) + this.#chance() * RETRY_AFTER_SPREAD_MS)
  }

  /** The wait when somebody has a reason to hope; the counters stay. */
  afterKick(): number {
    return this.#chance() * KICK_MS
  }

  #classWaitMs(why: Failure): number {
    switch (why.class) {
      case 'auth':
        return AUTH_MS[this.#authFailures++] ?? RECHECK_MS
      case 'rbac':
      case 'config':
      case 'protocol':
        return RECHECK_MS
      case 'connection':
      case 'resolve':
      case 'stream': {
        const policy = this.isFlapping ? { ...this.#policy, maxMs: Math.max(this.#policy.maxMs, FLAP_MAX_MS) } : this.#policy
        return delayMs(policy, this.#failures++, this.#chance())
      }
    }
  }
}
