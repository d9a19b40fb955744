/** No field is accepted and then ignored: each leaf of the schema changes what a file means. */
import { expect, test } from 'vitest'
import { configText } from '../../src/file/config-text.ts'
import { fieldsOf } from '../../src/file/fields.ts'
import { loadBytes } from '../../src/file/load.ts'
import * as shape from '../../src/file/shape.ts'

/** What a file does, is planned to do, or is shown to do. */
function meaning(text: string): string {
  const others = { 'g.yaml': 'forwards: { z: "svc/z ${V:-9000}" }', 'v.env': 'V=9001' }
  const loaded = loadBytes('f.yaml', new TextEncoder().encode(text), { directory: '/home/dev/shop', flags: {}, others, approves: () => true })
  if (loaded.kind === 'rejected') return loaded.problems.map(({ code, message }) => `${code} ${message}`).join('\n')
  return [
    configText(loaded.project, { redact: (value) => value, marked: (value) => value }),
    ...(loaded.project.profiles ?? []),
    ...loaded.risks,
    loaded.project.forwards.map((forward) => forward.protected).join(),
  ].join('\n')
}

const common = (field: string): readonly [string, string] => [
  'clusters: { dev: { context: kind } }\nforwards: { a: { target: svc/a, ports: [8080] } }',
  `clusters: { dev: { context: kind } }\nforwards: { a: { target: svc/a, ports: [8080], ${field} } }`,
]
const top = (field: string): readonly [string, string] => ['forwards: { a: "svc/a ${V:-8080}" }', `${field}\nforwards: { a: "svc/a \${V:-8080}" }`]
const alias = (field: string): readonly [string, string] => [
  'cluster: dev\nclusters: { dev: { x-no: 1 } }\nforwards: { a: svc/a 8080 }',
  `cluster: dev\nclusters: { dev: { ${field} } }\nforwards: { a: svc/a 8080 }`,
]
const include = (field: string): readonly [string, string] => [
  'include: [{ path: g.yaml }]\nforwards: {}',
  `include: [{ path: g.yaml, ${field} }]\nforwards: {}`,
]
const port = (field: string, without = ''): readonly [string, string] => [
  `forwards: { a: { target: svc/a, ports: [{ localPort: 8080, ${without || 'remotePort: 80'} }] } }`,
  `forwards: { a: { target: svc/a, ports: [{ localPort: 8080, ${field} }] } }`,
]
const target = (more: string): readonly [string, string] => [
  'forwards: { a: { target: { name: a }, ports: [8080] } }',
  `forwards: { a: { target: { ${more} }, ports: [8080] } }`,
]

/** Fields that a forward and `defaults` share. */
const shared: Readonly<Record<string, string>> = {
  cluster: 'cluster: dev',
  context: 'context: c',
  kubeconfig: 'kubeconfig: k',
  namespace: 'namespace: n',
  as: 'as: me',
  asGroups: 'as: me, asGroups: [g]',
  addresses: 'addresses: [127.0.0.9]',
  'transport.mode': 'transport: { mode: spdy }',
  'transport.pingInterval': 'transport: { pingInterval: 1s }',
  'hold.timeout': 'hold: { timeout: 1s }',
  'hold.window': 'hold: { window: 1s }',
  'hold.maxConnections': 'hold: { maxConnections: 1 }',
  'drain.timeout': 'drain: { timeout: 1s }',
  'backoff.initial': 'backoff: { initial: 1s }',
  'backoff.factor': 'backoff: { factor: 3 }',
  'backoff.max': 'backoff: { max: 1s }',
  'backoff.jitter': 'backoff: { jitter: 0 }',
  'backoff.resetAfter': 'backoff: { resetAfter: 1s }',
  restart: 'restart: no',
  'timeouts.dial': 'timeouts: { dial: 1s }',
  'timeouts.stream': 'timeouts: { stream: 1s }',
  'timeouts.halfClose': 'timeouts: { halfClose: 1s }',
  'limits.maxConnections': 'limits: { maxConnections: 1 }',
  'pods.requireReady': 'pods: { requireReady: false }',
  protected: 'protected: true',
  enabled: 'enabled: false',
}

/** Leaf -> a file without it, and the same with it. */
const samples: Readonly<Record<string, readonly [string, string]>> = {
  apiVersion: top('apiVersion: kpf/v2'),
  name: top('name: other'),
  description: top('description: other'),
  context: top('context: c'),
  cluster: [
    'clusters: { dev: { context: kind } }\nforwards: { a: svc/a 8080 }',
    'cluster: dev\nclusters: { dev: { context: kind } }\nforwards: { a: svc/a 8080 }',
  ],
  kubeconfig: top('kubeconfig: k'),
  namespace: top('namespace: n'),
  'include[].path': ['forwards: {}', 'include: [{ path: g.yaml }]\nforwards: {}'],
  'include[].prefix': include('prefix: p'),
  'include[].envFile': include('envFile: v.env'),
  'include[].profiles': include('profiles: [p]'),
  envFile: top('envFile: v.env'),
  vars: top('vars: { V: 8081 }'),
  'clusters.*.kubeconfig': alias('kubeconfig: k'),
  'clusters.*.context': alias('context: c'),
  'clusters.*.namespace': alias('namespace: n'),
  'clusters.*.as': alias('as: me'),
  'clusters.*.asGroups': ['cluster: dev\nclusters: { dev: { as: me } }\nforwards: { a: svc/a 8080 }', alias('as: me, asGroups: [g]')[1]],
  'clusters.*.protected': alias('protected: true'),
  'clusters.*.expect.server': alias('expect: { server: "https://x" }'),
  ...Object.fromEntries(Object.entries(shared).map(([path, field]) => [`forwards.*.${path}`, common(field)])),
  ...Object.fromEntries(
    Object.entries(shared).map(([path, field]) => [`defaults.${path}`, [common('x-no: 1')[1], `defaults: { ${field} }\n${common('x-no: 1')[1]}`] as const]),
  ),
  'forwards.*.target.kind': target('name: a, kind: service'),
  'forwards.*.target.name': target('name: b'),
  'forwards.*.target.labelSelector': target('labelSelector: a=b'),
  'forwards.*.target.container': target('name: a, container: c'),
  'forwards.*.ports[].name': port('remotePort: 80, name: x'),
  'forwards.*.ports[].localPort': port('remotePort: 80', 'remotePort: 80, localPort: 8081').toReversed() as unknown as readonly [string, string],
  'forwards.*.ports[].remotePort': port('remotePort: 81'),
  'forwards.*.ports[].containerPort': port('containerPort: 80'),
  'forwards.*.ports[].appProtocol': port('remotePort: 80, appProtocol: http'),
  'forwards.*.ports[].addresses': port('remotePort: 80, addresses: [127.0.0.9]'),
  'forwards.*.ports[].primary': port('remotePort: 80, primary: true'),
  'forwards.*.ports[].onConflict': port('remotePort: 80, onConflict: fail'),
  'forwards.*.description': common('description: d'),
  'forwards.*.profiles': common('profiles: [p]'),
  'forwards.*.dependsOn': [
    'forwards: { b: svc/b 8081, a: { target: svc/a, ports: [8080] } }',
    'forwards: { b: svc/b 8081, a: { target: svc/a, ports: [8080], dependsOn: [b] } }',
  ],
  'forwards.*.links': common('links: { home: "$(a.url)" }'),
  exports: top('exports: { A: "$(a.port)" }'),
  'settings.concurrency': top('settings: { concurrency: 1 }'),
  'settings.portRange': top('settings: { portRange: 2000-3000 }'),
  'settings.watch.debounce': top('settings: { watch: { debounce: 1s } }'),
}

const leaves = fieldsOf(shape.file())
  .filter(({ hasInner }) => !hasInner)
  .map(({ path }) => path)

test('every leaf of the schema has a sample, and no sample is of another language', () => {
  expect(Object.keys(samples).toSorted()).toEqual(leaves.toSorted())
})

test.each(Object.entries(samples))('%s changes what a file means', (_path, [without, with_]) => {
  expect(meaning(with_)).not.toBe(meaning(without))
})

test('every field has a meaning for people', () => {
  expect(fieldsOf(shape.file()).filter(({ meaning: words }) => words === '')).toEqual([])
})
