/** A word of a command line that may be meant as a forward of the file. */
import { nearNames } from '../../cluster/nearest.ts'
import type { Context } from '../context.ts'
import { readApproved, theFiles } from './project-file.ts'

/** A forward, and the file that has it. */
export interface ForwardHere {
  readonly name: string
  readonly shownAs: string
}

/** The forward of that name, or the one that is nearest; undefined without a file that can be read, or with nothing near. Says nothing. */
export async function forwardHere(context: Context, word: string): Promise<ForwardHere | undefined> {
  const found = await theFiles(context)
  // What comes through standard input is not read for a guess.
  if (found === undefined || !found.isWatchable) return undefined
  const { loaded } = await readApproved(context, found)
  const names = loaded.kind === 'loaded' ? loaded.project.forwards.map(({ name }) => name) : []
  const name = names.includes(word) ? word : nearNames(word, names)[0]
  return name === undefined ? undefined : { name, shownAs: found.shownAs }
}

/** What to write for it. */
export function startIt({ name, shownAs }: ForwardHere): string {
  return `for the forward of ${shownAs}: kpf up ${name}`
}
