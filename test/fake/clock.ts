/** A clock moved by hand: nothing that waits on it moves until the test says so. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/system/clock.ts'

interface Sleeper {
  readonly dueMs: number
  readonly wake: (slept: boolean) => void
}

export class HandClock implements Clock {
  #nowMs = 0
  #sleepers: Sleeper[] = []

  /** How many sleeps are pending: 0 after a stop means that no timer was left. */
  get waiting(): number {
    return this.#sleepers.length
  }

  now(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs
  }

  sleep(ms: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const sleeper = { dueMs: this.#nowMs + ms, wake: resolve }
    this.#sleepers.push(sleeper)
    signal.addEventListener('abort', () => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
      resolve(false)
    })
    return promise
  }

  /** Moves time on, waking each sleeper at its own moment, and lets what they do settle. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (;;) {
      const next = this.#sleepers.filter((sleeper) => sleeper.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined) break
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next)
      next.wake(true)
      await setImmediate()
    }
    this.#nowMs = endMs
    await setImmediate()
  }
}
