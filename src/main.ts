#!/usr/bin/env node
/**
 * The process: argument words in, exit code out. The only place that ends the process.
 *
 * Until the verb is known it reads nothing but the table of verbs.
 */
import { fstatSync } from 'node:fs'
import { homedir } from 'node:os'
// `process` is the global: importing it as a module asks for its streams, which costs 5 ms.
import type { Surroundings, Terminal } from './cli/context.ts'
import { compiledWhole, keepCompiled } from './system/compiled.ts'
import { outputs } from './system/outputs.ts'
import { version } from './version.ts'

const FLOOR = [22, 22]

const said = outputs({ descriptor: 1, open: () => process.stdout }, { descriptor: 2, open: () => process.stderr }, process.platform)
const { out, err } = said

async function main(): Promise<number> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < (FLOOR[0] ?? 0) || (major === FLOOR[0] && minor < (FLOOR[1] ?? 0))) {
    err(`kpf: needs Node.js ${FLOOR.join('.')} or newer, this is ${process.versions.node}\n`)
    return 70
  }
  const argv = process.argv.slice(2)
  if (argv.length === 1 && argv[0] === '--version') {
    out(`kpf ${version}\n`)
    return 0
  }
  keepCompiled(process.env, homedir())
  if (argv[0] === '__complete') {
    // A shell waits for it at each Tab: not even the parser of arguments is loaded.
    // Compiled as the verbs are: the part that both need is in the cache once, and fits one setting.
    const { complete } = await compiledWhole(() => import('./cli/completion/completion-answer.ts'))
    return complete(argv.slice(1), contextOf())
  }
  const { start } = await compiledWhole(() => import('./cli/start.ts'))
  return start(argv, contextOf())
}

function contextOf(): Surroundings {
  return {
    version,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    // Asked for only where it is read: making it costs 2 ms.
    stdin: () => process.stdin,
    out,
    outRoom: said.room,
    err,
    terminal: terminalOf(),
    onSignal: (listener) => {
      const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
      const listeners = names.map((name) => [name, (): void => listener(name)] as const)
      for (const [name, listen] of listeners) process.on(name, listen)
      return () => {
        for (const [name, listen] of listeners) process.off(name, listen)
      }
    },
    onContinue: (listener) => {
      process.on('SIGCONT', listener)
      return () => process.off('SIGCONT', listener)
    },
  }
}

function isDevice(descriptor: number): boolean {
  try {
    return process.platform === 'win32' || fstatSync(descriptor).isCharacterDevice()
  } catch {
    // It is closed.
    return false
  }
}

function terminalOf(): Terminal {
  const { env } = process
  // One whose window was closed is no terminal any more, and was one.
  const found = new Map<number, boolean>()
  const isTerminal = (...descriptors: readonly number[]): boolean =>
    descriptors.every((descriptor) => {
      // `node:tty` is taken only for what may be one: it brings all of `node:net`, which help and completion have no use for.
      const is = found.get(descriptor) ?? (isDevice(descriptor) && process.getBuiltinModule('node:tty').isatty(descriptor))
      found.set(descriptor, is)
      return is
    })
  return {
    get isInteractive() {
      return env['CI'] === undefined && env['TERM'] !== 'dumb' && isTerminal(1, 2)
    },
    get isThere() {
      return [0, 1, 2].some((descriptor) => isTerminal(descriptor))
    },
    get canAsk() {
      return env['CI'] === undefined && isTerminal(0, 2)
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

/** Raw mode takes Ctrl-C from the terminal's driver: whoever listens gets it as a key. */
function onKey(listener: (key: string) => void): () => void {
  const { stdin } = process
  if (!stdin.isTTY) return () => {}
  const hear = (bytes: Buffer): void => {
    // An arrow comes as three characters at once.
    for (const [key] of bytes.toString('utf8').matchAll(/\u001b\[[A-Z]|./gsu)) listener(key)
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

try {
  // Not process.exit(): what is still in a pipe must be written; nothing else may keep us alive.
  process.exitCode = await main()
} catch (error) {
  const isAdrift = error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd'
  if (isAdrift) err('kpf: the directory that this shell is in is no more\n    cd to one that is there\n')
  else err(`kpf: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n    please report it with the command you ran\n`)
  process.exitCode = isAdrift ? 1 : 70
}
const lost = said.end()
if (lost !== undefined) {
  err(`kpf: stdout cannot be written (${lost}): what was asked for is not all there\n    make room where it goes, and ask again\n`)
  said.end()
  process.exitCode = 1
}
