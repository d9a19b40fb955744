/** What a file means: layers, aliases, endpoints, names, and who has to be asked. */
import { expect, test } from 'vitest'
import type { Forward, Project } from '../../src/file/forward.ts'
import { load, loadBytes } from '../../src/file/load.ts'
import type { Flags } from '../../src/file/entry.ts'
import type { FileRead } from '../../src/system/files.ts'
import { problemsText } from '../../src/output/problem-text.ts'

const around = { directory: '/home/dev/My Shop', flags: {} }

function project(text: string, flags: Flags = {}): Project {
  const loaded = loadBytes('f.yaml', new TextEncoder().encode(text), { ...around, flags })
  if (loaded.kind === 'loaded') return loaded.project
  throw new Error(problemsText(loaded.problems, { isAll: true }))
}

function only(text: string, flags: Flags = {}): Forward {
  const [forward] = project(text, flags).forwards
  if (forward === undefined) throw new Error('no forward')
  return forward
}

function rejected(text: string): { codes: readonly string[]; needsApproval: boolean } {
  const loaded = loadBytes('f.yaml', new TextEncoder().encode(text), around)
  if (loaded.kind === 'loaded') return { codes: [], needsApproval: false }
  return { codes: loaded.problems.map(({ line, column, code }) => `${line}:${column} ${code}`), needsApproval: loaded.needsApproval }
}

test('what is not said is as the documents say', () => {
  const { name, position, ...rest } = only('forwards:\n  api: svc/api 8080:http\n')
  expect({ name, position }).toEqual({ name: 'api', position: { file: 'f.yaml', line: 2, column: 3 } })
  expect(rest).toEqual({
    access: {},
    target: { kind: 'service', name: 'api' },
    ports: [
      {
        localPort: 8080,
        remotePort: 'http',
        meaning: 'target',
        addresses: [
          { address: '127.0.0.1', ifPresent: false },
          { address: '::1', ifPresent: true },
        ],
      },
    ],
    enabled: true,
    requireReady: true,
    transport: { mode: 'auto', pingIntervalMs: 10_000 },
    hold: { timeoutMs: 10_000, windowMs: 30_000, maxConnections: 64 },
    drainTimeoutMs: 30_000,
    backoff: { initialMs: 200, factor: 2, maxMs: 15_000, jitter: 0.5, resetAfterMs: 30_000 },
    restart: { kind: 'always' },
    timeouts: { dialMs: 15_000, streamMs: 10_000, halfCloseMs: 10_000 },
    maxConnections: 512,
  })
})

test('the project has the name of its directory, made a label, and the documented settings', () => {
  expect(project('forwards: {}')).toEqual({ name: 'my-shop', forwards: [], settings: { concurrency: 8, watchDebounceMs: 100 } })
  expect(project('name: shop\ndescription: d\nforwards: {}\nsettings: { concurrency: 2, watch: { debounce: 1s } }')).toEqual({
    name: 'shop',
    description: 'd',
    forwards: [],
    settings: { concurrency: 2, watchDebounceMs: 1_000 },
  })
})

test('a forward wins over defaults, field by field inside the groups', () => {
  const forward = only(`
defaults: { hold: { timeout: 1s, window: 2s }, drain: { timeout: 1s }, restart: no, enabled: false, backoff: { factor: 3 }, limits: { maxConnections: 5 } }
forwards: { a: { target: svc/a, ports: [8080], drain: { timeout: 9s }, restart: on-failure:3, backoff: { initial: 1s }, timeouts: { dial: 1s } } }
`)
  expect(forward).toMatchObject({
    drainTimeoutMs: 9_000,
    restart: { kind: 'on-failure', limit: 3 },
    enabled: false,
    hold: { timeoutMs: 1_000, windowMs: 2_000 },
    backoff: { factor: 3, initialMs: 1_000 },
    timeouts: { dialMs: 1_000, streamMs: 10_000 },
    maxConnections: 5,
  })
})

test('`hold: off` of a forward turns the hold of defaults off', () => {
  expect(only('defaults: { hold: { timeout: 1s } }\nforwards: { a: { target: svc/a, ports: [8080], hold: off } }').hold.maxConnections).toBe(0)
})

test('a forward that says a part of hold keeps the rest of defaults', () => {
  expect(only('defaults: { hold: { maxConnections: 5 } }\nforwards: { a: { target: svc/a, ports: [8080], hold: { timeout: 1s } } }').hold).toEqual({
    timeoutMs: 1_000,
    windowMs: 30_000,
    maxConnections: 5,
  })
})

test('a forward that names a transport keeps the ping of defaults', () => {
  expect(only('defaults: { transport: { pingInterval: 3s } }\nforwards: { a: { target: svc/a, ports: [8080], transport: spdy } }').transport).toEqual({
    mode: 'spdy',
    pingIntervalMs: 3_000,
  })
})

test('only `pod/` takes pods that are not ready, unless told otherwise', () => {
  const ready = (target: string, more = ''): boolean => only(`forwards: { a: { target: ${target}, ports: [8080]${more} } }`).requireReady
  expect([
    ready('svc/a'),
    ready('pod/a'),
    ready('a'),
    ready('pod/a', ', pods: { requireReady: true }'),
    ready('svc/a', ', pods: { requireReady: false }'),
  ]).toEqual([true, false, false, true, false])
})

test.each([
  ['namespace: top\nforwards: { a: svc/a 8080 }', {}, { namespace: 'top' }],
  ['namespace: top\ndefaults: { namespace: d }\nforwards: { a: svc/a 8080 }', {}, { namespace: 'd' }],
  ['namespace: top\ndefaults: { namespace: d }\nforwards: { a: -n own svc/a 8080 }', {}, { namespace: 'own' }],
  [
    'forwards: { a: -n own --context c svc/a 8080 }',
    { namespace: 'flag', context: 'x', kubeconfig: '/k' },
    { namespace: 'flag', context: 'x', kubeconfig: '/k' },
  ],
  ['context: top\nforwards: { a: { target: svc/a, ports: [8080], context: own } }', {}, { context: 'own' }],
  ['cluster: dev\nclusters: { dev: { context: kind, namespace: shop } }\nforwards: { a: svc/a 8080 }', {}, { context: 'kind', namespace: 'shop' }],
  ['cluster: dev\nclusters: { dev: { context: kind, namespace: shop } }\nforwards: { a: -n own svc/a 8080 }', {}, { context: 'kind', namespace: 'own' }],
  ['cluster: dev\nnamespace: top\nclusters: { dev: { namespace: shop } }\nforwards: { a: svc/a 8080 }', {}, { namespace: 'shop' }],
  ['cluster: dev\nclusters: { dev: { context: kind } }\nforwards: { a: --context mine svc/a 8080 }', {}, { context: 'mine' }],
  ['context: top\nclusters: { dev: { namespace: shop } }\nforwards: { a: --cluster dev svc/a 8080 }', {}, { namespace: 'shop' }],
  ['cluster: dev\nclusters: { dev: { context: kind } }\nforwards: { a: svc/a 8080 }', { context: 'flag' }, { context: 'flag' }],
  ['cluster: dev\nclusters: { dev: { as: me, asGroups: [a, b] } }\nforwards: { a: svc/a 8080 }', {}, { as: 'me', asGroups: ['a', 'b'] }],
  ['cluster: dev\nclusters: { dev: { as: me, asGroups: [a] } }\ndefaults: { as: other }\nforwards: { a: svc/a 8080 }', {}, { as: 'other' }],
  ['defaults: { as: other, asGroups: [b] }\nforwards: { a: { target: svc/a, ports: [8080], as: own, asGroups: [c] } }', {}, { as: 'own', asGroups: ['c'] }],
  ['defaults: { as: me, asGroups: [a] }\nforwards: { a: -n own svc/a 8080 }', {}, { namespace: 'own', as: 'me', asGroups: ['a'] }],
])('%s with flags %j means %j', (text, flags, access) => {
  expect(only(text, flags).access).toEqual(access)
})

test.each([
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['localhost', '::1', true],
  ['127.0.0.1', '::1', false],
  ['0.0.0.0', '127.0.0.9', true],
  ['127.0.0.9', '0.0.0.0', true],
  ['0.0.0.0', '::1', false],
  ['::', '127.0.0.9', true],
  ['127.0.0.9', '::', true],
  ['::', '0.0.0.0', true],
  ['::1', '::', true],
])('%s and %s on one port overlap: %s', (first, second, doOverlap) => {
  const { codes } = rejected(
    `forwards:\n  a: { target: svc/a, ports: [8080], addresses: ["${first}"] }\n  b: { target: svc/b, ports: [8080], addresses: ["${second}"] }\n`,
  )
  expect(codes.filter((code) => code.endsWith('KPF_PORT_TAKEN'))).toEqual(doOverlap ? ['3:31 KPF_PORT_TAKEN'] : [])
})

test('a forward that is not enabled takes no port, one forward cannot take one twice', () => {
  expect(rejected('forwards:\n  a: { target: svc/a, ports: [8080], enabled: false }\n  b: svc/b 8080\n').codes).toEqual([])
  expect(rejected('forwards:\n  a: svc/a 8080 8080:81\n').codes).toEqual(['2:17 KPF_PORT_TAKEN'])
})

test('approval is asked only when nothing else is wrong', () => {
  expect(rejected('forwards: { a: svc/a 80 }')).toEqual({ codes: ['1:22 KPF_APPROVAL'], needsApproval: true })
  expect(rejected('forwards: { a: svc/a 80, b: svcs/b 8080 }')).toEqual({ codes: ['1:22 KPF_APPROVAL', '1:29 KPF_TARGET'], needsApproval: false })
  expect(rejected('forwards: { a: { target: svc/a, ports: [1024], addresses: [127.9.9.9, "::1"] } }').codes).toEqual([])
})

test('all that is risky is approved together, in words', () => {
  const text = `
kubeconfig: k
forwards:
  a: --address 0.0.0.0,127.0.0.2 svc/a 80:80
  b: { target: svc/b, ports: ["[::]:8081:80"], kubeconfig: /abs/k }
`
  const { risks } = loadBytes('f.yaml', new TextEncoder().encode(text), around)
  expect(risks).toEqual([
    'listen on 0.0.0.0:80 for "a", which others can reach',
    'listen on 127.0.0.2:80 for "a", a port below 1024',
    'listen on [::]:8081 for "b", which others can reach',
    'use the kubeconfig /abs/k, which can run programs',
    'use the kubeconfig /home/dev/My Shop/k, which can run programs',
  ])
  const asked: (readonly string[])[] = []
  const approves = (all: readonly string[]): boolean => asked.push(all) > 0
  expect(loadBytes('f.yaml', new TextEncoder().encode(text), { ...around, approves }).kind).toBe('loaded')
  expect(asked).toEqual([risks])
  const wrong = loadBytes('f.yaml', new TextEncoder().encode(`${text}  c: svcs/c 8082\n`), { ...around, approves })
  expect(wrong.kind === 'rejected' && wrong.problems.map(({ code }) => code)).toEqual(['KPF_TARGET'])
})

test('a forward is protected when its cluster is, unless it says otherwise itself', () => {
  const text = `
cluster: prod
clusters: { prod: { context: p, protected: true, expect: { server: "https://10.0.0.1:6443" } } }
forwards:
  a: svc/a 8080
  b: { target: svc/b, ports: [8081], protected: false }
  c: --context kind svc/c 8082
`
  expect(project(text).forwards.map((forward) => [forward.protected, forward.access])).toEqual([
    [true, { context: 'p', expectServer: 'https://10.0.0.1:6443' }],
    [undefined, { context: 'p', expectServer: 'https://10.0.0.1:6443' }],
    [undefined, { context: 'kind' }],
  ])
})

test('too many ports or addresses are refused before they cost time', () => {
  const ports = Array.from({ length: 257 }, (_, index) => 2000 + index)
  expect(rejected(`forwards: { a: svc/a ${ports.join(' ')} }`).codes).toEqual(['1:1302 KPF_PORT'])
  expect(rejected(`forwards: { a: { target: svc/a, ports: [${ports.join(', ')}] } }`).codes).toEqual(['1:33 KPF_PORT'])
  expect(rejected(`forwards: { a: "--address ${Array(17).fill('127.0.0.1').join(',')} svc/a 8080" }`).codes).toEqual(['1:27 KPF_ADDRESS'])
  const line = `svc/a ${ports.slice(1).join(' ')}`
  const many = `x-line: &line ${line}\nforwards:\n${Array.from({ length: 2_000 }, (_, index) => `  f${index}: *line\n`).join('')}`
  expect(rejected(many).codes).toEqual(['2:1 KPF_YAML_LIMIT'])
})

test('a file that cannot be read is a problem too', async () => {
  const bytes = new TextEncoder().encode('forwards: {}')
  const codes = async (answer: FileRead): Promise<readonly string[]> => {
    const files = { read: async (path: string) => (path.endsWith('forwards.yaml') ? answer : ({ kind: 'missing' } as const)) }
    const { loaded } = await load([{ path: '/home/dev/shop/forwards.yaml', shownAs: 'forwards.yaml' }], { cwd: '/', flags: {} }, { files })
    return loaded.kind === 'loaded' ? [] : loaded.problems.map(({ code }) => code)
  }
  expect(await codes({ kind: 'read', bytes })).toEqual([])
  expect(await codes({ kind: 'missing' })).toEqual(['KPF_FILE_MISSING'])
  expect(await codes({ kind: 'not-a-file', what: 'directory' })).toEqual(['KPF_FILE_KIND'])
  expect(await codes({ kind: 'too-large', bytes: 9_999_999 })).toEqual(['KPF_FILE_SIZE'])
  expect(await codes({ kind: 'refused', errno: 'EACCES' })).toEqual(['KPF_FILE_UNREADABLE'])
})
