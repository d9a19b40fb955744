/** `kpf config`: the files as one that says everything, and where each value comes from. */
import { configOf, configText } from '../../file/config-text.ts'
import { printable } from '../../file/printable.ts'
import { problemsText } from '../../output/problem-text.ts'
import { explained, type Listed, lists } from './config-lists.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { openFiles } from './project-file.ts'

const flags = ['explain', 'variables', 'exports', 'profiles', 'hash'] as const

/** Runs the verb. */
export async function config(context: Context): Promise<number> {
  const path = textFlag(context.flags, 'explain')
  const [asked, ...more] = flags.filter((name) => (name === 'explain' ? path !== undefined : isSet(context.flags, name)))
  if (more.length > 0) {
    const names = flags.map((name) => `--${name}`).join(', ')
    return mistake(context, { message: `config prints one list at a time, not those of --${asked} and --${more.join(', --')}`, fix: `give one of ${names}` })
  }
  const opened = await openFiles(context)
  if (opened.kind === 'ended') return opened.code
  const { loaded } = opened
  if (loaded.kind === 'rejected') {
    context.err(`${problemsText(loaded.problems, { width: widthFor(context) })}\n`)
    return loaded.needsApproval ? exitCodes.approval : exitCodes.usage
  }
  const output = textFlag(context.flags, 'output')
  if (asked === undefined) {
    context.out(output === 'json' ? json(configOf(loaded.project, loaded)) : configText(loaded.project, loaded))
    return exitCodes.done
  }
  const listed = asked === 'explain' ? explained(loaded, path ?? '') : lists[asked](loaded)
  if (listed === undefined)
    return mistake(context, {
      message: `nothing in the files is at "${printable(path ?? '')}"`,
      fix: 'write a path such as forwards.NAME.namespace',
      flag: 'explain',
    })
  context.out(await listText(listed, output))
  return exitCodes.done
}

/** Lines where no form is asked for. */
async function listText({ data, text }: Listed, output: string | undefined): Promise<string> {
  if (output === undefined) return text
  return output === 'json' ? json(data) : (await import('../../file/yaml-print.ts')).yamlText(data)
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
