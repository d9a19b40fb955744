/**
 * `kpf __complete -- WORD… =CURRENT`: what the shells' scripts ask. One candidate a line,
 * a tab, its meaning; `:file` alone asks for the shell's own file names.
 *
 * The word at the cursor is told behind a `=`: PowerShell drops an empty one. Whatever
 * goes wrong is silence: a completion has nobody to tell.
 */
import { type Candidate, type Offer, offerAt } from './completion-line.ts'
import { adHoc, globalFlags, verbs } from '../verbs.ts'

/** More are no help, and slow in some shells. */
const MAX_CANDIDATES = 500
/** Beside letters what names in files and clusters have; nothing that a shell would read as more than text. */
const PLAIN = /^[\w.:/@*=+,-]+$/

/** What it needs of the process. */
export interface Asker {
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly out: (text: string) => void
}

/** Answers; `asked` are the words after `__complete`. */
export async function complete(asked: readonly string[], asker: Asker): Promise<number> {
  const words = asked[0] === '--' ? asked.slice(1) : asked
  const offer = offerAt(words.slice(0, -1), (words.at(-1) ?? '').replace(/^=/, ''), { verbs, adHoc, globalFlags })
  const files = offer.lookUp.includes('file') ? [':file'] : []
  const found = [...offer.candidates, ...(await lookedUp(offer, asker))]
  asker.out([...linesOf(found, offer), ...files].map((line) => `${line}\n`).join(''))
  return 0
}

async function lookedUp(offer: Offer, asker: Asker): Promise<readonly Candidate[]> {
  if (offer.lookUp.every((kind) => kind === 'file')) return []
  try {
    const { lookUp } = await import('./completion-names.ts')
    return await lookUp(offer, asker)
  } catch {
    return []
  }
}

function linesOf(candidates: readonly Candidate[], { current, prefix, taken }: Offer): readonly string[] {
  const fitting = candidates.filter(({ value }) => value.startsWith(current) && PLAIN.test(value) && !taken.includes(value))
  const unique = [...new Map(fitting.map((candidate) => [candidate.value, candidate])).values()]
  return unique
    .slice(0, MAX_CANDIDATES)
    .map(({ value, meaning }) => `${prefix}${value}${meaning === '' ? '' : `\t${meaning.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')}`}`)
}
