/** A program that has this process's terminal and streams, and its own end. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { errnoOf } from './errno.ts'

/** How it ended, or why it never began. */
export type CommandEnd = { readonly kind: 'ended'; readonly code: number } | { readonly kind: 'refused'; readonly errno: string }

/** A program that runs. */
export interface Command {
  /** Undefined when it never began. */
  readonly pid: number | undefined
  readonly ended: Promise<CommandEnd>
  /** Passes a signal on; nothing happens after its end. */
  signal(name: NodeJS.Signals): void
}

/** Starts it, without a shell, found in PATH. */
export function runCommand([file = '', ...args]: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const { promise, resolve } = Promise.withResolvers<CommandEnd>()
  const child = spawn(file, args, { stdio: 'inherit', env: { ...env } })
  child.once('error', (error) => resolve({ kind: 'refused', errno: errnoOf(error) }))
  // As shells tell it: 128 and the number of the signal.
  child.once('exit', (code, signal) => resolve({ kind: 'ended', code: code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0)) }))
  return { pid: child.pid, ended: promise, signal: (name) => void child.kill(name) }
}
