/** What a verb has no use for: a form of output that it does not know, a word where it takes none. Pure. */
import { printable } from '../file/printable.ts'
import { type Context, textFlag } from './context.ts'
import type { Mistake } from './mistake.ts'
import type { Verb } from './verbs.ts'

/** What is wrong, and what to write instead; undefined where all fits. A word that would be ignored may have meant much. */
export function unfit(verb: Verb, { flags, words, sources }: Pick<Context, 'flags' | 'words' | 'sources'>): Mistake | undefined {
  const form = textFlag(flags, 'output')
  const asked = verb.name === '' ? 'a forward of the command line' : verb.name
  if (form !== undefined && verb.outputs?.includes(form) === false)
    return { message: `${asked} knows no output "${printable(form)}"`, fix: `use ${listed(verb.outputs)}`, flag: 'output' }
  // A variable is for all verbs: it says nothing to those that have one form only.
  if (form !== undefined && verb.outputs === undefined && sources['output'] === undefined)
    return { message: `${asked} has one form of output, not "${printable(form)}"`, fix: 'leave -o out' }
  const [word] = words
  if (word === undefined || verb.name === '' || verb.arguments !== undefined || verb.words !== undefined) return undefined
  const isFile = /[./]/.test(word) && verb.name !== 'version'
  return {
    message: `${verb.name} takes no names: "${printable(word)}"`,
    fix: isFile ? `a file is named with -f: kpf ${verb.name} -f ${printable(word)}` : `see: kpf help ${verb.name}`,
  }
}

/** `text, json or github`. */
function listed(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), words.at(-1) ?? ''].filter((part) => part !== '').join(' or ')
}
