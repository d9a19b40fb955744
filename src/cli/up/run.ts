/** Runs a supervisor until a signal ends it: once gently, twice at once. */
import type { Supervisor } from '../../supervisor/supervisor.ts'
import type { Context } from '../context.ts'
import { Ending } from './ending.ts'
import { exitCodes } from '../exit-codes.ts'

const DRAIN_MS = { SIGINT: 2_000, SIGTERM: 10_000, SIGHUP: 10_000 } as const

const CTRL_C = '\u0003'
const CTRL_BACKSLASH = '\u001c'

/** What a run obeys besides signals. */
export interface RunOptions {
  /** What SIGHUP asks for away from a terminal. */
  readonly reload: () => void
  /** What SIGUSR2 asks for, where a log is written: somebody else may have moved it. */
  readonly reopen?: (() => void) | undefined
  /** Whether the keys of the live table are heard. */
  readonly hasKeys: boolean
  /** Hears every key besides. */
  readonly press?: ((key: string) => void) | undefined
  /** Where others may end it too. */
  readonly ending?: Ending
}

/** Keys until the result is called, but for the time in which the terminal is lent. */
function hearKeys({ terminal, screen }: Context, press: (key: string) => void): () => void {
  let off: (() => void) | undefined = terminal.onKey(press)
  const leave = (): void => {
    off?.()
    off = undefined
  }
  const end = screen.use({ leave, comeBack: () => (off ??= terminal.onKey(press)) })
  return () => {
    end()
    leave()
  }
}

/** Resolves with the exit code once everything is closed. */
export async function runUntilStopped(
  supervisor: Supervisor,
  context: Context,
  { reload, reopen, hasKeys, press: pressed, ending = new Ending(supervisor) }: RunOptions,
): Promise<number> {
  let code: number = exitCodes.done
  // Before it is gone: a window that was closed is no terminal any more.
  const { isThere } = context.terminal
  const hear = (signal: Parameters<Parameters<Context['onSignal']>[0]>[0]): void => {
    if (signal === 'SIGHUP' && !isThere) return reload()
    if (signal === 'SIGUSR2') return reopen?.()
    if (signal === 'SIGUSR1') return context.err(`${JSON.stringify(supervisor.snapshot(), undefined, 2)}\n`)
    if (ending.isBegun) {
      if (signal !== 'SIGQUIT') code = signal === 'SIGINT' ? exitCodes.forcedInt : exitCodes.forcedTerm
      return ending.hurry()
    }
    void ending.begin(signal === 'SIGQUIT' ? 0 : DRAIN_MS[signal])
  }
  const off = context.onSignal(hear)
  const press = (key: string): void => {
    if (key === 'q' || key === CTRL_C) hear('SIGINT')
    else if (key === CTRL_BACKSLASH) hear('SIGQUIT')
    else if (key === 'r') supervisor.kick()
    pressed?.(key)
  }
  const offKeys = hasKeys ? hearKeys(context, press) : undefined
  try {
    await ending.over
    return code
  } finally {
    off()
    offKeys?.()
  }
}
