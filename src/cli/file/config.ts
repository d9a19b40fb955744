/** `kpf config`: the files as one that says everything, and where each value comes from. */
import { configOf, configText } from '../../file/config-text.ts'
import type { Explanation } from '../../file/explain.ts'
import type { Loaded } from '../../file/load.ts'
import { printable } from '../../file/printable.ts'
import { exportsOf } from '../../file/references.ts'
import { unmarked } from '../../file/veil.ts'
import { problemsText } from '../../output/problem-text.ts'
import { fingerprint } from '../../supervisor/plan.ts'
import { digest } from '../../system/state.ts'
import { type Context, isSet, textFlag, widthFor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { openFiles } from './project-file.ts'

/** Runs the verb. */
export async function config(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'yaml'
  const opened = await openFiles(context)
  if (opened.kind === 'ended') return opened.code
  const { loaded } = opened
  if (loaded.kind === 'rejected') {
    context.err(`${problemsText(loaded.problems, { width: widthFor(context) })}\n`)
    return loaded.needsApproval ? exitCodes.approval : exitCodes.usage
  }
  const path = textFlag(context.flags, 'explain')
  if (path !== undefined) return explained(context, loaded, path)
  if (isSet(context.flags, 'variables')) context.out(variablesText(loaded))
  else if (isSet(context.flags, 'exports')) {
    const exports = Object.entries(loaded.project.exports ?? {}).map(([name, text]) => [name, loaded.marked(text)])
    for (const [name, value] of exportsOf({ ...loaded.project, exports: Object.fromEntries(exports) }))
      context.out(`${name}=${unmarked(loaded.redact(value))}\n`)
  } else if (isSet(context.flags, 'profiles')) context.out((loaded.project.profiles ?? []).map((name) => `${name}\n`).join(''))
  else if (isSet(context.flags, 'hash')) context.out(loaded.project.forwards.map((forward) => `${forward.name} ${digest(fingerprint(forward))}\n`).join(''))
  else if (output === 'json') context.out(`${JSON.stringify(configOf(loaded.project, loaded), undefined, 2)}\n`)
  else context.out(configText(loaded.project, loaded))
  return exitCodes.done
}

function explained(context: Context, loaded: Loaded, path: string): number {
  const found = loaded.explain(path)
  if (found.length === 0) {
    return mistake(context, {
      message: `nothing in the files is at "${printable(path)}"`,
      fix: 'write a path such as forwards.NAME.namespace',
      flag: 'explain',
    })
  }
  for (const one of found) context.out(`${explanationText(one, loaded.redact)}\n`)
  return exitCodes.done
}

function explanationText({ path, value, layer, file, line, column, variables }: Explanation, redact: (text: string) => string): string {
  const text = value === undefined ? 'not in a file' : redact(typeof value === 'string' ? value : JSON.stringify(value))
  const from = variables.length === 0 ? '' : `, with ${variables.map((name) => `\${${name}}`).join(', ')}`
  return `${path}: ${text}\n    ${layer}${file === undefined ? '' : ` at ${file}:${line}:${column}`}${from}`
}

function variablesText({ variables }: Loaded): string {
  const width = Math.max(0, ...variables.map(({ name }) => name.length))
  return variables.map(({ name, from }) => `${name.padEnd(width)}  ${from ?? 'not set'}\n`).join('')
}
