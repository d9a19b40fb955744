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
  | ({ readonly kind: 'usage'; readonly unknown?: UnknownWord } & Mistake)

/** A first word that is no verb, and no target with ports; the flags are there to find out what else it names. */
export interface UnknownWord extends Flags {
  readonly word: string
}

/** Reads the words after `kpf`. `env` gives flags that were not written. */
export function readArguments(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Parsed {
  if (versionAlone.includes(argv.join(' '))) return { kind: 'alone', flags: { version: true }, sources: {} }
  const verb = findVerb(argv)
  if (typeof verb === 'string') return unknownWord(verb, argv, env)
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

/** What other programs take for a question about the version; `-v` is another flag of some verbs. */
const versionAlone: readonly string[] = ['-v', '-V']

function unknownWord(word: string, argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Parsed {
  const message = `unknown verb "${printable(word)}"`
  const fix = nearVerbs(word) ?? `see: kpf help. For a forward to a pod of that name, add a port: kpf ${printable(word)} 8080:80`
  const up = verbs.find(({ name }) => name === 'up')?.flags ?? []
  const read = readFlags(argv, [...globalFlags, ...up], { env, see: '' })
  return { kind: 'usage', message, fix, ...(!('message' in read) && { unknown: { word, flags: read.flags, sources: read.sources } }) }
}

function longOnly({ short: _short, ...flag }: Flag): Flag {
  return flag
}

/** A verb may have an `-f` of its own, as compose's `logs`: before the verb it is still the file. */
function fileSpelledOut(argv: readonly string[], verb: Verb): string[] {
  const at = verb.flags.some(({ short }) => short === 'f') ? argv.indexOf(verb.name) : 0
  return argv.map((word, index) => (index < at && word === '-f' ? '--file' : word))
}

/** The verb; the ad-hoc form where the words can be a target with ports, of which kubectl's form has at least one; or a word that is neither. */
function findVerb(argv: readonly string[]): Verb | Mistake | string {
  const words = bareWords(argv)
  const [first, ...rest] = words
  if (first === undefined) return adHoc
  const found = verbs.find((verb) => verb.name === first)
  if (found) return found
  if (rest.some((word) => /^(\[[0-9a-fA-F:]+\]:|[\d.]+:)?\d*:?[a-z0-9-]+$/.test(word) && /\d|:/.test(word)) || (first.includes('/') && rest.length > 0))
    return adHoc
  if (plannedVerbs.includes(first)) return { message: `"${first}" is planned, not in this version`, fix: 'see: kpf help' }
  if (first.includes('/') && argv.some((word) => word === '--help' || word === '-h')) return adHoc
  if (first.includes('/')) return { message: `no port is named for "${first}"`, fix: `write: kpf ${first} [LOCAL:]REMOTE` }
  return first
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
