/** A copy of this process with a session of its own, and the link between the two until it stands. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** Tells the copy what it is; the processes that it starts do not see it. */
const MARK = '_KPF_DETACHED'

/** What the copy says to who started it. */
export type BackgroundMessage = { readonly kind: 'said'; readonly text: string } | { readonly kind: 'up'; readonly code: number; readonly name: string }

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

/** The way back to who started this copy. */
export interface ParentLink {
  tell(message: BackgroundMessage): void
  /** Nothing more is told; the parent may be gone. */
  leave(): void
}

/** Undefined in a process that is no copy. */
export function parentLink(): ParentLink | undefined {
  if (process.env[MARK] === undefined || process.send === undefined) return undefined
  delete process.env[MARK]
  return {
    tell: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {})
    },
    leave: () => {
      if (process.connected) process.disconnect()
    },
  }
}
