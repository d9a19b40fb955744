/** `kpf logs`: what the supervisor said of its forwards. */
import type { LogFilter } from '../control/history.ts'
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
  const filter = filterOf(context)
  const form = textFlag(flags, 'output') ?? 'text'
  const wrong = typeof filter === 'string' ? filter : form === 'text' || form === 'json' ? undefined : `logs knows no output "${form}"`
  if (wrong !== undefined || typeof filter === 'string') {
    context.err(`kpf: ${wrong}\n    ${wrong?.startsWith('logs') ? 'use text or json' : 'see: kpf help logs'}\n`)
    return exitCodes.usage
  }
  const print = (line: string): void => context.out(form === 'json' ? `${line}\n` : textOf(JSON.parse(line) as LogLine))
  let mistake = ''
  const reached = await reach({ ...context, err: (text) => (mistake += text) })
  if (reached.kind === 'owner')
    return readStream(context, reached.owner, { path: pathOf(filter, flags), isFollowed: isSet(flags, 'follow') }, ({ data }) => print(data))
  const left = reached.code === exitCodes.notRunning ? await (await import('./old-log.ts')).oldLog(context, filter) : undefined
  if (left === undefined) {
    context.err(mistake)
    return reached.code
  }
  for (const line of left) print(JSON.stringify(line))
  context.err('kpf: this project does not run: this is what its log has kept\n    start it with: kpf up -d\n')
  return exitCodes.done
}

/** What the flags ask for, or which of them says nothing. */
function filterOf(context: Context): LogFilter | string {
  const since = sinceOf(context)
  if (since === null) return '--since is a duration or a time'
  const tail = textFlag(context.flags, 'tail')
  if (tail !== undefined && !/^\d{1,9}$/.test(tail)) return '--tail is a number'
  const level = logLevels.find((word) => word === (textFlag(context.flags, 'level') ?? 'info'))
  if (level === undefined) return `--level is ${logLevels.join(', ')}`
  return { level, since, tail: tail === undefined ? undefined : Number(tail), names: context.words }
}

function pathOf({ level, since, tail, names }: LogFilter, flags: Context['flags']): string {
  const query = new URLSearchParams({
    level,
    ...(tail !== undefined && { tail: `${tail}` }),
    ...(since !== undefined && { since }),
    follow: isSet(flags, 'follow') ? '1' : '0',
  })
  for (const name of names) query.append('name', name)
  return `/v1/logs?${query.toString()}`
}

/** `10:41:07 api: ready on localhost:8080`; further lines stand below the text. */
export function textOf({ time, text }: LogLine): string {
  return text
    .split('\n')
    .map((line, index) => `${index === 0 ? timeText(time) : '        '} ${line}\n`)
    .join('')
}
