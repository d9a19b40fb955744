/** From argument words to a verb that runs: flags, help, mistakes of usage. */
import { nearVerbs, type Parsed, readArguments } from './arguments.ts'
import { printable } from '../file/printable.ts'
import { type Context, isSet, type Surroundings, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { mistake } from './mistake.ts'
import { Screen } from './screen.ts'
import { unfit } from './unfit.ts'

/** Runs what the words ask for; resolves with the exit code. */
export async function start(argv: readonly string[], machine: Surroundings): Promise<number> {
  const parsed = readArguments(argv, machine.env)
  if (parsed.kind === 'usage') return wrongUsage(parsed, machine)
  const { flags, sources } = parsed
  if (isSet(flags, 'version')) {
    machine.out(`kpf ${machine.version}\n`)
    return exitCodes.done
  }
  const color = textFlag(flags, 'color')
  if (color !== undefined && !['auto', 'always', 'never'].includes(color))
    return mistake(
      { err: machine.err, sources },
      { message: `--color is auto, always or never, not "${printable(color)}"`, fix: 'see: kpf help', flag: 'color' },
    )
  const terminal = color === undefined || color === 'auto' ? machine.terminal : { ...machine.terminal, isColored: color === 'always' }
  const context = contextOf({ ...machine, terminal }, parsed)
  if (isSet(flags, 'help')) {
    const { generalHelp, verbHelp } = await import('./help/help.ts')
    machine.out(parsed.kind === 'verb' ? verbHelp(parsed.verb) : generalHelp())
    return exitCodes.done
  }
  if (parsed.kind === 'verb') {
    const wrong = unfit(parsed.verb, context)
    return wrong === undefined ? parsed.verb.run(context) : mistake(context, wrong)
  }
  const [{ firstHelp }, { contextInUse }] = await Promise.all([import('./help/help.ts'), import('./world.ts')])
  machine.out(firstHelp(await contextInUse(context)))
  return exitCodes.done
}

function contextOf(
  machine: Surroundings,
  { flags, sources, words = [], command = [] }: Pick<Context, 'flags' | 'sources'> & Partial<Pick<Context, 'words' | 'command'>>,
): Context {
  return { ...machine, screen: new Screen(), words, flags, sources, command }
}

/** A word that is no verb may be a forward of the file that is here: that is looked up, since the run ends with it. */
async function wrongUsage({ unknown, ...told }: Extract<Parsed, { kind: 'usage' }>, machine: Surroundings): Promise<number> {
  if (unknown === undefined) return mistake({ err: machine.err, sources: {} }, told)
  const { forwardHere, startIt } = await import('./file/forward-here.ts')
  const context = contextOf(machine, unknown)
  const here = await forwardHere(context, unknown.word)
  const isMeant = here !== undefined && (here.name === unknown.word || nearVerbs(unknown.word) === undefined)
  return mistake(context, isMeant ? { ...told, fix: startIt(here) } : told)
}
