/** The terminal that the process has, if it has one. Not in the first file of the program: that is compiled anew by each run. */
import { fstatSync } from 'node:fs'

/** The screen behind stdout, if there is one. */
export interface Terminal {
  readonly isInteractive: boolean
  /** Whether a person can be asked: keys come from a terminal, and what is said goes to one. */
  readonly canAsk: boolean
  /** Whether there is a terminal at all, though most of what is said may go to a file: SIGHUP means that it was closed. */
  readonly isThere: boolean
  /** Whether what is typed comes on stdin: Ctrl-C then reaches every program that was started from here. Does not touch stdin, which a command may share. */
  readonly isTypedAt: boolean
  readonly isColored: boolean
  readonly isUtf8: boolean
  readonly size: () => { readonly width: number; readonly height: number }
  /** Single keys as they are pressed, until the result is called; the terminal is as before then. */
  readonly onKey: (listener: (key: string) => void) => () => void
}

function isDevice(fd: number): boolean {
  try {
    return process.platform === 'win32' || fstatSync(fd).isCharacterDevice()
  } catch {
    // It is closed.
    return false
  }
}

/** What the three descriptors of the process lead to; found out when it is asked for. */
export function terminalOf(): Terminal {
  const { env } = process
  // One whose window was closed is no terminal any more, and was one.
  const found = new Map<number, boolean>()
  const isTerminal = (fd: number): boolean => {
    // `node:tty` is taken only for what may be one: it brings all of `node:net`, which help and completion have no use for.
    const is = found.get(fd) ?? (isDevice(fd) && process.getBuiltinModule('node:tty').isatty(fd))
    found.set(fd, is)
    return is
  }
  return {
    get isInteractive() {
      return env['CI'] === undefined && env['TERM'] !== 'dumb' && isTerminal(1) && isTerminal(2)
    },
    get isThere() {
      return [0, 1, 2].some(isTerminal)
    },
    get isTypedAt() {
      return isTerminal(0)
    },
    get canAsk() {
      return env['CI'] === undefined && isTerminal(0) && isTerminal(2)
    },
    get isColored() {
      const wantsNone = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== ''
      return env['FORCE_COLOR'] !== undefined ? env['FORCE_COLOR'] !== '0' : !wantsNone && this.isInteractive
    },
    isUtf8: /utf-?8/i.test(env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? ''),
    size: () => ({ width: process.stdout.columns || 80, height: process.stdout.rows || 24 }),
    onKey,
  }
}

/** Keys that came together. One that is no character comes as several: CSI or SS3 with what follows it (ECMA-48, 5.4). */
export function keysIn(text: string): readonly string[] {
  return text.match(/\u001b(?:\[[0-?]*[ -/]*[@-~]|O[A-Za-z])|./gsu) ?? []
}

/** Raw mode takes Ctrl-C from the terminal's driver: whoever listens gets it as a key. */
function onKey(listener: (key: string) => void): () => void {
  const { stdin } = process
  if (!stdin.isTTY) return () => {}
  const hear = (bytes: Buffer): void => {
    for (const key of keysIn(bytes.toString('utf8'))) listener(key)
  }
  setRaw(stdin, true)
  stdin.on('data', hear).resume()
  return () => {
    stdin.off('data', hear).pause()
    setRaw(stdin, false)
  }
}

/** A terminal whose window was closed cannot be set, and needs not to be: without this the end of a run would throw. */
function setRaw(stdin: typeof process.stdin, isRaw: boolean): void {
  try {
    stdin.setRawMode(isRaw)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EIO')) throw error
  }
}
