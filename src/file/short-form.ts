/**
 * The short form of a forward: the argument line of `kubectl port-forward`. Pure.
 *
 * Words are split as a shell does for quotes and blanks, nothing else; each keeps its
 * offset, so that a message can point at it. The ad-hoc command line is read by the
 * same functions.
 */

import { distance } from 'fastest-levenshtein'
import { printable } from './printable.ts'

/** A word of the line, and where it begins. */
export interface Word {
  readonly text: string
  readonly at: number
}

/** What a line says. Nothing is looked up yet. */
export interface ShortForm {
  readonly namespace?: Word
  readonly context?: Word
  readonly cluster?: Word
  readonly kubeconfig?: Word
  readonly address?: Word
  readonly container?: Word
  readonly selector?: Word
  readonly target?: Word
  readonly ports: readonly Word[]
}

/** Something a line says that cannot be. */
export interface ShortFormProblem {
  readonly at: number
  readonly code: 'KPF_SHORT_FORM'
  readonly message: string
  readonly fix: string
}

const flags: Readonly<Record<string, keyof Omit<ShortForm, 'ports' | 'target'>>> = {
  '-n': 'namespace',
  '--namespace': 'namespace',
  '--context': 'context',
  '--cluster': 'cluster',
  '--address': 'address',
  '-c': 'container',
  '--container': 'container',
  '-l': 'selector',
  '--selector': 'selector',
}
const ALLOWED = '-n NS, --context C, --cluster ALIAS, --address A, -c CONTAINER, -l SELECTOR'

/** Splits like a shell: quotes and blanks. An unbalanced quote is a problem. */
export function splitWords(line: string): readonly Word[] | ShortFormProblem {
  const words: Word[] = []
  let at = 0
  while (at < line.length) {
    if (/\s/.test(line[at] ?? '')) {
      at++
      continue
    }
    const start = at
    let text = ''
    while (at < line.length && !/\s/.test(line[at] ?? '')) {
      const quote = line[at]
      if (quote === '"' || quote === "'") {
        const end = line.indexOf(quote, at + 1)
        if (end === -1) return { at, code: 'KPF_SHORT_FORM', message: 'the quote opened here is never closed', fix: 'close the quote' }
        text += line.slice(at + 1, end)
        at = end + 1
      } else text += line[at++]
    }
    words.push({ text, at: start })
  }
  return words
}

/** Reads the words of one line. */
export function readShortForm(words: readonly Word[]): ShortForm | ShortFormProblem {
  const found: { -readonly [key in Exclude<keyof ShortForm, 'ports'>]?: Word } & { ports: Word[] } = { ports: [] }
  const rest = dropKubectl(words)
  if (rest[0]?.text === 'kubectl')
    return problem(rest[1] ?? rest[0], 'of kubectl only `kubectl port-forward` can be pasted', 'write TYPE/NAME PORT, such as svc/api 8080:80')
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index]
    if (word === undefined) continue
    if (!word.text.startsWith('-')) {
      if (found.target === undefined && found.selector === undefined && !looksLikePort(word.text)) found.target = word
      else found.ports.push(word)
      continue
    }
    const [name, inline] = splitOnce(word.text)
    const field = flags[name]
    if (field === undefined) return unknownFlag(word, name)
    if (found[field] !== undefined) return problem(word, `"${name}" is given twice`, 'remove one of them')
    const value = inline === undefined ? rest[++index] : { text: inline, at: word.at + word.text.length - inline.length }
    if (value === undefined || value.text === '') return problem(word, `"${name}" needs a value`, `use ${ALLOWED}`)
    found[field] = value
  }
  return incomplete(found, words) ?? found
}

/** What a line lacks, or has too much of. */
function incomplete(found: ShortForm, words: readonly Word[]): ShortFormProblem | undefined {
  const end = words.at(-1)
  const last = { text: '', at: end ? end.at + end.text.length : 0 }
  if (found.target === undefined && found.selector === undefined)
    return problem(words[0] ?? last, 'no target is named', 'write TYPE/NAME PORT, such as svc/api 8080:80')
  if (found.target && found.selector) return problem(found.target, 'both a target and a selector are given', 'give one of them')
  if (found.ports.length === 0) return problem(last, 'no port is named', 'add [LOCAL:]REMOTE, such as 8080:80')
  const extra = found.ports.find(({ text }) => text.includes('/') && !/\/(tcp|udp|sctp)$/i.test(text))
  return extra && problem(extra, `a second target, "${printable(extra.text)}"`, 'one forward has one target: write another entry')
}

function dropKubectl(words: readonly Word[]): readonly Word[] {
  const verb = words.findIndex((word) => word.text === 'port-forward')
  const isPasted = words[0]?.text === 'kubectl' && verb > 0
  return isPasted ? [...words.slice(1, verb), ...words.slice(verb + 1)] : words
}

function looksLikePort(text: string): boolean {
  return /^[\d:[]/.test(text) && /^\[?[\da-fA-F.:]*\]?:?[\w-]*$/.test(text) && text.includes(':') ? true : /^\d+$/.test(text)
}

function unknownFlag(word: Word, name: string): ShortFormProblem {
  const nearest = Object.keys(flags).find((flag) => flag.startsWith('--') && distance(flag, name) <= 2)
  const fix = name === '--kubeconfig' ? 'use --kubeconfig of kpf, or KUBECONFIG' : `use ${ALLOWED}`
  return problem(word, `"${printable(name)}" is not known here`, nearest === undefined ? fix : `did you mean ${nearest}?`)
}

/** `--flag=value`, `-fvalue` and `-f=value`. */
function splitOnce(text: string): [string, string | undefined] {
  if (/^-[^-]./.test(text)) return [text.slice(0, 2), text.slice(2).replace(/^=/, '')]
  const at = text.indexOf('=')
  return at === -1 || !text.startsWith('--') ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function problem(word: Word, message: string, fix: string): ShortFormProblem {
  return { at: word.at, code: 'KPF_SHORT_FORM', message, fix }
}
