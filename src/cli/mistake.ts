/** What is said to a command line that cannot be obeyed. */
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'

/** What is wrong, and what to write instead. */
export interface Mistake {
  readonly message: string
  readonly fix: string
  /** The flag that is wrong, by its long name: nobody may have written it. */
  readonly flag?: string
  /** Instead of the exit code of wrong usage. */
  readonly code?: number
}

/** Says it, with the variable that has set the flag if one has; gives the exit code. */
export function mistake({ err, sources }: Pick<Context, 'err' | 'sources'>, { message, fix, flag, code = exitCodes.usage }: Mistake): number {
  const variable = flag === undefined ? undefined : sources[flag]
  err(`kpf: ${message}\n    ${fix}\n${variable === undefined ? '' : `    it is set by ${variable}\n`}`)
  return code
}

/** `did you mean "kpf up" or "kpf ps"?` */
export function didYouMean(names: readonly string[]): string {
  return `did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`
}
