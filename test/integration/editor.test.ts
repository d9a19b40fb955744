/** The file in an editor: what the YAML language server offers, explains and underlines by the schema that the modeline names. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { file } from '../../src/file/shape.ts'
import { type Completion, LanguageServer } from './language-server.ts'

const example = readFileSync(fileURLToPath(new URL('../../examples/team/forwards.yaml', import.meta.url)), 'utf8')

let server: LanguageServer
beforeAll(async () => {
  server = await LanguageServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

/** The example with a text in the place of another one. */
function edited(from: string, to: string): string {
  if (!example.includes(from)) throw new Error(`the example has no ${JSON.stringify(from)}`)
  return example.replace(from, to)
}

const API = '  api: svc/api 8080:http 9090:metrics\n'
const inForward = (lines: string): string => edited(API, `  api:\n    target: svc/api\n    ports: ["8080:http"]\n${lines}\n`)
const labels = (offered: readonly Completion[]): readonly string[] => offered.map(({ label }) => label)
const insertions = (offered: readonly Completion[]): readonly (string | undefined)[] =>
  offered.map(({ textEdit, insertText, label }) => textEdit?.newText ?? insertText ?? label)
/** Line and message of each, beside the line as it stands in the file. */
async function wrong(text: string): Promise<readonly string[]> {
  const found = await server.diagnostics(text)
  return found.map(
    ({ message, range }) => `${text.split('\n')[range.start.line]?.slice(range.start.character, range.end.character).split('\n')[0]}: ${message}`,
  )
}

test('nothing is wrong with the example, nor with names and keys that are free', async () => {
  expect(await wrong(example)).toEqual([])
  const free = edited('forwards:\n', 'vars: { API_PORT: 8080, host: x }\nexports: { DATABASE_URL: $(redis.url) }\nx-note: 1\nforwards:\n  x-all: { a: 1 }\n')
  expect(await wrong(free)).toEqual([])
})

test('at the top every key is offered, each with what it means', async () => {
  const offered = await server.completions(edited('description: Everything', '|\ndescription: Everything'))
  const there = Object.keys(parse(example) as object)
  expect(labels(offered).toSorted()).toEqual(
    Object.keys(file().shape)
      .filter((key) => !there.includes(key))
      .toSorted(),
  )
  expect(offered.filter(({ documentation }) => documentation === undefined || documentation === '')).toEqual([])
})

test('in a forward every key is offered but those that are there', async () => {
  const offered = labels(await server.completions(inForward('    |')))
  expect(offered).toEqual(expect.arrayContaining(['description', 'hold', 'restart', 'transport', 'profiles', 'dependsOn', 'addresses', 'enabled']))
  expect(offered).not.toContain('target')
})

test('a forward that begins is offered in one line and in full', async () => {
  const offered = await server.completions(edited('forwards:\n', 'forwards:\n  |\n'))
  expect(insertions(offered)).toEqual(
    expect.arrayContaining(['${1:web}: svc/${2:web} ${3:8080}:${4:80}', '${1:web}:\n  target: svc/${2:web}\n  ports:\n    - ${3:8080}:${4:80}']),
  )
  expect(labels(await server.completions(edited(API, '  api: |\n')))).toContain('svc/web 8080:80')
})

test.each<[string, string, readonly string[]]>([
  ['restart', '    restart: |', ['always', 'on-failure', 'on-failure:5', '"no"']],
  ['transport.mode', '    transport:\n      mode: |', ['auto', 'websocket', 'spdy', 'channel']],
  ['a duration', '    hold:\n      timeout: |', ['500ms', '10s', '5m']],
  ['hold, which is a map or off', '    hold: |', ['"off"']],
  ['a truth value', '    enabled: |', ['true', 'false']],
])('the values of %s are offered as YAML takes them', async (_what, lines, expected) => {
  expect(insertions(await server.completions(inForward(lines)))).toEqual(expected)
})

test('what is nested is offered: clusters.expect, defaults, and a port in full', async () => {
  expect(labels(await server.completions(edited('  staging: {', '  other:\n    expect:\n      |\n  staging: {')))).toContain('server')
  expect(labels(await server.completions(edited('  drain: { timeout: 10s }', '  |')))).toEqual(expect.arrayContaining(['drain', 'restart', 'limits']))
  const port = labels(await server.completions(edited(API, '  api:\n    target: svc/api\n    ports:\n      - |\n')))
  expect(port).toEqual(expect.arrayContaining(['name', 'localPort', 'remotePort', 'containerPort', 'appProtocol', 'primary', 'onConflict']))
})

test.each<[string, string, string]>([
  ['forwards', edited('forwards:', 'for|wards:'), 'one line in the words of `kubectl port-forward`'],
  ['defaults', edited('defaults:', 'def|aults:'), 'Fields for every forward that says nothing else.'],
  ['hold.timeout', edited('hold: { timeout', 'hold: { time|out'), 'How long one connection waits for a pod. Default 10s.'],
  ['transport.mode', inForward('    transport:\n      mo|de: spdy'), '`auto` tries WebSocket, then SPDY'],
  [
    'clusters.expect.server',
    edited('  staging: {', '  other:\n    expect:\n      ser|ver: https://x\n  staging: {'),
    'The API server that the context must lead to.',
  ],
  ['exports', edited('forwards:', 'exp|orts: { A: b }\nforwards:'), 'references to forwards: `$(db.address)`'],
])('%s is explained where the mouse stands, with its code as code', async (_what, marked, meaning) => {
  expect(await server.hover(marked)).toContain(meaning)
})

test.each<[string, string, readonly string[]]>([
  ['a key that nobody knows', inForward('    localport: 3'), ['localport: Property localport is not allowed.']],
  ['a key of the top that nobody knows', edited('defaults:', 'default:'), ['default: Property default is not allowed.']],
  [
    'a local port out of range',
    edited(API, '  api: { target: svc/api, ports: [{ localPort: 70000, remotePort: 80 }] }\n'),
    ['70000: Value is above the maximum of 65535.'],
  ],
  [
    'a port that is no name',
    edited(API, '  api: { target: svc/api, ports: [{ remotePort: Web_Port }] }\n'),
    ['Web_Port: write a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and "-"'],
  ],
  ['a duration without its unit', inForward('    drain: { timeout: 10 }'), ['10: write a duration with its unit: 500ms, 10s, 5m, 1h30m, at most 99h']],
  ['a restart that there is not', inForward('    restart: never'), ['never: write always, no, on-failure or on-failure:N']],
  ['a mode that there is not', inForward('    transport: { mode: ws }'), ['ws: Value is not accepted. Valid values: "auto", "websocket", "spdy", "channel".']],
  [
    'a name with capitals',
    edited('name: shop', 'name: My_Shop'),
    ['My_Shop: use lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit'],
  ],
  [
    'a server that is no URL',
    edited('  staging: {', '  other: { expect: { server: nowhere } }\n  staging: {'),
    ['nowhere: write the URL of the API server: https://HOST:PORT'],
  ],
  [
    'an exported name that no shell takes',
    edited('forwards:', 'exports: { "A B": c }\nforwards:'),
    ['"A B": use letters, digits and "_", beginning with a letter or "_"'],
  ],
])('%s is underlined, in the words of kpf', async (_what, text, expected) => {
  expect(await wrong(text)).toEqual(expected)
})

test('a value that will come from a variable is no mistake', async () => {
  const text = inForward('    restart: ${RESTART}\n    enabled: ${ON:-true}\n    drain: { timeout: "${DRAIN:-10}s" }')
  expect(await wrong(text)).toEqual([])
})
