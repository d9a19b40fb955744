/** `kpf env`: where the forwards are, and what the file exports, as variables for a shell, a file or a workflow. */
import type { ExportsBody } from '../../control/shapes.ts'
import { type Context, textFlag } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { exportsText, shells } from './exports.ts'
import { type Owner, reach, tell } from './reach.ts'

/** Runs the verb. */
export async function env(context: Context): Promise<number> {
  const shell = shells.find((word) => word === textFlag(context.flags, 'output')) ?? 'shell'
  const reached = await reach(context)
  if (reached.kind === 'ended') return reached.code
  const found = await exportsOfOwner(context, reached.owner)
  if (typeof found === 'number') return found
  context.out(exportsText(Object.entries(found.exports), shell))
  tellMissing(context, found)
  return exitCodes.done
}

/** The variables of a project that another process runs, or the exit code after it was said why there are none. */
export async function exportsOfOwner(context: Context, owner: Owner): Promise<ExportsBody | number> {
  const told = await tell(context, owner, { method: 'GET', path: '/v1/exports' })
  // The answer's version was looked at: this route has no other shape.
  return told.kind === 'ended' ? told.code : (told.body as ExportsBody)
}

/** Says which variables are left out: a program that misses one should not be the first to say so. */
export function tellMissing(context: Context, { missing }: ExportsBody): void {
  for (const [name, forward] of Object.entries(missing))
    context.err(`kpf: ${name} is left out: "${forward}" does not run, or has no pod\n    see: kpf ps --all\n`)
}
