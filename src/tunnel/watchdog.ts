/**
 * Sleeps and pings for one tunnel as its `Keepalive` says.
 *
 * Owns the one timer of the tunnel's health. It does not know what a ping is made of.
 */
import type { Clock } from '../system/clock.ts'
import { Keepalive } from './keepalive.ts'

/** What the dog barks at. */
export interface WatchdogEvents {
  ping(): void
  /** A ping has missed its time; another was sent. */
  overdue(): void
  /** Nothing follows. */
  dead(silent: 'node' | 'tunnel'): void
}

/** Runs from {@link Watchdog.start} to {@link Watchdog.stop}. */
export class Watchdog {
  readonly #clock: Clock
  readonly #keepalive: Keepalive
  readonly #events: WatchdogEvents
  #sleep: { readonly untilMs: number; readonly stop: AbortController } | undefined
  #isHeld = false
  #isOver = false

  constructor(clock: Clock, intervalMs: number, events: WatchdogEvents) {
    this.#clock = clock
    this.#keepalive = new Keepalive(intervalMs, clock.now())
    this.#events = events
  }

  /** Pings at once; whoever does not answer that one was never there. */
  start(): void {
    this.#events.ping()
    void this.#run()
  }

  /** @returns whether the answer had been overdue */
  heard(): boolean {
    const wasOverdue = this.#keepalive.isOverdue
    this.#keepalive.heard(this.#clock.now())
    return wasOverdue
  }

  serverHeard(): void {
    this.#keepalive.serverHeard()
  }

  progressed(): void {
    this.#keepalive.progressed(this.#clock.now())
  }

  wrote(): void {
    const nowMs = this.#clock.now()
    this.#keepalive.wrote(nowMs)
    // Rarely true: traffic that is answered moves no deadline forward.
    if (this.#sleep && this.#sleep.untilMs > this.#keepalive.deadlineMs) this.#rearm()
  }

  /** Asks now; the answer is due in `pongMs`. */
  hurry(pongMs?: number): void {
    this.#keepalive.hurry(pongMs)
    this.#rearm()
  }

  /** While nothing is read nothing can be heard, and silence proves nothing. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (isHeld) return
    this.#keepalive.heard(this.#clock.now())
    this.#rearm()
  }

  stop(): void {
    this.#isOver = true
    this.#rearm()
  }

  #rearm(): void {
    this.#sleep?.stop.abort()
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const untilMs = this.#isHeld ? this.#clock.now() + HELD_CHECK_MS : this.#step()
      if (untilMs === undefined) continue
      const stop = new AbortController()
      this.#sleep = { untilMs, stop }
      await this.#clock.sleep(Math.max(0, untilMs - this.#clock.now()), stop.signal)
    }
  }

  /** Does what is due; returns until when nothing else is, if that is known. */
  #step(): number | undefined {
    const action = this.#keepalive.next(this.#clock.now())
    switch (action.kind) {
      case 'wait':
        return action.untilMs
      case 'dead':
        this.#isOver = true
        this.#events.dead(action.silent)
        return undefined
      case 'ping':
        this.#events.ping()
        if (this.#keepalive.isOverdue) this.#events.overdue()
        return undefined
    }
  }
}

/** How often a held tunnel looks whether it still is; letting go wakes it earlier. */
const HELD_CHECK_MS = 60_000
