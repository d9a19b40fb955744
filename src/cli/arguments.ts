/**
 * Words of the command line to a verb and its flags. Pure.
 *
 * A first word that is no verb begins the ad-hoc form when a port follows it; else it is
 * an unknown verb, with a suggestion.
 */
import { parseArgs } from 'node:util'
import { nearNames } from '../cluster/nearest.ts'
import { printable } from '../file/printable.ts'
import type { FlagValues } from './context.ts'
import { adHoc, type Flag, globalFlags, plannedFlags, plannedVerbs, type Verb, verbs } from './verbs.ts'

/** What was asked for, or what is wrong with the asking. */
export type Parsed =
  | { readonly kind: 'verb'; readonly verb: Verb; readonly words: readonly string[]; readonly flags: FlagValues; readonly command: readonly string[] }
  | { readonly kind: 'alone'; readonly flags: FlagValues }
  | { readonly kind: 'usage'; readonly message: string; readonly hint: string }

/** Reads the words after `kpf`. `env` gives flags that were not written. */
export function readArguments(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Parsed {
  const verb = findVerb(argv)
  if ('message' in verb) return verb
  const flags = [...globalFlags.map((flag) => (verb.flags.some(({ short }) => short === flag.short) ? longOnly(flag) : flag)), ...verb.flags]
  const cut = verb.takesCommand === true ? argv.indexOf('--') : -1
  const own = fileSpelledOut(cut < 0 ? argv : argv.slice(0, cut), verb)
  try {
    const { values, positionals } = parseArgs({ args: own, options: optionsOf(flags), allowPositionals: true, strict: true })
    const words = verb === adHoc ? positionals : positionals.slice(1)
    const all = { ...fromEnvironment(flags, env), ...values }
    if (argv.length === 0 || (positionals.length === 0 && verb === adHoc)) return { kind: 'alone', flags: all }
    return { kind: 'verb', verb, words, flags: all, command: cut < 0 ? [] : argv.slice(cut + 1) }
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error), flags, verb)
  }
}

function longOnly({ short: _short, ...flag }: Flag): Flag {
  return flag
}

/** A verb may have an `-f` of its own, as compose's `logs`: before the verb it is still the file. */
function fileSpelledOut(argv: readonly string[], verb: Verb): string[] {
  const at = verb.flags.some(({ short }) => short === 'f') ? argv.indexOf(verb.name) : 0
  return argv.map((word, index) => (index < at && word === '-f' ? '--file' : word))
}

/** Whether the words can be a target with ports: kubectl's form has at least one port. */
function findVerb(argv: readonly string[]): Verb | Extract<Parsed, { kind: 'usage' }> {
  const words = bareWords(argv)
  const [first, ...rest] = words
  if (first === undefined) return adHoc
  const found = verbs.find((verb) => verb.name === first)
  if (found) return found
  if (rest.some((word) => /^(\[[0-9a-fA-F:]+\]:|[\d.]+:)?\d*:?[a-z0-9-]+$/.test(word) && /\d|:/.test(word)) || (first.includes('/') && rest.length > 0))
    return adHoc
  if (plannedVerbs.includes(first)) return { kind: 'usage', message: `"${first}" is planned, not in this version`, hint: 'see: kpf help' }
  if (first.includes('/')) return { kind: 'usage', message: `no port is named for "${first}"`, hint: `write: kpf ${first} [LOCAL:]REMOTE` }
  const hint = nearVerbs(first) ?? `see: kpf help. For a forward to a pod of that name, add a port: kpf ${printable(first)} 8080:80`
  return { kind: 'usage', message: `unknown verb "${printable(first)}"`, hint }
}

/** `did you mean "kpf up" or "kpf ps"?`; undefined when no verb is near. */
export function nearVerbs(word: string): string | undefined {
  const near = nearNames(
    word,
    verbs.map(({ name }) => name),
  )
  return near.length === 0 ? undefined : didYouMean(near.map((name) => `kpf ${name}`))
}

function didYouMean(names: readonly string[]): string {
  return `did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`
}

/** The words that are neither flags nor values of flags. */
function bareWords(argv: readonly string[]): readonly string[] {
  const withValue = new Set(
    [...globalFlags, ...adHoc.flags].flatMap((flag) => (flag.value === undefined ? [] : [`--${flag.name}`, ...(flag.short ? [`-${flag.short}`] : [])])),
  )
  const words: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--') return [...words, ...argv.slice(index + 1)]
    if (withValue.has(word)) index++
    else if (!word.startsWith('-') || word === '-') words.push(word)
  }
  return words
}

function optionsOf(flags: readonly Flag[]): Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> {
  return Object.fromEntries(
    flags.map((flag) => [
      flag.name,
      {
        type: flag.value === undefined ? 'boolean' : 'string',
        ...(flag.short !== undefined && { short: flag.short }),
        ...(flag.isRepeatable && { multiple: true }),
      } as const,
    ]),
  )
}

/** `KPF_CONTEXT` is `--context`; a switch is set by 1 or true. */
function fromEnvironment(flags: readonly Flag[], env: Readonly<Record<string, string | undefined>>): FlagValues {
  return Object.fromEntries(
    flags.flatMap((flag) => {
      const value = env[variableOf(flag)]
      if (value === undefined || value === '' || flag.name === 'help' || flag.name === 'version') return []
      return [[flag.name, flag.value === undefined ? value === '1' || value === 'true' : value]]
    }),
  )
}

/** `KPF_PROJECT_NAME` for `--project-name`. */
export function variableOf(flag: Flag): string {
  return `KPF_${flag.name.toUpperCase().replaceAll('-', '_')}`
}

function usage(message: string, flags: readonly Flag[], verb: Verb): Parsed {
  const unknown = /Unknown option '(-[^']*)'/.exec(message)?.[1]
  const see = `see: kpf help${verb.name === '' ? '' : ` ${verb.name}`}`
  if (unknown === undefined) return { kind: 'usage', message: (message.split('.')[0] ?? message).replace(/^O/, 'o'), hint: see }
  const name = unknown.replace(/^-+/, '')
  if (plannedFlags.includes(name)) return { kind: 'usage', message: `"${unknown}" is planned, not in this version`, hint: see }
  const near = nearNames(
    name,
    flags.map((flag) => flag.name),
  )
  const hint = near.length > 0 && name.length > 1 ? didYouMean(near.map((found) => `--${found}`)) : see
  return { kind: 'usage', message: `unknown flag "${printable(unknown)}"`, hint }
}
