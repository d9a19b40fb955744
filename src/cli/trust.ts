/** `kpf trust`: shows what the files may not do unasked, and remembers that they may. */
import { problemsText } from '../output/problem-text.ts'
import { approved, risksText } from './approvals.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { openFiles } from './project-file.ts'

/** Runs the verb. */
export async function trust(context: Context): Promise<number> {
  const opened = await openFiles(context)
  if (opened.kind === 'ended') return opened.code
  const { found, loaded, approvals } = opened
  const mistakes = loaded.kind === 'rejected' ? loaded.problems.filter(({ kind }) => kind !== 'approval') : []
  if (mistakes.length > 0) {
    context.err(`${problemsText(mistakes)}\n`)
    return exitCodes.usage
  }
  const { risks } = loaded
  if (risks.length === 0) {
    context.out(`${found.shownAs}: nothing in it needs approval\n`)
    return exitCodes.done
  }
  context.out(risksText(found.shownAs, risks))
  if (approvals.has(risks)) {
    context.out('approved already\n')
    return exitCodes.done
  }
  const answer = await approved(context, 'approve this?')
  if (answer !== true) {
    if (answer === undefined) context.err('kpf: nobody can be asked here\n    approve it with: kpf trust --yes\n')
    return exitCodes.approval
  }
  const failed = await approvals.add(risks)
  if (failed !== undefined) {
    context.err(`kpf: the approval cannot be remembered: ${failed}\n    approve one run with --yes\n`)
    return exitCodes.failed
  }
  context.out('approved; a change of one of these asks again\n')
  return exitCodes.done
}
