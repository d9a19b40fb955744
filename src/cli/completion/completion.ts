/** `kpf completion SHELL`: prints the script with which a shell asks kpf what may come next. */
import { printable } from '../../file/printable.ts'
import { completionScripts, isShell } from './completion-scripts.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'

/** Runs the verb. */
export async function completion(context: Context): Promise<number> {
  const [shell] = context.words
  if (shell !== undefined && isShell(shell)) {
    context.out(completionScripts[shell])
    return exitCodes.done
  }
  const shells = Object.keys(completionScripts).join(', ')
  const message = shell === undefined ? 'completion wants the name of a shell' : `there is no completion for "${printable(shell)}"`
  return mistake(context, { message, fix: `write: kpf completion bash (or another of ${shells})` })
}
