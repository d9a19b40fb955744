/** Names of a command line that no forward has. Pure. */
import { nearNames } from '../cluster/nearest.ts'
import { printable } from '../file/printable.ts'
import { didYouMean, type Mistake } from './mistake.ts'

/** A list of so many is shown whole; of a longer one the rest is counted. */
const SHOWN = 12

/** The first word that names none of the forwards, told with those that are near; undefined when all do. `where` is the file or the project that has them. */
export function unknownForward(words: readonly string[], forwards: readonly { readonly name: string }[], where: string): Mistake | undefined {
  const names = forwards.map(({ name }) => name)
  const unknown = words.find((word) => !names.includes(word))
  if (unknown === undefined) return undefined
  const near = nearNames(unknown, names)
  return { message: `no forward "${printable(unknown)}" in ${where}`, fix: near.length > 0 ? didYouMean(near) : `it has: ${listed(names)}` }
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  return `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`
}
