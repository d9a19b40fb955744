/**
 * Many waits of the same length, with one sleeper for all of them.
 *
 * A tunnel has thousands of streams, and each has a deadline or two that hardly ever
 * passes; a timer each would cost more than the streams.
 */
import type { Clock } from '../system/clock.ts'

/** Calls back for each item that stayed on the line for `delayMs`. */
export class DelayLine<Item> {
  readonly #clock: Clock
  readonly #delayMs: number
  readonly #due: (item: Item) => void
  /** In order of time, because all wait equally long. */
  readonly #items = new Map<Item, number>()
  #sleep: AbortController | undefined

  constructor(clock: Clock, delayMs: number, due: (item: Item) => void) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#due = due
  }

  add(item: Item): void {
    this.#items.set(item, this.#clock.now() + this.#delayMs)
    if (this.#sleep === undefined) void this.#run()
  }

  delete(item: Item): void {
    this.#items.delete(item)
    if (this.#items.size === 0) this.stop()
  }

  /** Forgets all items and leaves no timer behind. */
  stop(): void {
    this.#items.clear()
    this.#sleep?.abort()
    this.#sleep = undefined
  }

  async #run(): Promise<void> {
    const sleep = new AbortController()
    this.#sleep = sleep
    for (const [, dueMs] of this.#items) {
      if (!(await this.#clock.sleep(Math.max(0, dueMs - this.#clock.now()), sleep.signal))) return
      this.#fire()
      if (this.#sleep !== sleep) return
    }
    this.#sleep = undefined
  }

  #fire(): void {
    for (const [item, dueMs] of this.#items) {
      if (dueMs > this.#clock.now()) return
      this.#items.delete(item)
      this.#due(item)
    }
  }
}
