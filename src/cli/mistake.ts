/** What is said to a command line that cannot be obeyed. */
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'

/** Says what is wrong and what to write instead; gives the exit code. */
export function mistake(context: Pick<Context, 'err'>, message: string, fix: string): number {
  context.err(`kpf: ${message}\n    ${fix}\n`)
  return exitCodes.usage
}
