/**
 * What may stand at the cursor of a command line: decided from the verb table alone. Pure.
 *
 * A line that is being typed is not yet valid, so it is read leniently: an unknown flag is
 * a switch, and nothing is ever wrong.
 */
import type { Argument, Flag, Verb } from '../verbs.ts'

/** One word that is offered, and what it means. */
export interface Candidate {
  readonly value: string
  readonly meaning: string
}

/** What to offer: words that are known here, and kinds of names that others know. */
export interface Offer {
  readonly candidates: readonly Candidate[]
  /** Names to look up; those that begin with `current` count. */
  readonly lookUp: readonly (Argument | 'port' | 'own-port')[]
  /** What is at the cursor, without `prefix`. */
  readonly current: string
  /** Goes before each name: `--context=` of a flag that has its value in the same word. */
  readonly prefix: string
  /** The words of the line that are no flags and no verb. */
  readonly words: readonly string[]
  /** Of these, what would be said twice. */
  readonly taken: readonly string[]
  /** Flags of the line, the last value of each; repeatable ones with all of them. */
  readonly flags: ReadonlyMap<string, readonly string[]>
}

/** The table that a line is read with. */
export interface Grammar {
  readonly verbs: readonly Verb[]
  readonly adHoc: Verb
  readonly globalFlags: readonly Flag[]
}

/** The types that a target is mostly of, as kubectl shortens them. */
const TARGET_TYPES: readonly Candidate[] = [
  { value: 'svc/', meaning: 'a Service' },
  { value: 'deploy/', meaning: 'a Deployment' },
  { value: 'sts/', meaning: 'a StatefulSet' },
  { value: 'ds/', meaning: 'a DaemonSet' },
  { value: 'job/', meaning: 'a Job' },
  { value: 'pod/', meaning: 'a pod' },
]

interface Read {
  readonly verb: Verb | undefined
  readonly words: readonly string[]
  readonly flags: ReadonlyMap<string, readonly string[]>
  /** The flag that the word at the cursor is the value of. */
  readonly pending: Flag | undefined
  /** After `--` words belong to another program. */
  readonly isOver: boolean
}

/** Decides. `before` are the words after `kpf` and before the cursor's. */
export function offerAt(before: readonly string[], atCursor: string, grammar: Grammar): Offer {
  const read = readLine(before, grammar)
  const { verb, pending } = read
  const base = { candidates: [], lookUp: [], current: atCursor, prefix: '', words: read.words, taken: [], flags: read.flags }
  if (read.isOver) return { ...base, lookUp: ['file'] }
  if (pending) return { ...base, ...valuesOf(pending, verb) }
  const flags = flagsOf(verb, grammar)
  const [, name, inline] = /^(--[^=]+)=(.*)$/s.exec(atCursor) ?? []
  if (name !== undefined && inline !== undefined) {
    const flag = flags.find((candidate) => `--${candidate.name}` === name && candidate.value !== undefined)
    return flag ? { ...base, ...valuesOf(flag, verb), current: inline, prefix: `${name}=` } : base
  }
  if (atCursor.startsWith('-')) return { ...base, candidates: flagCandidates(flags, read) }
  return { ...base, ...wordsFor(read, atCursor, grammar), taken: read.words }
}

function wordsFor({ verb, words }: Read, atCursor: string, grammar: Grammar): Pick<Offer, 'candidates' | 'lookUp'> {
  const isTarget = words[0]?.includes('/') === true
  if (verb === undefined) {
    if (atCursor.includes('/')) return { candidates: [], lookUp: ['target'] }
    const shown = grammar.verbs.map(({ name, summary }) => ({ value: name, meaning: summary }))
    // An empty line asks what there is to do; the types of targets would hide it.
    return { candidates: [...shown, ...(atCursor === '' ? [] : TARGET_TYPES)], lookUp: [] }
  }
  const kinds = verb.arguments ?? (/\bNAME\b/.test(verb.usage) ? (['forward'] as const) : [])
  if (isTarget) return { candidates: [], lookUp: takesPort(verb, words.length - 1) ? ['port'] : [] }
  if (atCursor.includes('/') && kinds.includes('target')) return { candidates: [], lookUp: words.length === 0 ? ['target'] : [] }
  const isFirst = words.length === 0
  if (words.length === 1 && kinds.includes('forward') && verb.usage.endsWith(' NAME [PORT]')) return { candidates: [], lookUp: ['own-port'] }
  const types = kinds.includes('target') && isFirst && atCursor !== '' ? TARGET_TYPES : []
  const listed = isFirst ? (verb.words ?? []).map((value) => ({ value, meaning: '' })) : []
  return {
    candidates: [...listed, ...types],
    lookUp: kinds.filter((kind) => kind !== 'target' && (isFirst || (kind === 'forward' && verb.usage.includes('NAME…')))),
  }
}

/** Behind a target and so many ports. */
function takesPort({ name, usage }: Verb, count: number): boolean {
  return name === '' || usage.includes('PORT…') || (usage.includes('PORT') && count === 0)
}

function valuesOf(flag: Flag, verb: Verb | undefined): Pick<Offer, 'candidates' | 'lookUp'> {
  const values = flag.name === 'output' ? (verb?.outputs ?? []) : (flag.values ?? [])
  return { candidates: values.map((value) => ({ value, meaning: value === flag.default ? 'the default' : '' })), lookUp: flag.argument ? [flag.argument] : [] }
}

function flagCandidates(flags: readonly Flag[], { flags: given }: Read): readonly Candidate[] {
  return flags.filter(({ name, isRepeatable }) => isRepeatable === true || !given.has(name)).map(({ name, help }) => ({ value: `--${name}`, meaning: help }))
}

function flagsOf(verb: Verb | undefined, { globalFlags, adHoc }: Grammar): readonly Flag[] {
  return [...(verb?.flags ?? adHoc.flags), ...globalFlags]
}

function readLine(before: readonly string[], grammar: Grammar): Read {
  const words: string[] = []
  const given = new Map<string, readonly string[]>()
  let verb: Verb | undefined
  const keep = (flag: Flag, value: string): void => void given.set(flag.name, [...(given.get(flag.name) ?? []), value])
  for (let index = 0; index < before.length; index++) {
    const word = before[index] ?? ''
    if (word === '--') return { verb, words: [...words, ...before.slice(index + 1)], flags: given, pending: undefined, isOver: true }
    if (!word.startsWith('-') || word === '-') {
      const found = verb === undefined ? grammar.verbs.find(({ name }) => name === word) : undefined
      verb ??= found ?? grammar.adHoc
      if (found === undefined) words.push(word)
      continue
    }
    const { flag, value } = flagOf(word, flagsOf(verb, grammar))
    if (flag === undefined) continue
    if (flag.value === undefined) keep(flag, 'true')
    else if (value !== undefined) keep(flag, value)
    else if (index === before.length - 1) return { verb, words, flags: given, pending: flag, isOver: false }
    else keep(flag, before[++index] ?? '')
  }
  return { verb, words, flags: given, pending: undefined, isOver: false }
}

/** `--name`, `--name=value`, `-n`, `-nvalue`. */
function flagOf(word: string, flags: readonly Flag[]): { readonly flag: Flag | undefined; readonly value: string | undefined } {
  if (word.startsWith('--')) {
    const [name, ...rest] = word.slice(2).split('=')
    return { flag: flags.find((flag) => flag.name === name), value: rest.length > 0 ? rest.join('=') : undefined }
  }
  const value = word.slice(2)
  return { flag: flags.find(({ short }) => short === word[1]), value: value === '' ? undefined : value }
}
