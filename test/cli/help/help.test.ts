/** Help is made from the verb table: it fits a terminal, and every example of it works. */
import { expect, test } from 'vitest'
import { readArguments } from '../../../src/cli/arguments.ts'
import { exitCodes } from '../../../src/cli/exit-codes.ts'
import { exitMeaning } from '../../../src/cli/exit-meanings.ts'
import { firstHelp, generalHelp, verbHelp } from '../../../src/cli/help/help.ts'
import { adHoc, globalFlags, type Verb, verbs } from '../../../src/cli/verbs.ts'

const all: readonly Verb[] = [...verbs, adHoc]

test('kpf alone: the four commands that people need first, and the context in use', () => {
  const lines = firstHelp('Using context kind-dev, namespace shop (~/.kube/config)').trimEnd().split('\n')
  expect(lines[0]).toBe('kpf keeps Kubernetes port-forwards up, from a file you commit.')
  const commands = lines.slice(1, 5).map((line) => line.trim().split(/ {2,}/)[0] ?? '')
  expect(commands.toSorted()).toEqual(
    ['kpf demo', verbs.some(({ name }) => name === 'init') ? 'kpf init' : 'kpf check', 'kpf svc/api 8080:80', 'kpf up'].toSorted(),
  )
  for (const command of commands) expect(readArguments(command.split(' ').slice(1), {})).toMatchObject({ kind: 'verb' })
  expect(lines[5]).toBe('Using context kind-dev, namespace shop (~/.kube/config). More: kpf help')
  expect(generalHelp().split('\n').slice(0, 5)).toEqual(lines.slice(0, 5))
})

test('no line of help is wider than 80 columns', () => {
  const long = 'No cluster in use: context "a-name-that-somebody-made-longer-than-was-wise" is not in /home/somebody/.kube/config'
  const texts = [firstHelp(long), generalHelp(), ...all.map(verbHelp)]
  expect(texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 80)).toEqual([])
})

test('every verb is told with usage, summary and an example, and is in the list', () => {
  const general = generalHelp()
  for (const verb of verbs) {
    expect(verbHelp(verb)).toContain(`Examples:\n  `)
    expect(verb.usage).toMatch(new RegExp(`^kpf ${verb.name}( |$)`))
    expect(general).toMatch(new RegExp(`^ {2}${verb.name} {2}`, 'm'))
  }
})

test('flags are told with values, default and variable', () => {
  const verb: Verb = {
    name: 'sing',
    usage: 'kpf sing [NAME…]',
    summary: 'sing',
    flags: [
      { name: 'voice', short: 'V', value: 'KIND', help: 'the voice', values: ['alto', 'bass'], default: 'alto' },
      { name: 'very-very-very-loud', value: 'HOW', help: 'more than is good', isRepeatable: true },
    ],
    examples: ['kpf sing'],
    outputs: ['text', 'json'],
    exits: [0, 3],
    run: () => Promise.resolve(0),
  }
  expect(verbHelp(verb)).toMatchInlineSnapshot(`
    "kpf sing [NAME…]
        sing

    Flags:
      -V, --voice KIND          the voice: alto, bass (default: alto; KPF_VOICE)
          --very-very-very-loud HOW
                                more than is good (repeatable;
                                KPF_VERY_VERY_VERY_LOUD)
      -o, --output FORM         the form of the output: text, json (default: text;
                                KPF_OUTPUT)

    Examples:
      kpf sing

    Exit codes:
        0  done, also after Ctrl-C when all connections had their time to finish
        3  some forwards are not ready

    Flags of every verb (-f, -n, --context and so on): kpf help
    "
  `)
})

test('what counts without a flag is told in one place: help, completion and docs/cli.md are made of it', () => {
  const told = all.flatMap(({ name, flags }) => flags.filter(({ help }) => /\bdefaults?\b/.test(help)).map((flag) => `${name}: --${flag.name}`))
  expect(told).toEqual([])
})

test('a flag of a few words lists them, so that completion offers them', () => {
  const unlisted = all.flatMap(({ name, flags }) =>
    flags
      .filter(({ value, values }) => ['KIND', 'STATE', 'LEVEL', 'WHEN'].includes(value ?? '') && values === undefined)
      .map((flag) => `${name}: --${flag.name}`),
  )
  expect(unlisted).toEqual([])
})

test('verbs that go together name each other, and the table has them all', () => {
  const names = verbs.map(({ name }) => name)
  expect(verbs.flatMap(({ name, related = [] }) => related.filter((other) => !names.includes(other)).map((other) => `${name}: ${other}`))).toEqual([])
  expect(verbs.filter(({ name, related }) => !['version', 'help'].includes(name) && related === undefined).map(({ name }) => name)).toEqual([])
  const ps = verbs.find(({ name }) => name === 'ps')
  expect(ps && verbHelp(ps).split('\n').at(-4)).toMatchInlineSnapshot(`"See also: kpf logs, kpf events, kpf trace"`)
})

test.each([['--help svc/api'], ['svc/api --help'], ['-h pod/db-0']])('the form without a verb has help, with a port or without one: kpf %s', (line) => {
  expect(readArguments(line.split(' '), {})).toMatchObject({ kind: 'verb', verb: { name: '' }, flags: { help: true } })
})

/** What the shell hands to kpf: the words up to a pipe, a redirection or the end of a substitution. */
function exampleWords(example: string): readonly string[] {
  const [, command = ''] = /(?:^|[^\w-])kpf ([^|>;&)"]*)/.exec(example) ?? []
  return command.trim().split(/\s+/)
}

test.each(all.flatMap((verb) => verb.examples.map((example) => [example, verb] as const)))('the example works: %s', (example, verb) => {
  const parsed = readArguments(exampleWords(example), {})
  expect(parsed).toMatchObject({ kind: 'verb' })
  expect(parsed.kind === 'verb' && parsed.verb.name).toBe(verb.name)
})

test('every exit code has a meaning, and those a verb names are in use', () => {
  const codes: readonly number[] = Object.values(exitCodes)
  expect(codes.filter((code) => exitMeaning(code) === '')).toEqual([])
  expect(all.flatMap(({ name, exits = [] }) => exits.filter((code) => !codes.includes(code)).map((code) => `${name}: ${code}`))).toEqual([])
})

test('no verb has a flag of a global name, or a letter of one', () => {
  const clashes = all.flatMap((verb) =>
    verb.flags.filter((flag) => globalFlags.some(({ name }) => name === flag.name)).map((flag) => `${verb.name}: --${flag.name}`),
  )
  expect(clashes).toEqual([])
})

test.each<[string, string, string]>([
  ['upp', 'unknown verb "upp"', 'did you mean "kpf up" or "kpf ps" or "kpf url"?'],
  ['chekc', 'unknown verb "chekc"', 'did you mean "kpf check"?'],
  ['doc', 'unknown verb "doc"', 'did you mean "kpf down" or "kpf doctor"?'],
  ['postgres', 'unknown verb "postgres"', 'see: kpf help. For a forward to a pod of that name, add a port: kpf postgres 8080:80'],
  ['up --no-wacht', 'unknown flag "--no-wacht"', 'did you mean "--no-watch"?'],
  ['up --contxt dev', 'unknown flag "--contxt"', 'did you mean "--context"?'],
  ['up -x', 'unknown flag "-x"', 'see: kpf help up'],
])('a slip is answered with the nearest names: kpf %s', (line, message, fix) => {
  expect(readArguments(line.split(' '), {})).toMatchObject({ kind: 'usage', message, fix })
})
