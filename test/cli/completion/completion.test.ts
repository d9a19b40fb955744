/** What is offered at the cursor, from the verb table, the file's text, and an object's ports. */
import { expect, test } from 'vitest'
import { forwardNames, includedFiles, profileNames } from '../../../src/cli/completion/completion-file.ts'
import { type Offer, offerAt } from '../../../src/cli/completion/completion-line.ts'
import { portCandidates } from '../../../src/cli/completion/completion-ports.ts'
import { adHoc, globalFlags, verbs } from '../../../src/cli/verbs.ts'

/** The last word is the one at the cursor; a line that ends with a blank has an empty one. */
function offer(line: string): Offer {
  const words = line.split(' ')
  return offerAt(words.slice(1, -1), words.at(-1) ?? '', { verbs, adHoc, globalFlags })
}

function shown({ candidates, lookUp, current }: Offer): string {
  const values = candidates.map(({ value }) => value).filter((value) => value.startsWith(current))
  return [...values, ...lookUp.map((kind) => `<${kind}>`)].join(' ')
}

test.each<[string, string]>([
  ['kpf che', 'check'],
  ['kpf sv', 'svc/'],
  ['kpf svc/', '<target>'],
  ['kpf svc/api ', '<port>'],
  ['kpf -n shop svc/api 80', '<port>'],
  ['kpf up ', '<forward>'],
  ['kpf up api ', '<forward>'],
  ['kpf up --no-w', '--no-watch'],
  ['kpf up --no-watch --no-', '--no-deps --no-input'],
  ['kpf -n ', '<namespace>'],
  ['kpf up --context ', '<context>'],
  ['kpf --context=', '<context>'],
  ['kpf up -f ', '<file>'],
  ['kpf up --file=', '<file>'],
  ['kpf up -o ', 'auto plain jsonl quiet'],
  ['kpf -o json trace --transport ', 'auto websocket spdy channel'],
  ['kpf trace --transport=we', 'websocket'],
  ['kpf trace ', '<forward>'],
  ['kpf trace s', 'svc/ sts/ <forward>'],
  ['kpf trace svc/', '<target>'],
  ['kpf trace svc/api ', '<port>'],
  ['kpf trace svc/api 80 ', ''],
  ['kpf trace api ', ''],
  ['kpf doctor svc/api 80 ', '<port>'],
  ['kpf rbac svc/api ', ''],
  ['kpf rbac api ', '<forward>'],
  ['kpf port api ', '<own-port>'],
  ['kpf url api me', '<own-port>'],
  ['kpf open api http ', ''],
  ['kpf wait api ', '<forward>'],
  ['kpf open ', '<forward>'],
  ['kpf wait --for ', 'ready stopped'],
  ['kpf explain ', '<code>'],
  ['kpf help ', '<verb>'],
  ['kpf completion ', 'bash zsh fish powershell'],
  ['kpf completion bash ', ''],
  ['kpf --color ', 'auto always never'],
  ['kpf up -p ', ''],
  ['kpf up --unknown ', '<forward>'],
  ['kpf up -- ', '<file>'],
])('at the end of "%s": %s', (line, expected) => {
  expect(shown(offer(line))).toBe(expected)
})

test('every verb is offered, and every flag of a verb', () => {
  expect(offer('kpf ').candidates.map(({ value }) => value)).toEqual(verbs.map(({ name }) => name))
  for (const verb of verbs) {
    const flags = offer(`kpf ${verb.name} --`).candidates.map(({ value }) => value)
    expect(flags).toEqual([...verb.flags, ...globalFlags].map(({ name }) => `--${name}`))
  }
})

test('what stands there already is not offered again, but as the value of a flag', () => {
  expect(offer('kpf up api --wait db ').taken).toEqual(['api', 'db'])
  expect(offer('kpf svc/api 8080:80 ').taken).toEqual(['svc/api', '8080:80'])
  expect(offer('kpf up dev --profile ').taken).toEqual([])
})

test('a verb that nobody said more of, and whose usage has a NAME, is completed with forwards', () => {
  const sing = { name: 'sing', usage: 'kpf sing [NAME…]', summary: '', flags: [], examples: [], run: () => Promise.resolve(0) }
  expect(offerAt(['sing'], '', { verbs: [sing], adHoc, globalFlags }).lookUp).toEqual(['forward'])
  expect(offerAt(['hum'], '', { verbs: [{ ...sing, name: 'hum', usage: 'kpf hum' }], adHoc, globalFlags }).lookUp).toEqual([])
})

const file = `# forwards: { not: this }
name: shop
include:
- more/forwards.yaml   # beside it
- path: "ledger.yaml"
forwards:
  # the front
  web: svc/web 3000:80
  "api":
    target: deploy/api
    profiles: [dev, 'load test', all]
    ports: ["8080:http"]
  queue.a: { target: svc/queue, profiles: [dev], ports: [7000] }

settings:
  concurrency: 4
`

test('the names of a file, without reading its YAML', () => {
  expect(forwardNames(file)).toEqual(['web', 'api', 'queue.a'])
  expect(forwardNames(file.replaceAll('\n', '\r\n'))).toEqual(['web', 'api', 'queue.a'])
  expect(profileNames(file)).toEqual(['dev', 'load test', 'all'])
  expect(includedFiles(file)).toEqual(['more/forwards.yaml', 'ledger.yaml'])
  expect(includedFiles('include: [a.yaml, "b.yaml"]\n')).toEqual(['a.yaml', 'b.yaml'])
  for (const text of ['', 'forwards: {}\n', 'forwards:', '- a\n- b\n', 'forwards: [\n']) expect(forwardNames(text)).toEqual([])
})

test('ports are words that kpf takes: a local port that needs no rights, and names behind one that is written', () => {
  const service = { spec: { ports: [{ port: 80, name: 'http' }, { port: 443 }, { port: 5432, name: 'sql' }, { port: 25 }] } }
  const values = (object: Record<string, unknown> | undefined, current: string): string =>
    portCandidates(object, current)
      .map(({ value }) => value)
      .join(' ')
  expect(values(service, '')).toBe('8080:80 8443:443 5432 8025:25')
  expect(values(service, '9000:')).toBe('9000:80 9000:http 9000:443 9000:5432 9000:sql 9000:25')
  const container = { containers: [{ ports: [{ containerPort: 7000, name: 'echo' }] }, {}] }
  expect(values({ spec: { template: { spec: container } } }, '')).toBe('7000')
  expect(values({ spec: container }, ':')).toBe(':7000 :echo')
  for (const object of [undefined, {}, { spec: [] }, { spec: { ports: [{ port: '80' }, null] } }]) expect(values(object, '')).toBe('')
})
