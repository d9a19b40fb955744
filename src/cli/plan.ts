/** `kpf plan`: what `up` would do with the files, and why. Nothing is started. */
import { problemsText } from '../output/problem-text.ts'
import { localText, targetText } from '../output/words.ts'
import { plan, printPlan, untouched } from '../supervisor/plan.ts'
import { type Context, isSet, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { openFiles } from './project-file.ts'

/** Runs the verb. */
export async function planVerb(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  if (output !== 'text' && output !== 'json') {
    context.err(`kpf: plan knows no output "${output}"\n    use text or json\n`)
    return exitCodes.usage
  }
  const opened = await openFiles(context, context.words)
  if (opened.kind === 'ended') return opened.code
  const { found, loaded } = opened
  if (loaded.kind === 'rejected') {
    context.err(`${problemsText(loaded.problems)}\n`)
    return loaded.needsApproval ? exitCodes.approval : exitCodes.usage
  }
  const unknown = context.words.find((name) => !loaded.project.forwards.some((forward) => forward.name === name))
  if (unknown !== undefined) {
    context.err(`kpf: no forward "${unknown}" in ${found.shownAs}\n    it has: ${loaded.project.forwards.map(({ name }) => name).join(', ')}\n`)
    return exitCodes.usage
  }
  const { forwards } = loaded.project
  // There is nobody yet who could be asked what runs: a supervisor keeps no door open.
  const operations = plan(forwards, [])
  if (output === 'json')
    context.out(`${JSON.stringify({ v: 1, plan: operations, summary: printPlan(operations, untouched(forwards, operations)) }, undefined, 2)}\n`)
  else {
    for (const { forward: name, cause } of operations) {
      const forward = forwards.find((candidate) => candidate.name === name)
      context.out(`+ ${name}  ${forward ? `${loaded.redact(targetText(forward))} on ${localText(forward).replaceAll('?', 'auto')}` : ''}  (${cause})\n`)
    }
    const resting = forwards.filter(({ enabled }) => !enabled).map(({ name }) => name)
    if (resting.length > 0) context.out(`not started: ${resting.join(', ')}\n`)
    if (operations.length === 0) context.out('nothing to do\n')
  }
  return operations.length > 0 && isSet(context.flags, 'exit-code') ? exitCodes.differs : exitCodes.done
}
