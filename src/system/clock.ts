/** Time, as everything outside `system/` sees it. */
export interface Clock {
  /** Milliseconds on a clock that never jumps. */
  now(): number
  /** Milliseconds since 1970 on the clock people read; it may jump, so it only labels. */
  wallMs(): number
  /** Resolves `true` after `ms`, or `false` as soon as `signal` aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<boolean>
}

/** The machine's clock. */
export const realClock: Clock = {
  // Not `performance`: its first use takes a millisecond.
  now: () => {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1_000 + nanoseconds / 1_000_000
  },
  wallMs: () => Date.now(),
  sleep(ms, signal) {
    if (signal.aborted) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const aborted = (): void => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted)
      resolve(true)
    }, ms)
    signal.addEventListener('abort', aborted, { once: true })
    return promise
  },
}
