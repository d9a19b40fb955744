/** `kpf check`: every problem of the file, as data on stdout. */
import type { Loaded } from '../../file/load.ts'
import type { Problem } from '../../file/problems.ts'
import { counted } from '../../output/words.ts'
import { githubText } from '../../output/github-text.ts'
import { problemsText } from '../../output/problem-text.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openFiles } from './project-file.ts'

/** Runs the verb. */
export async function check(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  const opened = await openFiles(context)
  if (opened.kind === 'ended') return opened.code
  const { found, loaded } = opened
  const { problems, code } = await checked(context, loaded)
  // Interrupted: half an answer is none.
  if (code === exitCodes.forcedInt || code === exitCodes.forcedTerm) return code
  if (output === 'json') context.out(`${JSON.stringify({ v: 1, problems }, undefined, 2)}\n`)
  else if (output === 'github') context.out(githubText(problems))
  else if (problems.length > 0) context.out(`${problemsText(problems, { width: widthFor(context) })}\n`)
  else if (code === exitCodes.done && !isSet(context.flags, 'quiet')) context.out(`${found.shownAs}: ${goodText(loaded, isSet(context.flags, 'live'))}\n`)
  return code
}

/** Clusters are asked only about a file that is right. */
async function checked(context: Context, loaded: Loaded): Promise<{ readonly problems: readonly Problem[]; readonly code: number }> {
  if (loaded.kind === 'rejected') return { problems: loaded.problems, code: loaded.needsApproval ? exitCodes.approval : exitCodes.usage }
  if (!isSet(context.flags, 'live')) return { problems: [], code: exitCodes.done }
  const { checkLive } = await import('./check-live.ts')
  return checkLive(context, loaded)
}

function goodText(loaded: Loaded, isLive: boolean): string {
  const count = loaded.kind === 'loaded' ? loaded.project.forwards.length : 0
  return `${counted(count, 'forward')}, no problems${isLive ? ', and the clusters and this machine have what it wants' : ''}`
}
