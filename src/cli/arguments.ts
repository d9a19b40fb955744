/**
 * Words of the command line to a verb and its flags. Pure.
 *
 * A first word that is no verb begins the ad-hoc form when a port follows it; else it is
 * an unknown verb, with a suggestion.
 */
import { nearNames } from '../cluster/nearest.ts'
import { printable } from '../file/printable.ts'
import type { FlagSources, FlagValues } from './context.ts'
import { didYouMean, type Mistake } from './mistake.ts'
import { readFlags } from './read-flags.ts'
import { adHoc, type Flag, globalFlags, plannedVerbs, type Verb, verbs } from './verbs.ts'

interface Flags {
  readonly flags: FlagValues
  readonly sources: FlagSources
}

/** What was asked for, or what is wrong with the asking. */
export type Parsed =
  | ({ readonly kind: 'verb'; readonly verb: Verb; readonly words: readonly string[]; readonly command: readonly string[] } & Flags)
  | ({ readonly kind: 'alone' } & Flags)
  | ({ readonly kind: 'usage' } & Mistake)

/** Reads the words after `kpf`. `env` gives flags that were not written. */
export function readArguments(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Parsed {
  const verb = findVerb(argv)
  if ('message' in verb) return { kind: 'usage', ...verb }
  const flags = [...globalFlags.map((flag) => (verb.flags.some(({ short }) => short === flag.short) ? longOnly(flag) : flag)), ...verb.flags]
  const cut = verb.takesCommand === true ? argv.indexOf('--') : -1
  const own = fileSpelledOut(cut < 0 ? argv : argv.slice(0, cut), verb)
  const read = readFlags(own, flags, { env, see: `see: kpf help${verb.name === '' ? '' : ` ${verb.name}`}` })
  if ('message' in read) return { kind: 'usage', ...read }
  const { words, ...given } = read
  if (words.length === 0 && verb === adHoc) return { kind: 'alone', ...given }
  return { kind: 'verb', verb, words: verb === adHoc ? words : words.slice(1), ...given, command: cut < 0 ? [] : argv.slice(cut + 1) }
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
function findVerb(argv: readonly string[]): Verb | Mistake {
  const words = bareWords(argv)
  const [first, ...rest] = words
  if (first === undefined) return adHoc
  const found = verbs.find((verb) => verb.name === first)
  if (found) return found
  if (rest.some((word) => /^(\[[0-9a-fA-F:]+\]:|[\d.]+:)?\d*:?[a-z0-9-]+$/.test(word) && /\d|:/.test(word)) || (first.includes('/') && rest.length > 0))
    return adHoc
  if (plannedVerbs.includes(first)) return { message: `"${first}" is planned, not in this version`, fix: 'see: kpf help' }
  if (first.includes('/')) return { message: `no port is named for "${first}"`, fix: `write: kpf ${first} [LOCAL:]REMOTE` }
  const fix = nearVerbs(first) ?? `see: kpf help. For a forward to a pod of that name, add a port: kpf ${printable(first)} 8080:80`
  return { message: `unknown verb "${printable(first)}"`, fix }
}

/** `did you mean "kpf up" or "kpf ps"?`; undefined when no verb is near. */
export function nearVerbs(word: string): string | undefined {
  const near = nearNames(
    word,
    verbs.map(({ name }) => name),
  )
  return near.length === 0 ? undefined : didYouMean(near.map((name) => `kpf ${name}`))
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
