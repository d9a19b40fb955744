/** `kpf check`: every problem of the file, as data on stdout. */
import { counted } from '../output/words.ts'
import { githubText } from '../output/github-text.ts'
import { problemsText } from '../output/problem-text.ts'
import { type Context, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { openFiles } from './project-file.ts'

/** Runs the verb. */
export async function check(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  if (output !== 'text' && output !== 'json' && output !== 'github') {
    context.err(`kpf: check knows no output "${output}"\n    use text, json or github\n`)
    return exitCodes.usage
  }
  const opened = await openFiles(context)
  if (opened.kind === 'ended') return opened.code
  const { found, loaded } = opened
  const problems = loaded.kind === 'rejected' ? loaded.problems : []
  if (output === 'json') context.out(`${JSON.stringify({ v: 1, problems }, undefined, 2)}\n`)
  else if (output === 'github') context.out(githubText(problems))
  else if (problems.length > 0) context.out(`${problemsText(problems)}\n`)
  else if (loaded.kind === 'loaded') context.out(`${found.shownAs}: ${counted(loaded.project.forwards.length, 'forward')}, no problems\n`)
  if (loaded.kind === 'loaded') return exitCodes.done
  return loaded.needsApproval ? exitCodes.approval : exitCodes.usage
}
