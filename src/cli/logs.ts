/** `kpf logs`: what the supervisor said of its forwards. */
import type { LogLine } from '../control/shapes.ts'
import { logLevels } from '../control/shapes.ts'
import { timeText } from '../output/event-text.ts'
import { type Context, isSet, textFlag } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { reach } from './reach.ts'
import { readStream, sinceOf } from './stream.ts'

/** Runs the verb. */
export async function logs(context: Context): Promise<number> {
  const { flags } = context
  const [since, tail, level, form] = [sinceOf(context), textFlag(flags, 'tail'), textFlag(flags, 'level') ?? 'info', textFlag(flags, 'output') ?? 'text']
  const wrong =
    since === null
      ? '--since is a duration or a time'
      : tail !== undefined && !/^\d{1,9}$/.test(tail)
        ? '--tail is a number'
        : !logLevels.some((word) => word === level)
          ? `--level is ${logLevels.join(', ')}`
          : !['text', 'json'].includes(form)
            ? 'the output is text or json'
            : undefined
  if (wrong !== undefined) {
    context.err(`kpf: ${wrong}\n    see: kpf help logs\n`)
    return exitCodes.usage
  }
  const reached = await reach(context)
  if (reached.kind === 'ended') return reached.code
  const query = new URLSearchParams({
    level,
    ...(tail !== undefined && { tail }),
    ...(typeof since === 'string' && { since }),
    follow: isSet(flags, 'follow') ? '1' : '0',
  })
  for (const name of context.words) query.append('name', name)
  return readStream(context, reached.owner, { path: `/v1/logs?${query.toString()}`, isFollowed: isSet(flags, 'follow') }, ({ data }) =>
    context.out(form === 'json' ? `${data}\n` : textOf(JSON.parse(data) as LogLine)),
  )
}

/** `10:41:07 api: ready on localhost:8080`; further lines stand below the text. */
export function textOf({ time, text }: LogLine): string {
  return text
    .split('\n')
    .map((line, index) => `${index === 0 ? timeText(time) : '        '} ${line}\n`)
    .join('')
}
