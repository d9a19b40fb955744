#!/usr/bin/env node
/**
 * The process: argument words in, exit code out. The only place that ends the process.
 *
 * Until the verb is known it reads nothing but the table of verbs.
 */
import { homedir } from 'node:os'
// `process` is the global: importing it as a module asks for its streams, which costs 5 ms.
import type { Surroundings } from './cli/context.ts'
import { keepCompiled } from './system/compiled.ts'
import { processOutputs } from './system/outputs.ts'
import { version } from './version.ts'

const FLOOR = [22, 22]

const said = processOutputs()
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
    const [{ complete }, { terminalOf }] = await Promise.all([import('./cli/completion/completion-answer.ts'), import('./system/terminal.ts')])
    return complete(argv.slice(1), contextOf(terminalOf()))
  }
  const [{ start }, { terminalOf }, { shareOutputs }] = await Promise.all([
    import('./cli/start.ts'),
    import('./system/terminal.ts'),
    import('./system/shared-output.ts'),
  ])
  shareOutputs(process.platform, process)
  return start(argv, contextOf(terminalOf()))
}

function contextOf(terminal: Surroundings['terminal']): Surroundings {
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
    terminal,
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

/** What is thrown where nobody catches it, or in a promise that nobody looks at; a run listens instead, and closes first (`system/at-fault.ts`). */
const fault = new Promise<never>((_, reject) => process.on('uncaughtException', reject))
try {
  process.exitCode = await Promise.race([main(), fault])
} catch (error) {
  const isAdrift = error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd'
  if (isAdrift) err('kpf: the directory that this shell is in is no more\n    cd to one that is there\n')
  else err(`kpf: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n    please report it with the command you ran\n`)
  process.exitCode = isAdrift ? 1 : 70
}
const lost = said.end()
if (lost !== undefined) {
  err(`kpf: stdout cannot be written (${lost}): what was asked for is not all there\n    make room where it goes, and ask again\n`)
  process.exitCode = 1
}
// What is still in a pipe must be written. Apart from that nothing is to come: to wait for the
// event loop to be empty takes a millisecond, and for what was forgotten in it, for ever.
if (!said.isWaiting()) process.exit()
