/** `kpf explain CODE`: what a code means; without one, all of them. */
import { catalogue, entryText, findCode, listText, markdown } from '../../doctor/catalogue.ts'
import { printable } from '../../file/printable.ts'
import { type Context, textFlag } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'

/** Runs the verb. */
export async function explain(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  const [word, ...more] = context.words
  if (more.length > 0) return mistake(context, { message: 'explain wants one code', fix: 'write: kpf explain KPF_PORT_BUSY' })
  if (output === 'markdown') return print(context, markdown())
  if (word === undefined) return print(context, output === 'json' ? json(catalogue) : listText())
  const found = findCode(word)
  if ('nearest' in found) return mistake(context, { message: `there is no code "${printable(word)}"`, fix: found.nearest })
  return print(context, output === 'json' ? json(found) : entryText(found))
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function print(context: Context, text: string): number {
  context.out(text)
  return exitCodes.done
}
