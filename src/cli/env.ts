/** `kpf env`: where the forwards are, as variables for a shell, a file or a workflow. */
import { type Context, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { exportsOf, exportsText, shells } from './exports.ts'
import { statusOf } from './reach.ts'

/** Runs the verb. */
export async function env(context: Context): Promise<number> {
  const asked = textFlag(context.flags, 'output') ?? 'shell'
  const shell = shells.find((word) => word === asked)
  if (shell === undefined) {
    context.err(`kpf: env knows no output "${asked}"\n    use ${shells.join(', ')}\n`)
    return exitCodes.usage
  }
  const found = await statusOf(context)
  if (found.kind === 'ended') return found.code
  context.out(exportsText(exportsOf(found.status), shell))
  return exitCodes.done
}
