/** `kpf logs`: what the supervisor said of its forwards. */
import type { LogFilter } from '../../control/history.ts'
import type { LogLine } from '../../control/shapes.ts'
import { logLevels } from '../../control/shapes.ts'
import { printable } from '../../file/printable.ts'
import { logLines } from '../../output/log-text.ts'
import { shownTime } from '../../system/local-time.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type Mistake, mistake } from '../mistake.ts'
import { reach } from './reach.ts'
import { readStream, sinceOf } from './stream.ts'

/** Runs the verb. */
export async function logs(context: Context): Promise<number> {
  const { flags } = context
  const filter = fileMeant(context) ?? filterOf(context)
  if ('fix' in filter) return mistake(context, filter)
  const print = (line: string): void => context.out(textFlag(flags, 'output') === 'json' ? `${line}\n` : textOf(line, widthFor(context)))
  let said = ''
  const reached = await reach({ ...context, err: (text) => (said += text) })
  if (reached.kind === 'owner')
    return readStream(context, reached.owner, { path: pathOf(filter, flags), isFollowed: isSet(flags, 'follow') }, ({ data }) => print(data))
  const left = reached.code === exitCodes.notRunning ? await (await import('./old-log.ts')).oldLog(context, filter) : undefined
  if (left === undefined) {
    context.err(said)
    return reached.code
  }
  for (const line of left) {
    print(JSON.stringify(line))
    // A log of 30 MiB is read slower than it is printed.
    if ((await context.outRoom?.()) === false) return exitCodes.done
  }
  context.err('kpf: this project does not run: this is what its log has kept\n    start it with: kpf up -d\n')
  return exitCodes.done
}

/** After `logs` -f follows: whoever means a file, as for other verbs, has named a forward that no file can have. */
function fileMeant({ flags, words }: Context): Mistake | undefined {
  const path = isSet(flags, 'follow') ? words.find((word) => /[/\\.]/.test(word)) : undefined
  if (path === undefined) return undefined
  const shown = printable(path)
  return { message: `"${shown}" is no name of a forward: after logs, -f follows`, fix: `a file stands before the verb: kpf -f ${shown} logs`, flag: 'follow' }
}

/** What the flags ask for, or which of them says nothing. */
function filterOf(context: Context): LogFilter | Mistake {
  const since = sinceOf(context)
  if (typeof since === 'object') return since
  const tail = textFlag(context.flags, 'tail')
  if (tail !== undefined && !/^\d{1,9}$/.test(tail))
    return { message: `--tail is no number: "${tail}"`, fix: 'write how many lines, such as --tail 20', flag: 'tail' }
  const level = logLevels.find((word) => word === (textFlag(context.flags, 'level') ?? 'info'))
  if (level === undefined) return { message: `there is no level "${textFlag(context.flags, 'level')}"`, fix: `use ${logLevels.join(', ')}`, flag: 'level' }
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

function textOf(line: string, width: number | undefined): string {
  return logLines(JSON.parse(line) as LogLine, shownTime, width)
    .map((part) => `${part}\n`)
    .join('')
}
