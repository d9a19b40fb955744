/** `kpf ps`: what runs of the project, as its supervisor says it. */
import type { StatusBody } from '../../control/shapes.ts'
import { driftLines, psLines } from '../../output/ps-table.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { statusOf } from './reach.ts'

/** Runs the verb. */
export async function ps(context: Context): Promise<number> {
  const form = textFlag(context.flags, 'output') ?? 'text'
  if (isSet(context.flags, 'watch') && form !== 'text' && form !== 'wide')
    return mistake(context, { message: `ps --watch draws a table, not "${form}"`, fix: 'use text or wide; for programs: kpf events -f', flag: 'output' })
  if (isSet(context.flags, 'watch'))
    return (await import('./watch-status.ts')).watchStatus(context, (status) => textOf(shown(status, context), context, form === 'wide'))
  const found = await statusOf(context, '/v1/drift')
  if (found.kind === 'ended') return found.code
  const status = shown(found.status, context)
  switch (form) {
    case 'json':
      context.out(`${JSON.stringify(status)}\n`)
      break
    case 'yaml':
      context.out((await import('../../file/yaml-print.ts')).yamlText(status))
      break
    case 'name':
      context.out(status.forwards.map(({ name }) => `${name}\n`).join(''))
      break
    default:
      context.out(`${textOf(status, context, form === 'wide').join('\n')}\n`)
  }
  return exitCodes.done
}

/** With the stopped ones when they were asked for; only those named, if any were. */
function shown(status: StatusBody, { flags, words }: Context): StatusBody {
  const isWanted = ({ name, state }: StatusBody['forwards'][number]): boolean =>
    words.length > 0 ? words.includes(name) : state !== 'stopped' || isSet(flags, 'all')
  return { ...status, forwards: status.forwards.filter(isWanted) }
}

function textOf(status: StatusBody, context: Context, isWide: boolean): readonly string[] {
  const withConnections = isSet(context.flags, 'connections')
  const form = { isWide, withConnections, width: widthFor(context), mark: context.terminal.isUtf8 ? '…' : '...' }
  return [...psLines(status, form), ...driftLines(status.drift ?? [])]
}
