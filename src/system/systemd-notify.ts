/**
 * A word to the service manager, by its own program: Node has no datagram socket of Unix.
 *
 * The message comes from that program, so a unit needs `NotifyAccess=all`; `--pid` names the
 * process that it is of (systemd-notify(1)).
 */
import { spawn } from 'node:child_process'
import { errnoOf } from './errno.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Whether it was told; `never` when the next word will not be either. */
export type Notified = { readonly kind: 'told' } | { readonly kind: 'failed' | 'never'; readonly why: string }

/** The program waits for the manager for 5 s itself. */
const LIMIT_MS = 10_000

/** Tells it, such as `READY=1`. Never rejects. */
export function notifySystemd(assignments: readonly string[], env: Variables): Promise<Notified> {
  const { promise, resolve } = Promise.withResolvers<Notified>()
  const child = spawn('systemd-notify', [`--pid=${process.pid}`, ...assignments], { stdio: 'ignore', env: { ...env }, timeout: LIMIT_MS })
  child.once('error', (error) => resolve({ kind: 'never', why: `systemd-notify cannot be run (${errnoOf(error)})` }))
  child.once('exit', (code, signal) => resolve(code === 0 ? { kind: 'told' } : { kind: 'failed', why: `systemd-notify failed (${code ?? signal})` }))
  return promise
}
