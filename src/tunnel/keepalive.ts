/**
 * When a tunnel is asked for a sign of life, and when it is given up (rule H3).
 *
 * Pure: times go in, the next thing to do comes out; `watchdog.ts` sleeps and pings.
 * Silence alone is no proof, so it is asked three times; and what travels in front of a
 * ping counts as progress, or a slow uplink with a full buffer would look dead.
 */

/** What to do now. */
export type KeepaliveAction =
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'ping' }
  /** `server` answered only the outer ping: then it is the node that is silent. */
  | { readonly kind: 'dead'; readonly silent: 'node' | 'tunnel' }

const PONG_MS = 5_000
const HURRIED_PONG_MS = 3_000
const AGAIN_MS = 1_000
const TRIES_AGAIN = 2
/** How long written bytes may go without any coming back. */
const UNANSWERED_MS = 5_000

interface Round {
  dueMs: number
  triesLeft: number
  isOverdue: boolean
}

/** The pings of one tunnel. It begins with one that proves the way: due in 5 s, asked once. */
export class Keepalive {
  readonly #intervalMs: number
  #heardMs: number
  /** When the first of the bytes was written that nothing came back for. */
  #unansweredMs: number | undefined
  #round: Round | undefined
  #hurryMs: number | undefined
  #serverAnswered = false

  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs
    this.#heardMs = nowMs
    this.#round = { dueMs: nowMs + PONG_MS, triesLeft: 0, isOverdue: false }
  }

  /** Whether a ping of this round has missed its time. */
  get isOverdue(): boolean {
    return this.#round?.isOverdue ?? false
  }

  /** The node sent something. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs
    this.#unansweredMs = undefined
    this.#round = undefined
    this.#hurryMs = undefined
    this.#serverAnswered = false
  }

  /** The API server answered the outer ping. */
  serverHeard(): void {
    this.#serverAnswered = true
  }

  wrote(nowMs: number): void {
    this.#unansweredMs ??= nowMs
  }

  /** Queued bytes went out: a ping behind them gets its time anew. */
  progressed(nowMs: number): void {
    if (this.#round) this.#round.dueMs = Math.max(this.#round.dueMs, nowMs + HURRIED_PONG_MS)
  }

  /** Somebody has a doubt: ask now instead of at the next turn. */
  hurry(pongMs: number = HURRIED_PONG_MS): void {
    this.#hurryMs = pongMs
  }

  next(nowMs: number): KeepaliveAction {
    if (this.#round) return this.#inRound(this.#round, nowMs)
    if (this.#hurryMs !== undefined) return this.#ask(nowMs + this.#hurryMs)
    if (this.#unansweredMs !== undefined && nowMs >= this.#unansweredMs + UNANSWERED_MS) return this.#ask(nowMs + HURRIED_PONG_MS)
    if (nowMs >= this.#heardMs + this.#intervalMs) return this.#ask(nowMs + PONG_MS)
    return { kind: 'wait', untilMs: this.deadlineMs }
  }

  /** Until when nothing is to be done, if nothing happens. */
  get deadlineMs(): number {
    if (this.#round) return this.#round.dueMs
    const unansweredMs = this.#unansweredMs === undefined ? Infinity : this.#unansweredMs + UNANSWERED_MS
    return Math.min(this.#heardMs + this.#intervalMs, unansweredMs)
  }

  #ask(dueMs: number): KeepaliveAction {
    this.#hurryMs = undefined
    this.#round = { dueMs, triesLeft: TRIES_AGAIN, isOverdue: false }
    return { kind: 'ping' }
  }

  #inRound(round: Round, nowMs: number): KeepaliveAction {
    if (nowMs < round.dueMs) return { kind: 'wait', untilMs: round.dueMs }
    if (round.triesLeft === 0) return { kind: 'dead', silent: this.#serverAnswered ? 'node' : 'tunnel' }
    this.#round = { dueMs: nowMs + AGAIN_MS, triesLeft: round.triesLeft - 1, isOverdue: true }
    return { kind: 'ping' }
  }
}
