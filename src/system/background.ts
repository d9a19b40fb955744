/** A copy of this process with a session of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { type BackgroundMessage, MARK } from './parent-link.ts'

/** The copy, from outside. */
export interface Background {
  readonly pid: number
  /** Its exit code; a signal that ended it is 128 and its number, in effect a failure. */
  readonly exited: Promise<number>
  /** Ends it. */
  stop(): void
  /** Lets it go: this process may end. */
  release(): void
}

/** Runs this program with the same words in the background; its streams go to `output`, a file for its user alone. */
export function startInBackground(output: string, hear: (message: BackgroundMessage) => void, needsStdin: boolean): Background {
  const fd = openSync(output, 'w', 0o600)
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    windowsHide: true,
    stdio: [needsStdin ? 'inherit' : 'ignore', fd, fd, 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  })
  closeSync(fd)
  const { promise, resolve } = Promise.withResolvers<number>()
  child.once('exit', (code) => resolve(code ?? 70))
  child.once('error', () => resolve(70))
  // Only our own copy is at the other end.
  child.on('message', (message) => hear(message as BackgroundMessage))
  return {
    pid: child.pid ?? 0,
    exited: promise,
    stop: () => void child.kill('SIGTERM'),
    release: () => {
      if (child.connected) child.disconnect()
      child.unref()
    },
  }
}
