/** `kpf trust`: shows what the files may not do unasked, and remembers that they may. */
import type { Loaded } from '../../file/load.ts'
import { problemsText } from '../../output/problem-text.ts'
import { type Approvals, approved, risksText } from './approvals.ts'
import { type Context, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openFiles, readFiles } from './project-file.ts'

/** Runs the verb. */
export async function trust(context: Context): Promise<number> {
  // `--yes` is the answer to what is shown, and lets nothing through that is not.
  const asking = { ...context, flags: { ...context.flags, yes: false } }
  const opened = await openFiles(asking)
  if (opened.kind === 'ended') return opened.code
  const { found, approvals } = opened
  let { loaded } = opened
  // What is in a file outside of the project is shown when the file itself was approved.
  while (loaded.risks.length > 0 && !approvals.has(loaded.risks)) {
    const code = mistakesIn(context, loaded) ?? (await oneApproval(context, { shownAs: found.shownAs, loaded, approvals }))
    if (code !== exitCodes.done) return code
    loaded = (await readFiles(asking, found, { approves: approvals.has })).loaded
  }
  const code = mistakesIn(context, loaded)
  if (code !== undefined) return code
  context.out(loaded.risks.length === 0 ? `${found.shownAs}: nothing in it needs approval\n` : `${found.shownAs}: approved; a change of this asks again\n`)
  return exitCodes.done
}

function mistakesIn(context: Context, loaded: Loaded): number | undefined {
  const mistakes = loaded.kind === 'rejected' ? loaded.problems.filter(({ kind }) => kind !== 'approval') : []
  if (mistakes.length === 0) return undefined
  context.err(`${problemsText(mistakes, { width: widthFor(context) })}\n`)
  return exitCodes.usage
}

async function oneApproval(context: Context, { shownAs, loaded, approvals }: { shownAs: string; loaded: Loaded; approvals: Approvals }): Promise<number> {
  context.out(risksText(shownAs, loaded.risks))
  const answer = await approved(context, 'approve this?')
  if (answer === undefined) context.err('kpf: nobody can be asked here\n    approve it with: kpf trust --yes\n')
  if (answer !== true) return exitCodes.approval
  const failed = await approvals.add(loaded.risks)
  if (failed === undefined) return exitCodes.done
  context.err(`kpf: the approval cannot be remembered: ${failed}\n    approve one run with --yes\n`)
  return exitCodes.failed
}
