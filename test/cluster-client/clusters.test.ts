import { createServer } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import type { Cluster, ClusterAccess } from '../../src/cluster/cluster-api.ts'
import { advanceUntil, closing, json, LoopbackServer, until } from './loopback-server.ts'
import { World, worldOf } from './world.ts'

let pki: { cert: string; private: string }
beforeAll(async () => {
  pki = await generate([{ name: 'commonName', value: 'k8s.test' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'k8s.test' }] },
    ],
  })
})

/** The first picture of some pods, as one line. */
async function ask(cluster: Cluster): Promise<string> {
  const seen: string[] = []
  const subscription = cluster.watchTarget({ namespace: 'shop', target: { kind: 'selector', labelSelector: 'a=b' } }, (picture) =>
    seen.push(picture.kind === 'failure' ? `${picture.code}: ${picture.message}` : picture.kind),
  )
  await until(() => seen.length > 0)
  subscription.close()
  return seen[0] ?? ''
}

async function tlsServer(): Promise<{ server: LoopbackServer; url: string; protocols: (string | false | null)[] }> {
  const protocols: (string | false | null)[] = []
  const https = createServer({ cert: pki.cert, key: pki.private, ALPNProtocols: ['h2', 'http/1.1'] })
  https.on('secureConnection', (socket: TLSSocket) => protocols.push(socket.alpnProtocol))
  const server = await LoopbackServer.start(https)
  server.answer = (_request, response) => json(response, 200, { metadata: { resourceVersion: '1' }, items: [] })
  return { server, url: `https://127.0.0.1:${server.port}`, protocols }
}

const inBase64 = (text: string): string => Buffer.from(text).toString('base64')

test('a server is trusted by its CA and its name, and HTTP/1.1 is spoken', async () => {
  const { url, protocols } = await tlsServer()
  const world = new World(url, { cluster: { 'certificate-authority-data': inBase64(pki.cert), 'tls-server-name': 'k8s.test' } })
  expect(await ask(await world.open())).toBe('seen')
  expect(new Set(protocols)).toEqual(new Set(['http/1.1']))
})

test('a CA file is read', async () => {
  const { url } = await tlsServer()
  const world = new World(url, { cluster: { 'certificate-authority': 'ca.crt', 'tls-server-name': 'k8s.test' } })
  world.files['/home/me/.kube/ca.crt'] = pki.cert
  expect(await ask(await world.open())).toBe('seen')
})

test('an unknown CA and a wrong name are refused', async () => {
  const { url } = await tlsServer()
  expect(await ask(await new World(url).open())).toMatch(/^KPF_TLS_VERIFY: .*DEPTH_ZERO_SELF_SIGNED_CERT/)
  const named = new World(url, { cluster: { 'certificate-authority-data': inBase64(pki.cert) } })
  expect(await ask(await named.open())).toMatch(/^KPF_TLS_VERIFY: .*ERR_TLS_CERT_ALTNAME_INVALID/)
})

test('verification is left out only where the kubeconfig says so, and that is said', async () => {
  const { url } = await tlsServer()
  const world = new World(url, { cluster: { 'insecure-skip-tls-verify': true } })
  expect(await ask(await world.open())).toBe('seen')
  expect(world.warnings).toHaveLength(1)
})

test.each([
  ['a CA that is none', { 'certificate-authority-data': inBase64('-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----') }, {}],
  ['a CA file that is missing', { 'certificate-authority': '/nowhere' }, {}],
  ['a key that is none', { 'insecure-skip-tls-verify': true }, { 'client-certificate-data': 'AAAA', 'client-key-data': 'AAAA' }],
  ['a certificate file that is missing', { 'insecure-skip-tls-verify': true }, { 'client-certificate': '/nowhere', 'client-key': '/nowhere' }],
])('%s is a mistake of the kubeconfig, not of the network', async (_what, cluster, user) => {
  const { url } = await tlsServer()
  expect(await ask(await new World(url, { cluster, user }).open())).toMatch(/^KPF_(KUBECONFIG|TLS_VERIFY): /)
})

test('a server that accepts and says nothing is given up after 5 s of TLS', async () => {
  const held: Socket[] = []
  const silent = closing(createTcpServer((socket) => held.push(socket.on('error', () => {}))))
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  closing({ close: () => held.forEach((socket) => socket.destroy()) })
  const address = silent.address()
  const world = new World(`https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`)
  const answer = ask(await world.open())
  await until(() => held.length === 1)
  await advanceUntil(world.clock, 1_000, () => world.clock.now() >= 6_000)
  expect(await answer).toMatch(/^KPF_CLUSTER_TIMEOUT: /)
})

test('plain http with a token leaves this machine for nobody', async () => {
  expect(await ask(await new World('http://198.51.100.1:8080').open())).toMatch(/^KPF_KUBECONFIG: .*in the clear/)
})

test('a redirect is not followed', async () => {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end()
  expect(await ask(await worldOf(server).open())).toMatch(/^KPF_CLUSTER_ERROR: .*302/)
  expect(server.asked.every((line) => !line.includes('elsewhere'))).toBe(true)
})

test('the same access gives the same cluster, and so does the name of the current context', async () => {
  const { url } = await tlsServer()
  const world = new World(url)
  const [first, second] = await Promise.all([world.clusters.open({}), world.clusters.open({ context: 'dev' })])
  expect(first).toBe(await world.clusters.open({}))
  expect(second).toBe(first)
})

test('an unknown context is tried again the next time', async () => {
  const world = new World('https://127.0.0.1:1')
  expect(await world.clusters.open({ context: 'other' })).toMatchObject({ code: 'KPF_CONTEXT_UNKNOWN' })
  expect(world.clusters.kubeconfigFiles).toEqual(['/home/me/.kube/config'])
  expect([world.clusters.filesOf({}), world.clusters.filesOf({ kubeconfig: '/other' })]).toEqual([['/home/me/.kube/config'], ['/other']])
})

test('a new token in the kubeconfig is used after a refresh, by those who have the cluster already', async () => {
  const server = await LoopbackServer.start()
  server.answer = (request, response) =>
    request.headers.authorization === 'Bearer new'
      ? json(response, 200, { metadata: { resourceVersion: '1' }, items: [] })
      : json(response, 401, { kind: 'Status' })
  const world = worldOf(server, { user: { token: 'old' } })
  const cluster = await world.open()
  expect(await ask(cluster)).toMatch(/^KPF_AUTH_REFUSED/)
  world.use(`http://127.0.0.1:${server.port}`, { user: { token: 'new' } })
  await world.clusters.refresh()
  expect(await ask(cluster)).toBe('seen')
})

test('a context that now means another server gives another cluster after a refresh', async () => {
  const world = new World('https://127.0.0.1:1')
  const before = await world.open()
  world.use('https://127.0.0.1:2')
  await world.clusters.refresh()
  expect((await world.open()).server).toBe('127.0.0.1:2')
  expect(before.server).toBe('127.0.0.1:1')
})

test('the transport that worked is remembered for an hour', async () => {
  const world = new World('https://127.0.0.1:1')
  const { transports } = await world.open()
  expect(transports.recall()).toBeUndefined()
  transports.remember('spdy')
  await world.clock.advance(3_599_000)
  expect(transports.recall()).toBe('spdy')
  await world.clock.advance(2_000)
  expect(transports.recall()).toBeUndefined()
})

test('a context that leads elsewhere than expected is a failure for whoever opens it; another spelling of the URL is the same server', async () => {
  const { clusters } = new World('https://127.0.0.1:1/k8s')
  const opened = async (expectServer: string): Promise<string> => {
    const cluster = await clusters.open({ expectServer })
    return 'code' in cluster ? `${cluster.code} ${cluster.message}` : cluster.contextName
  }
  expect(await opened('https://127.0.0.1:2')).toBe(
    'KPF_CLUSTER_UNEXPECTED context "dev" leads to https://127.0.0.1:1/k8s, and the file expects https://127.0.0.1:2',
  )
  expect(await opened('https://127.0.0.1:1')).toMatch(/^KPF_CLUSTER_UNEXPECTED/)
  expect(await opened('HTTPS://127.0.0.1:1/k8s/')).toBe('dev')
})

test('a name that a variable has set is told with it when it is wrong, and no other one', async () => {
  const origins = { context: { value: 'prod', variable: 'KPF_CONTEXT' }, kubeconfig: { value: '/nowhere', variable: 'KPF_KUBECONFIG' } }
  const { clusters } = new World('https://127.0.0.1:1', { origins })
  const hint = async (access: ClusterAccess): Promise<string | undefined> => {
    const opened = await clusters.open(access)
    return 'code' in opened ? opened.hint : 'open'
  }
  expect(await hint({ context: 'prod' })).toBe('there is "dev"; it is set by KPF_CONTEXT')
  expect(await hint({ context: 'other' })).toBe('there is "dev"')
  expect(await hint({ kubeconfig: '/nowhere', context: 'prod' })).toBe('set KUBECONFIG, or name one with --kubeconfig; it is set by KPF_KUBECONFIG')
  expect(await hint({ context: 'dev' })).toBe('open')
})
