/** `kpf help`, `kpf help VERB`, `kpf` alone: made from the verb table. */
import { printable } from '../../file/printable.ts'
import { nearVerbs } from '../arguments.ts'
import { type Context, textFlag } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { exitMeaning, exitMeanings } from '../exit-meanings.ts'
import { wrapped } from '../../output/wrapped.ts'
import { flagTerm, HELP_WIDTH, twoColumns } from './help-layout.ts'
import { adHoc, type Flag, globalFlags, type Verb, verbs } from '../verbs.ts'
import { mistake } from '../mistake.ts'
import { hasVariable, variableOf } from '../read-flags.ts'

const FLAG_WIDTH = 24
const VERB_WIDTH = 12

/** Runs the verb. */
export async function help(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'text'
  if (output === 'markdown') {
    const { cliMarkdown } = await import('./help-markdown.ts')
    context.out(cliMarkdown())
    return exitCodes.done
  }
  const [name] = context.words
  const verb = name?.includes('/') === true ? adHoc : verbs.find((candidate) => candidate.name === name)
  if (name !== undefined && verb === undefined)
    return mistake(context, { message: `unknown verb "${printable(name)}"`, fix: nearVerbs(name) ?? 'see: kpf help' })
  context.out(verb ? verbHelp(verb) : generalHelp())
  return exitCodes.done
}

/** What a newcomer sees. `using` is a line about the context in use. */
export function firstHelp(using: string): string {
  const [one, ...more] = wrapped(`${using}. More: kpf help`, HELP_WIDTH)
  const lines = more.length === 0 ? [one] : [...wrapped(`${using}.`, HELP_WIDTH), 'More: kpf help']
  return `${beginning()}\n${lines.join('\n')}\n`
}

/** What most people need, then all verbs, global flags and exit codes. */
export function generalHelp(): string {
  const all = verbs.map((verb) => [verb.name, verb.summary] as const)
  return `${beginning()}

All verbs (kpf help VERB tells more of one):
${twoColumns([...all, ['TYPE/NAME', `${adHoc.summary}: ${adHoc.usage}`]], VERB_WIDTH)}

Flags of every verb, before or after it; each also as a variable:
${flagLines(globalFlags)}

Exit codes:
${twoColumns(
  exitMeanings().map(([code, meaning]) => [`${code}`.padStart(3), meaning]),
  3,
)}
`
}

/** One verb: what it does, its flags, examples, and its exit codes where they are its own. */
export function verbHelp(verb: Verb): string {
  const output = globalFlags.find(({ name }) => name === 'output')
  const own = [...verb.flags, ...(verb.outputs && output ? [{ ...output, values: verb.outputs, default: verb.outputs[0] ?? '' }] : [])]
  const { exits: codes = [], related = [] } = verb
  return [
    wrapped(verb.usage, HELP_WIDTH - 4).join('\n    '),
    `    ${wrapped(verb.summary, HELP_WIDTH - 4).join('\n    ')}`,
    ...(own.length > 0 ? ['', 'Flags:', flagLines(own)] : []),
    ...(verb.examples.length > 0 ? ['', 'Examples:', ...verb.examples.map((example) => `  ${example}`)] : []),
    ...(codes.length > 0
      ? [
          '',
          'Exit codes:',
          twoColumns(
            codes.map((code) => [`${code}`.padStart(3), exitMeaning(code)]),
            3,
          ),
        ]
      : []),
    ...(related.length > 0 ? ['', `See also: ${related.map((name) => `kpf ${name}`).join(', ')}`] : []),
    '',
    'Flags of every verb (-f, -n, --context and so on): kpf help',
    '',
  ].join('\n')
}

/** `the form of the output: text or json (default text; KPF_OUTPUT)` */
export function flagMeaning(flag: Flag): string {
  const values = flag.values && !flag.values.every((value) => flag.help.includes(value)) ? `: ${flag.values.join(', ')}` : ''
  const variable = hasVariable(flag) ? variableOf(flag) : ''
  const extras = [flag.isRepeatable === true ? 'repeatable' : '', flag.default === undefined ? '' : `default: ${flag.default}`, variable]
  const inParentheses = extras.filter((extra) => extra !== '').join('; ')
  return `${flag.help}${values}${inParentheses === '' ? '' : ` (${inParentheses})`}`
}

/** Until there is a verb that writes a file, the fourth command is the one that looks at it. */
function beginning(): string {
  const has = (name: string): boolean => verbs.some((verb) => verb.name === name)
  const fourth = has('init') ? 'kpf init               write a forwards.yaml to start from' : 'kpf check              say what is wrong with forwards.yaml'
  const lines = [
    'kpf demo               try it now, no cluster needed',
    'kpf svc/api 8080:80    one forward, as in kubectl; --save adds it to the file',
    ...(has('init') ? [fourth] : []),
    'kpf up                 start what forwards.yaml says, and keep it up',
    ...(has('init') ? [] : [fourth]),
  ]
  return `kpf keeps Kubernetes port-forwards up, from a file you commit.\n${lines.map((line) => `  ${line}`).join('\n')}`
}

function flagLines(flags: readonly Flag[]): string {
  return twoColumns(
    flags.map((flag) => [`${flag.short === undefined ? '    ' : ''}${flagTerm(flag)}`, flagMeaning(flag)] as const),
    FLAG_WIDTH,
  )
}
