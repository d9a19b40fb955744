/** The flags of a command line, and of its variables: what each says, and where it was said. Pure. */
import { parseArgs } from 'node:util'
import { nearNames } from '../cluster/nearest.ts'
import { printable } from '../file/printable.ts'
import type { FlagSources, FlagValues } from './context.ts'
import { didYouMean, type Mistake } from './mistake.ts'
import { type Flag, plannedFlags } from './verbs.ts'

/** What was read; `words` are what is no flag. */
export interface FlagsRead {
  readonly flags: FlagValues
  readonly sources: FlagSources
  readonly words: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the words with these flags; `env` gives those that were not written. `see` is where more is said of them. */
export function readFlags(
  args: readonly string[],
  known: readonly Flag[],
  { env, see }: { readonly env: Environment; readonly see: string },
): FlagsRead | Mistake {
  const { tokens, positionals } = parsed(args, known)
  const written = new Map<string, (string | true)[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const flag = known.find(({ name }) => name === token.name)
    const value = flag === undefined ? unknownFlag(token.rawName, known, see) : valueOf(flag, token, see)
    if (typeof value === 'object') return value
    written.set(token.name, [...(written.get(token.name) ?? []), value])
  }
  const given = fromEnvironment(
    known.filter(({ name }) => !written.has(name)),
    env,
  )
  if ('message' in given) return given
  const values = [...written].map(([name, all]) => [name, known.find((flag) => flag.name === name)?.isRepeatable === true ? all : all.at(-1)] as const)
  return { flags: { ...given.flags, ...Object.fromEntries(values) }, sources: given.sources, words: positionals }
}

/** The most common questions have no flag: for those Node need not read its parser, which takes half a millisecond. */
function parsed(args: readonly string[], known: readonly Flag[]): { readonly tokens: readonly Token[]; readonly positionals: readonly string[] } {
  if (!args.some((arg) => arg.startsWith('-'))) return { tokens: [], positionals: args }
  // Not strict: what is wrong is told here, in the words of this program, by what was read and not by a text about it.
  return parseArgs({ args: [...args], options: optionsOf(known), allowPositionals: true, strict: false, tokens: true })
}

function optionsOf(flags: readonly Flag[]): Record<string, { type: 'string' | 'boolean'; short?: string; multiple: true }> {
  return Object.fromEntries(
    flags.map(({ name, short, value }) => [name, { type: value === undefined ? 'boolean' : 'string', ...(short !== undefined && { short }), multiple: true }]),
  )
}

interface OptionToken {
  readonly kind: 'option'
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

type Token = OptionToken | { readonly kind: 'positional' | 'option-terminator' }

/** A value that is a flag itself was forgotten, not meant: it can be given behind a `=`. */
function valueOf(flag: Flag, { rawName, value, inlineValue }: OptionToken, see: string): string | true | Mistake {
  if (flag.value === undefined)
    return value === undefined ? true : { message: `${rawName} takes no value: "${printable(value)}"`, fix: `write ${rawName} alone` }
  if (value === undefined) return { message: `${rawName} wants a value: ${flag.value}`, fix: see }
  if (inlineValue !== true && value.length > 1 && value.startsWith('-'))
    return {
      message: `${rawName} wants a value: ${flag.value}, and "${printable(value)}" is a flag`,
      fix: `if it is meant, write --${flag.name}=${printable(value)}`,
    }
  return value
}

function unknownFlag(rawName: string, known: readonly Flag[], see: string): Mistake {
  const name = rawName.replace(/^-+/, '')
  if (plannedFlags.includes(name)) return { message: `"${rawName}" is planned, not in this version`, fix: see }
  const near = nearNames(
    name,
    known.map((flag) => flag.name),
  )
  return { message: `unknown flag "${printable(rawName)}"`, fix: near.length > 0 && name.length > 1 ? didYouMean(near.map((found) => `--${found}`)) : see }
}

/** `KPF_CONTEXT` is `--context`; a switch is set by 1 or true, and left alone by 0 or false. */
function fromEnvironment(flags: readonly Flag[], env: Environment): Pick<FlagsRead, 'flags' | 'sources'> | Mistake {
  const set = flags.filter((flag) => hasVariable(flag) && (env[variableOf(flag)] ?? '') !== '')
  const given = set.map((flag) => [flag.name, flag.value === undefined ? switches[env[variableOf(flag)] ?? ''] : env[variableOf(flag)]] as const)
  const unclear = set[given.findIndex(([, value]) => value === undefined)]
  if (unclear === undefined) return { flags: Object.fromEntries(given), sources: Object.fromEntries(set.map((flag) => [flag.name, variableOf(flag)])) }
  const variable = variableOf(unclear)
  return { message: `${variable} is 1 or 0, not "${printable(env[variable] ?? '')}"`, fix: `1 is --${unclear.name}, 0 is as if it were not set` }
}

const switches: Readonly<Record<string, boolean>> = { 1: true, true: true, 0: false, false: false }

/** Whether a variable can give it. */
export function hasVariable({ name }: Flag): boolean {
  return name !== 'help' && name !== 'version'
}

/** `KPF_PROJECT_NAME` for `--project-name`. */
export function variableOf(flag: Flag): string {
  return `KPF_${flag.name.toUpperCase().replaceAll('-', '_')}`
}
