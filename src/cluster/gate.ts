/**
 * One API server's breaker: while it cannot be reached one probe stands for all dials,
 * and when it is back they are let through a few at a time (rule B7).
 */
import type { Chance } from '../system/chance.ts'
import type { Clock } from '../system/clock.ts'
import { delayMs } from '../tunnel/backoff.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { DialGate } from '../tunnel/gate.ts'
import type { GateView } from './cluster-api.ts'

/** What a gate needs. */
export interface GateParts {
  readonly clock: Clock
  readonly chance: Chance
  /** Asks the API server for anything at all; undefined when it answered. */
  readonly probe: (signal: AbortSignal) => Promise<Failure | undefined>
  readonly concurrency: number
}

const FAILURES_TO_CLOSE = 3
const QUICK_PROBE_MS = 1_000
const QUICK_FOR_MS = 15_000
/** A probe that is not answered: the network may have gone without a word, and a kept-alive connection with it. */
const PROBE_TIMEOUT_MS = 5_000
const DIALS_PER_SECOND = 16
const POLICY = { initialMs: 1_000, factor: 2, maxMs: 15_000, jitter: 0.5, resetAfterMs: 0 }

interface Waiting {
  readonly enter: (isIn: boolean) => void
}

/** The gate of one cluster. */
export class Gate implements DialGate, GateView {
  readonly #parts: GateParts
  readonly #closed = new AbortController()
  readonly #listeners = new Set<() => void>()
  #queue: Waiting[] = []
  #inFlight = 0
  #failures = 0
  /** Unlimited until the gate has been closed: a start on a healthy cluster is no stampede. */
  #tokens = Number.POSITIVE_INFINITY
  #refilledMs = 0
  #isRefilling = false
  #kick: AbortController | undefined
  closedFor: GateView['closedFor']

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#refilledMs = parts.clock.now()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || this.#closed.signal.aborted) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiting: Waiting = {
      enter: (isIn) => {
        signal.removeEventListener('abort', leave)
        resolve(isIn)
      },
    }
    const leave = (): void => {
      this.#queue = this.#queue.filter((other) => other !== waiting)
      resolve(false)
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#queue.push(waiting)
    this.#release()
    return promise
  }

  done(outcome: 'reached' | 'unreachable', why?: Failure): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1)
    if (outcome === 'reached') this.#failures = 0
    else if (++this.#failures >= FAILURES_TO_CLOSE && this.closedFor === undefined) {
      // Until the first probe has ended this is what is known.
      void this.#probeUntilBack(why ?? failure('KPF_CLUSTER_UNREACHABLE', 'cluster unreachable'))
    }
    this.#release()
  }

  /** Probes now. */
  kick(): void {
    this.#kick?.abort()
  }

  close(): void {
    this.#closed.abort()
    for (const waiting of this.#queue.splice(0)) waiting.enter(false)
  }

  async #probeUntilBack(first: Failure): Promise<void> {
    const { clock, chance } = this.#parts
    const sinceMs = clock.now()
    let told = first
    let slow = 0
    while (!this.#closed.signal.aborted) {
      const isQuick = clock.now() - sinceMs < QUICK_FOR_MS
      const waitMs = isQuick ? QUICK_PROBE_MS * (0.9 + chance() / 5) : delayMs(POLICY, slow++, chance())
      this.#set({ failure: told, sinceMs, nextTryMs: clock.now() + waitMs })
      await this.#wait(waitMs)
      if (this.#closed.signal.aborted) return
      const found = await this.#probe()
      if (found === undefined) break
      told = found
    }
    if (this.#closed.signal.aborted) return
    this.#failures = 0
    this.#tokens = DIALS_PER_SECOND
    this.#refilledMs = clock.now()
    this.#set(undefined)
    this.#release()
  }

  async #wait(ms: number): Promise<void> {
    const kick = new AbortController()
    this.#kick = kick
    await this.#parts.clock.sleep(ms, AbortSignal.any([this.#closed.signal, kick.signal]))
  }

  async #probe(): Promise<Failure | undefined> {
    const late = new AbortController()
    const ended = new AbortController()
    // A kick gives up the probe that is out: what it waits for may be a network that is no more.
    this.#kick = late
    void this.#parts.clock.sleep(PROBE_TIMEOUT_MS, ended.signal).then((slept) => slept && late.abort())
    const found = await this.#parts.probe(AbortSignal.any([this.#closed.signal, late.signal]))
    ended.abort()
    return found
  }

  #set(closedFor: GateView['closedFor']): void {
    this.closedFor = closedFor
    for (const listener of this.#listeners) listener()
  }

  /** Lets in as many as the breaker, the bucket and the number in flight allow. */
  #release(): void {
    this.#refill()
    while (this.closedFor === undefined && this.#queue.length > 0 && this.#inFlight < this.#parts.concurrency && this.#tokens >= 1) {
      this.#tokens--
      this.#inFlight++
      this.#queue.shift()?.enter(true)
    }
    if (this.#queue.length > 0 && this.#tokens < 1) void this.#refillLater()
  }

  #refill(): void {
    const now = this.#parts.clock.now()
    if (!Number.isFinite(this.#tokens)) return
    this.#tokens = Math.min(DIALS_PER_SECOND, this.#tokens + ((now - this.#refilledMs) / 1000) * DIALS_PER_SECOND)
    this.#refilledMs = now
  }

  async #refillLater(): Promise<void> {
    if (this.#isRefilling) return
    this.#isRefilling = true
    await this.#parts.clock.sleep(1000 / DIALS_PER_SECOND, this.#closed.signal)
    this.#isRefilling = false
    if (!this.#closed.signal.aborted) this.#release()
  }
}
