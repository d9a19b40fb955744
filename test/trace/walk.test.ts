/** Whole traces on the sample cluster: where each ends, what is told, and that nothing stays open. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generate } from 'selfsigned'

import { type Clock, realClock } from '../../src/system/clock.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import type { Transport } from '../../src/tunnel/dialer.ts'
import { httpProxy } from '../cluster-client/proxies.ts'
import { type Kubeconfig, nothingIsOpen, startSandbox, stepsOf, walk, type WalkOptions } from './world.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

test.each<[Transport | 'auto', string]>([
  ['auto', 'websocket'],
  ['websocket', 'websocket'],
  ['spdy', 'spdy'],
])('by %s a trace gets through, and every step is told in its order', async (mode, transport) => {
  const account = await walk(sandbox, { mode })
  await nothingIsOpen(sandbox)
  expect(account).toMatchObject({ outcome: { kind: 'through' }, transport, podPort: 8080, node: 'sample-node', context: 'sample', namespace: 'shop' })
  expect(stepsOf(account)).toEqual([
    'initialization kubeconfig done',
    'access credential done',
    'access tcp done',
    'access tls done',
    'access version done',
    'access authentication done',
    'access authorization done',
    'lookup object done',
    'lookup pods done',
    // No new connection: one that a request was made on becomes the tunnel.
    'establishment upgrade done',
    'establishment ping done',
    'node stream done',
    'node node-dial done',
    'session first-byte done',
    'session close done',
  ])
})

test('a transport that the server does not take is told, and the way goes on by the next', async () => {
  const older = await startSandbox(new Set(['spdy']))
  try {
    const account = await walk(older)
    await nothingIsOpen(older)
    expect(account).toMatchObject({ outcome: { kind: 'through' }, transport: 'spdy' })
    expect(account.steps.filter(({ id }) => id === 'upgrade').map(({ result, answer, facts }) => [facts['transport'], result, answer])).toEqual([
      ['websocket', 'warned', '400'],
      ['spdy', 'done', '101 portforward.k8s.io'],
    ])
  } finally {
    await older.close()
  }
})

test('a program that waits to be asked is told as silent, and nothing is sent to it', async () => {
  const account = await walk(sandbox, { target: 'svc/queue', port: '7000', probe: 'none' })
  await nothingIsOpen(sandbox)
  expect(account.steps.at(-2)).toMatchObject({ id: 'first-byte', answer: 'silent for 250 ms, as most programs are until they are asked' })
})

/** The only user, with these fields. */
const asUser =
  (user: object) =>
  (kubeconfig: Kubeconfig): object => ({ ...kubeconfig, users: [{ name: 'sample', user }] })

const withCluster =
  (cluster: object) =>
  (kubeconfig: Kubeconfig): object => {
    const [first] = kubeconfig.clusters
    return { ...kubeconfig, clusters: [{ name: first.name, cluster: { ...first.cluster, ...cluster } }] }
  }

test('through a proxy the connection is one to the proxy, and TLS is with the server behind it', async () => {
  const proxy = await httpProxy(() => Number(new URL(sandbox.server).port))
  const account = await walk(sandbox, { change: withCluster({ 'proxy-url': `http://127.0.0.1:${proxy.port}` }) })
  await nothingIsOpen(sandbox)
  expect(account.outcome).toEqual({ kind: 'through' })
  const way = account.steps.filter(({ section, id }) => section === 'access' && ['tcp', 'proxy', 'tls'].includes(id))
  expect(way.map(({ id, to, answer }) => `${id} ${to} ${answer}`)).toEqual([
    `tcp proxy 127.0.0.1:${proxy.port}`,
    'proxy proxy connected',
    'tls server TLSv1.3, CN=kpf sample cluster',
  ])
})

interface Broken {
  readonly options: WalkOptions
  readonly section: string
  readonly step: string
  readonly code: string
}

const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', 'process.exit(3)'], interactiveMode: 'Never' }

test.each<[string, Broken]>([
  ['a port where nothing listens', { options: { target: 'deploy/web', port: '9999' }, section: 'node', step: 'node-dial', code: 'KPF_STREAM_REFUSED' }],
  ['an object that is not there', { options: { target: 'svc/nobody' }, section: 'lookup', step: 'object', code: 'KPF_OBJECT_MISSING' }],
  ['a name that no port has', { options: { port: 'admin' }, section: 'lookup', step: 'pods', code: 'KPF_PORT_UNKNOWN' }],
  [
    'a server that is not there',
    {
      options: { change: withCluster({ server: 'https://127.0.0.1:1' }) },
      section: 'access',
      step: 'tcp',
      code: 'KPF_CLUSTER_UNREACHABLE',
    },
  ],
  [
    'a name that nobody knows',
    { options: { change: withCluster({ server: 'https://kpf.invalid:6443' }) }, section: 'access', step: 'dns', code: 'KPF_CLUSTER_DNS' },
  ],
  ['a wrong token', { options: { change: asUser({ token: 'wrong' }) }, section: 'access', step: 'authentication', code: 'KPF_AUTH_REFUSED' }],
  ['a context that is not there', { options: { context: 'prod' }, section: 'initialization', step: 'kubeconfig', code: 'KPF_CONTEXT_UNKNOWN' }],
  ['a credential plugin that fails', { options: { change: asUser({ exec: plugin }) }, section: 'access', step: 'credential', code: 'KPF_AUTH_PLUGIN' }],
])('%s ends the trace where it is found', async (_name, { options, section, step, code }) => {
  const account = await walk(sandbox, options)
  await nothingIsOpen(sandbox)
  expect(account.outcome).toMatchObject({ kind: 'broken', section, step, failure: { code } })
  expect(account.steps.filter(({ result }) => result === 'failed').map(({ id }) => id)).toEqual([step])
})

test('a certificate of another authority ends the trace at the TLS handshake, and no credential is sent', async () => {
  const other = await generate([{ name: 'commonName', value: 'another authority' }])
  const change = withCluster({ 'certificate-authority-data': Buffer.from(other.cert).toString('base64') })
  const account = await walk(sandbox, { change })
  await nothingIsOpen(sandbox)
  expect(account.outcome).toMatchObject({ kind: 'broken', section: 'access', step: 'tls', failure: { code: 'KPF_TLS_VERIFY' } })
})

test('a pod that is not ready is named with its reason', async () => {
  const [podName = ''] = sandbox.workloads.podsOf('queue')
  const ready = sandbox.objects.get('pods', 'shop', podName)
  if (ready === undefined) throw new Error('the sample cluster has lost its pod')
  sandbox.objects.put('pods', { ...ready, status: { phase: 'Pending', conditions: [], containerStatuses: [] } })
  const account = await walk(sandbox, { target: 'svc/queue', port: '7000' })
  sandbox.objects.put('pods', ready)
  await nothingIsOpen(sandbox)
  expect(account.outcome).toMatchObject({ kind: 'broken', section: 'lookup', step: 'pods', failure: { code: 'KPF_NO_POD' } })
  expect(account.steps.at(-1)?.facts).toEqual({ rejected: [`${podName}: Pending`] })
})

test.each<[string, number]>([
  ['the tunnel is proven', 6_000],
  ['the stream is opened', 11_000],
  ['the program is silent', 250],
])('a trace that is stopped while %s says so, blames nobody and leaves nothing open', async (_when, waitMs) => {
  const stop = new AbortController()
  const clock: Clock = {
    ...realClock,
    sleep: (ms, signal) => {
      if (ms === waitMs) stop.abort()
      return realClock.sleep(ms, signal)
    },
  }
  const account = await walk(sandbox, { target: 'svc/queue', port: '7000', probe: 'none', signal: stop.signal, clock })
  await nothingIsOpen(sandbox)
  expect(account.outcome.kind).toBe('stopped')
  expect(account.steps.map(({ result }) => result).filter((result) => result !== 'done')).toEqual(['stopped'])
  expect(account.steps.filter(({ failure }) => failure !== undefined)).toEqual([])
})

test('a trace that is stopped before it begins asks nobody', async () => {
  const account = await walk(sandbox, { signal: AbortSignal.abort() })
  await nothingIsOpen(sandbox)
  expect(account.outcome).toEqual({ kind: 'stopped', section: 'access', step: 'tcp' })
})
