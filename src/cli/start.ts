/** From argument words to a verb that runs: flags, help, mistakes of usage. */
import { readArguments } from './arguments.ts'
import { type Context, isSet, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { mistake } from './mistake.ts'
import { namingVariables } from './naming-variables.ts'
import { Screen } from './screen.ts'
import { unfit } from './unfit.ts'
import { globalFlags } from './verbs.ts'

/** Runs what the words ask for; resolves with the exit code. */
export async function start(argv: readonly string[], machine: Omit<Context, 'words' | 'flags' | 'screen' | 'command'>): Promise<number> {
  const parsed = readArguments(argv, machine.env)
  if (parsed.kind === 'usage') {
    machine.err(`kpf: ${parsed.message}\n    ${parsed.hint}\n`)
    return exitCodes.usage
  }
  const flags = [...globalFlags, ...(parsed.kind === 'verb' ? parsed.verb.flags : [])]
  const world = { ...machine, err: namingVariables(flags, { ...machine, flags: parsed.flags }) }
  if (isSet(parsed.flags, 'version')) {
    world.out(`kpf ${world.version}\n`)
    return exitCodes.done
  }
  const color = textFlag(parsed.flags, 'color')
  if (color !== undefined && !['auto', 'always', 'never'].includes(color)) {
    world.err(`kpf: --color is auto, always or never, not "${color}"\n    see: kpf help\n`)
    return exitCodes.usage
  }
  const terminal = color === undefined || color === 'auto' ? world.terminal : { ...world.terminal, isColored: color === 'always' }
  const context: Context = {
    ...world,
    terminal,
    screen: new Screen(),
    words: parsed.kind === 'verb' ? parsed.words : [],
    flags: parsed.flags,
    command: parsed.kind === 'verb' ? parsed.command : [],
  }
  if (isSet(parsed.flags, 'help')) {
    const { generalHelp, verbHelp } = await import('./help/help.ts')
    world.out(parsed.kind === 'verb' ? verbHelp(parsed.verb) : generalHelp())
    return exitCodes.done
  }
  if (parsed.kind === 'verb') {
    const wrong = unfit(parsed.verb, context)
    return wrong === undefined ? parsed.verb.run(context) : mistake(context, wrong.message, wrong.fix)
  }
  const [{ firstHelp }, { contextInUse }] = await Promise.all([import('./help/help.ts'), import('./world.ts')])
  world.out(firstHelp(await contextInUse(context)))
  return exitCodes.done
}
