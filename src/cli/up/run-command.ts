/**
 * `kpf run [NAME…] -- CMD`: the forwards, ready, for as long as a command runs.
 *
 * A project that runs already is used and left as it is; else it is ours, and ends with
 * the command.
 */
import type { ExportsBody } from '../../control/shapes.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'
import { runCommand } from '../../system/command.ts'
import { applyTo } from './attach.ts'
import type { Context } from '../context.ts'
import type { Ending } from './ending.ts'
import { exitCodes } from '../exit-codes.ts'
import { exportsOfOwner, tellMissing } from '../ask/env.ts'
import type { Owner } from '../ask/reach.ts'
import type { RunningProject } from './running.ts'
import { begin } from './up.ts'
import { mistake } from '../mistake.ts'
import { type UpOptions, upOptions } from './up-options.ts'
import { runProject } from './up-run.ts'
import { waitFor, type Waiting, waitUntil } from '../ask/wait.ts'

/** Runs the verb; resolves with the command's code, or with one that says why it did not run. */
export async function run(context: Context): Promise<number> {
  const options = upOptions(context)
  if ('message' in options) return mistake(context, options)
  if (context.command.length === 0) return mistake(context, { message: 'run takes a command', fix: 'write: kpf run [NAME…] -- COMMAND' })
  // What is said of the forwards must not mix with what the command says.
  const quiet: Context = { ...context, flags: { ...context.flags, quiet: true } }
  for (;;) {
    const begun = await begin(quiet)
    if (typeof begun === 'number') return exitCodes.runFailed
    const { start, claim } = begun
    if (claim.kind !== 'owned')
      return runProject(start, { claim, options, parent: undefined, beside: (running, supervisor) => withOwn(context, options, { running, supervisor }) })
    const code = await besides(context, options, claim.owner)
    // It ended before it was of use: now there is none, or another.
    if (code !== 'ending') return code
  }
}

/** With a project of somebody else's; `ending` when that goes before the command has begun. */
async function besides(context: Context, options: UpOptions, owner: Owner): Promise<number | 'ending'> {
  const silent: Context = { ...context, err: () => {} }
  const applied = context.words.length > 0 ? await applyTo(silent, owner) : exitCodes.done
  if (applied === 'ending') return applied
  if (applied !== exitCodes.done) {
    context.err('kpf: the running project does not take these forwards\n    see: kpf up -d\n')
    return exitCodes.runFailed
  }
  let said = ''
  const code = await waitFor({ ...context, err: (text) => void (said += text) }, owner, waiting(context, options))
  if (code === exitCodes.notRunning) return 'ending'
  context.err(said)
  if (code !== exitCodes.done) return failed(code)
  const found = await exportsOfOwner(context, owner)
  return typeof found === 'number' ? exitCodes.runFailed : command(context, found, undefined)
}

async function withOwn(
  context: Context,
  options: UpOptions,
  { running, supervisor }: { readonly running: RunningProject; readonly supervisor: Supervisor },
): Promise<number> {
  const source = {
    look: async () => (running.ending.isBegun ? undefined : running.status()),
    heard: (news: () => void) => supervisor.subscribe(news),
    lost: async () => exitCodes.runFailed,
  }
  const code = await waitUntil(context, source, waiting(context, options))
  if (code !== exitCodes.done) return failed(code)
  return command(context, running.exports(), running.ending)
}

/** Whoever interrupts the waiting sees that; any other reason is ours. */
function failed(code: number): number {
  return code === exitCodes.forcedInt || code === exitCodes.forcedTerm ? code : exitCodes.runFailed
}

function waiting({ words }: Context, { waitMs }: UpOptions): Waiting {
  return { goal: 'ready', names: words, timeoutMs: waitMs }
}

/** Runs it with the addresses in its environment, and every signal passed on. With forwards of our own it is told to end when they do. */
async function command(context: Context, found: ExportsBody, ending: Ending | undefined): Promise<number> {
  // Whoever names forwards has chosen to go without what the others give.
  if (context.words.length === 0) tellMissing(context, found)
  const child = runCommand(context.command, { ...context.env, ...found.exports })
  // Who ends the forwards hears of it: it may ignore that it is told to end, or wait for just that.
  if (ending && child.pid !== undefined) ending.command = { name: context.command[0] ?? '', pid: child.pid }
  // At a terminal Ctrl-C and Ctrl-\ reach the command as well as us: it must not get them twice.
  const isAtTerminal = context.terminal.isTypedAt
  const off = context.onSignal((signal) => {
    if (!isAtTerminal || (signal !== 'SIGINT' && signal !== 'SIGQUIT')) child.signal(signal)
  })
  try {
    const first = await (ending ? Promise.race([child.ended, ending.over]) : child.ended)
    if (first === undefined) {
      context.err(
        'kpf: the forwards were stopped while the command ran: it was told to end (SIGTERM)\n    kpf down did it, or another client of the control socket\n',
      )
      child.signal('SIGTERM')
      await child.ended
      return exitCodes.runFailed
    }
    if (first.kind === 'ended') return first.code
    context.err(`kpf: cannot run "${context.command[0]}" (${first.errno})\n    check its name and its mode\n`)
    return first.errno === 'ENOENT' ? exitCodes.commandMissing : exitCodes.commandRefused
  } finally {
    off()
    if (ending) ending.command = undefined
  }
}
