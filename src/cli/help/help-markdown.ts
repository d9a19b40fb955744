/** `kpf help -o markdown`: the page `docs/cli.md`, made from the verb table as help is. */
import { hasVariable, variableOf } from '../read-flags.ts'
import { exitMeanings } from '../exit-meanings.ts'
import { flagTerm } from './help-layout.ts'
import { adHoc, type Flag, globalFlags, type Verb, verbs } from '../verbs.ts'

const HEAD = `# The command line

Made by \`npm run docs:cli\` from the table that kpf itself reads (\`src/cli/verbs.ts\`); \`kpf help VERB\` says the same. Flags may stand before or after the verb. Every flag has a variable of its own, which a flag that is written wins over; a switch is set by \`1\` or \`true\`, and left alone by \`0\` or \`false\`. What you asked for goes to stdout, all else to stderr.`

/** The whole page. */
export function cliMarkdown(): string {
  return [
    HEAD,
    '',
    '| Verb | What it does |',
    '|---|---|',
    ...verbs.map((verb) => `| [\`${verb.name}\`](#kpf-${verb.name}) | ${cell(verb.summary)} |`),
    `| [\`TYPE/NAME\`](#kpf-typename) | ${cell(adHoc.summary)} |`,
    '',
    '## Flags of every verb',
    '',
    flagTable(globalFlags),
    '',
    '## Exit codes',
    '',
    '| Code | Meaning |',
    '|---|---|',
    ...exitMeanings().map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`),
    ...verbs.flatMap((verb) => ['', section(`kpf ${verb.name}`, verb)]),
    '',
    section('kpf TYPE/NAME', adHoc),
    '',
  ].join('\n')
}

function section(title: string, verb: Verb): string {
  const outputs = verb.outputs ?? []
  const { exits: codes = [], related = [] } = verb
  return [
    `## ${title}`,
    '',
    `\`${verb.usage}\``,
    '',
    `${verb.summary[0]?.toUpperCase() ?? ''}${verb.summary.slice(1)}.`,
    ...(verb.flags.length > 0 ? ['', flagTable(verb.flags)] : []),
    ...(outputs.length > 0 ? ['', `Output (\`-o\`): ${outputs.map((output) => `\`${output}\``).join(', ')}; without it \`${outputs[0]}\`.`] : []),
    ...(codes.length > 0 ? ['', `Exit codes: ${codes.join(', ')}.`] : []),
    ...(related.length > 0 ? ['', `See also: ${related.map((name) => `[\`kpf ${name}\`](#kpf-${name})`).join(', ')}.`] : []),
    ...(verb.examples.length > 0 ? ['', '```sh', ...verb.examples, '```'] : []),
  ].join('\n')
}

function flagTable(flags: readonly Flag[]): string {
  return ['| Flag | Meaning | Values | Default | Variable |', '|---|---|---|---|---|', ...flags.map(flagRow)].join('\n')
}

function flagRow(flag: Flag): string {
  const values = flag.values?.map((value) => `\`${value}\``).join(', ') ?? (flag.isRepeatable === true && flag.value !== undefined ? 'repeatable' : '')
  const variable = hasVariable(flag) ? `\`${variableOf(flag)}\`` : ''
  return `| ${[`\`${flagTerm(flag)}\``, cell(flag.help), values, cell(flag.default ?? ''), variable].join(' | ')} |`
}

/** A bar would end the cell, and a star or an angle bracket mean something else. */
function cell(text: string): string {
  return text.replaceAll(/[|*<]/g, (character) => `\\${character}`)
}
