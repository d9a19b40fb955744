/** Names to offer for one that is not there. Pure. */
import { distance } from 'fastest-levenshtein'
import { escapeForeign } from '../tunnel/escape.ts'

/** A list of so many is shown whole; of a longer one the rest is counted. */
const SHOWN = 5

/** `did you mean "kind-dev"? 12 more are there`; without a near one the first few. */
export function nearestText(wanted: string | undefined, known: readonly string[]): string {
  const lower = wanted?.toLowerCase() ?? ''
  const far = (name: string): number => distance(name.toLowerCase(), lower)
  const isNear = (name: string): boolean => far(name) <= Math.max(2, Math.floor(lower.length / 3)) || (lower.length > 2 && name.toLowerCase().includes(lower))
  const sorted = wanted === undefined ? known : known.toSorted((a, b) => far(a) - far(b))
  const near = wanted === undefined ? [] : sorted.filter(isNear).slice(0, 3)
  if (near.length > 0)
    return `did you mean ${near.map(quoted).join(' or ')}?${known.length > near.length ? ` ${known.length - near.length} more are there` : ''}`
  const shown = sorted.slice(0, SHOWN)
  return `there ${shown.length === 1 ? 'is' : 'are'} ${shown.map(quoted).join(', ') || 'none'}${known.length > shown.length ? ` and ${known.length - shown.length} more` : ''}`
}

/** The nearest of them, three at most, the nearest first. For words that were typed: of a short one a letter at least is right. */
export function nearNames(wanted: string, known: readonly string[]): readonly string[] {
  const far = (name: string): number => distance(name, wanted)
  const isNear = (name: string): boolean =>
    (far(name) <= Math.max(2, Math.floor(wanted.length / 3)) && hasLetterOf(name, wanted)) || (wanted.length > 2 && name.startsWith(wanted))
  return known
    .filter(isNear)
    .toSorted((a, b) => far(a) - far(b))
    .slice(0, 3)
}

function hasLetterOf(name: string, wanted: string): boolean {
  return [...wanted].some((letter) => name.includes(letter))
}

function quoted(name: string): string {
  return `"${escapeForeign(name)}"`
}
