/** Questions to a person: one key is the answer. */
import { type Context, isSet } from './context.ts'

/** Whether somebody can be asked. */
export function canAsk(context: Context): boolean {
  return context.terminal.canAsk && !isSet(context.flags, 'no-input')
}

/** Yes with `y`; any other key is no. */
export async function ask(context: Context, question: string): Promise<boolean> {
  context.err(`${question} [y/N] `)
  const { promise, resolve } = Promise.withResolvers<string>()
  const end = context.terminal.onKey(resolve)
  const key = await promise
  end()
  const isYes = key === 'y' || key === 'Y'
  context.err(isYes ? 'yes\n' : 'no\n')
  return isYes
}
