/** Runs a supervisor until a signal ends it: once gently, twice at once. */
import type { Supervisor } from '../supervisor/supervisor.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'

const DRAIN_MS = { SIGINT: 2_000, SIGTERM: 10_000, SIGHUP: 10_000 } as const

/** Resolves with the exit code once everything is closed. `reload` is what SIGHUP asks for away from a terminal. */
export async function runUntilStopped(supervisor: Supervisor, context: Context, reload: () => void): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const force = new AbortController()
  let code: number = exitCodes.done
  let isStopping = false
  const off = context.onSignal((signal) => {
    if (signal === 'SIGHUP' && !context.terminal.isInteractive) return reload()
    if (signal === 'SIGUSR1') return context.err(`${JSON.stringify(supervisor.snapshot(), undefined, 2)}\n`)
    if (signal === 'SIGQUIT' || isStopping) {
      if (signal !== 'SIGQUIT') code = signal === 'SIGINT' ? exitCodes.forcedInt : exitCodes.forcedTerm
      force.abort()
    }
    if (isStopping) return
    isStopping = true
    const drainMs = signal === 'SIGQUIT' ? 0 : DRAIN_MS[signal]
    void supervisor.stop({ drainMs, deadline: force.signal }).then(() => resolve(code))
  })
  try {
    return await promise
  } finally {
    off()
  }
}
