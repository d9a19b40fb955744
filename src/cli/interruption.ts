/** A verb that ends by itself, and may be told to end before. */
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'

/** Until {@link Interruption.over} is called signals abort. */
export interface Interruption {
  readonly signal: AbortSignal
  /** The exit code of the signal that came; undefined when none did. */
  readonly code: () => number | undefined
  readonly over: () => void
}

/** Listens to the process's signals. */
export function interruption(context: Context): Interruption {
  const stop = new AbortController()
  let code: number | undefined
  const over = context.onSignal((signal) => {
    code ??= signal === 'SIGTERM' ? exitCodes.forcedTerm : exitCodes.forcedInt
    stop.abort()
  })
  return { signal: stop.signal, code: () => code, over }
}
