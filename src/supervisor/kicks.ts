/**
 * Kicks, one a second at most: the first at once, all that come within the second
 * together at its end (rule B5). None is lost: the last may be the one that helps.
 */
import type { Clock } from '../system/clock.ts'

/** A little more than the second that each pool keeps to by itself, so that it does not take the later kick for the first. */
const INTERVAL_MS = 1_050

/** The way of all kicks to what waits. */
export class Kicks {
  readonly #clock: Clock
  readonly #kickAll: () => void
  readonly #closed = new AbortController()
  #lastMs = Number.NEGATIVE_INFINITY
  #isDue = false

  constructor(clock: Clock, kickAll: () => void) {
    this.#clock = clock
    this.#kickAll = kickAll
  }

  kick(): void {
    if (this.#isDue || this.#closed.signal.aborted) return
    const waitMs = this.#lastMs + INTERVAL_MS - this.#clock.now()
    if (waitMs > 0) void this.#later(waitMs)
    else this.#now()
  }

  /** Those that are due come no more. */
  close(): void {
    this.#closed.abort()
  }

  async #later(waitMs: number): Promise<void> {
    this.#isDue = true
    if (await this.#clock.sleep(waitMs, this.#closed.signal)) this.#now()
  }

  #now(): void {
    this.#isDue = false
    this.#lastMs = this.#clock.now()
    this.#kickAll()
  }
}
