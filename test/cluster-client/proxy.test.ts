import { readdirSync, readFileSync } from 'node:fs'
import { createServer as createHttps } from 'node:https'
import { createServer as createTcp, type Socket } from 'node:net'
import { once } from 'node:events'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import type { DialPhase } from '../../src/tunnel/dialer.ts'
import type { Cluster } from '../../src/cluster/cluster-api.ts'
import { advanceUntil, closing, json, LoopbackServer, until } from './loopback-server.ts'
import { httpProxy, socksProxy } from './proxies.ts'
import { World } from './world.ts'

let pki: { cert: string; private: string }
beforeAll(async () => {
  const altNames = [
    { type: 2 as const, value: 'k8s.test' },
    { type: 7 as const, ip: '127.0.0.1' },
  ]
  pki = await generate([{ name: 'commonName', value: 'k8s.test' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  })
})

async function tlsServer(): Promise<LoopbackServer> {
  const server = await LoopbackServer.start(createHttps({ cert: pki.cert, key: pki.private }))
  server.answer = (_request, response) => json(response, 200, { major: '1' })
  return server
}

/** A world whose server has a name that exists behind a proxy only. */
function behind(cluster: object, env: Record<string, string> = {}): World {
  return new World('https://k8s.test:6443', { cluster: { 'certificate-authority-data': Buffer.from(pki.cert).toString('base64'), ...cluster }, env })
}

async function version(cluster: Cluster, onPhase?: (phase: DialPhase) => void): Promise<string> {
  const answer = await cluster.request({ method: 'GET', path: '/version', onPhase, signal: new AbortController().signal })
  return answer.kind === 'failure' ? `${answer.code}: ${answer.message} (${answer.hint ?? ''})` : JSON.stringify(answer.value)
}

test('requests go through the proxy of the environment, and each step is told', async () => {
  const server = await tlsServer()
  const proxy = await httpProxy(() => server.port)
  const phases: DialPhase[] = []
  const cluster = await behind({}, { HTTPS_PROXY: `http://me:s3cr3t@127.0.0.1:${proxy.port}` }).open()
  expect(await version(cluster, (phase) => phases.push(phase))).toBe('{"major":"1"}')
  expect(proxy.asked).toEqual([`CONNECT k8s.test:6443 Basic ${Buffer.from('me:s3cr3t').toString('base64')}`])
  expect(phases).toMatchObject([
    { kind: 'credential' },
    { kind: 'tcp', address: '127.0.0.1', port: proxy.port },
    { kind: 'proxy', url: `http://127.0.0.1:${proxy.port}`, proxy: 'http' },
    { kind: 'tls', serverName: 'k8s.test', verified: true },
    { kind: 'request' },
    { kind: 'answer', status: 200 },
  ])
  expect(JSON.stringify(phases)).not.toContain('s3cr3t')
  expect(await version(cluster)).toBe('{"major":"1"}')
  expect(proxy.asked).toHaveLength(1)
})

test('a tunnel goes through the proxy as a request does', async () => {
  const server = await tlsServer()
  server.upgrade = (_request, socket) =>
    void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n')
  const proxy = await socksProxy(() => server.port)
  const cluster = await behind({ 'proxy-url': `socks5://127.0.0.1:${proxy.port}` }).open()
  const upgraded = await cluster.dialer.open({
    pod: { namespace: 'shop', name: 'api-1', uid: 'u' },
    transport: 'spdy',
    signal: new AbortController().signal,
  })
  if (upgraded.kind === 'upgraded') closing({ close: () => upgraded.socket.destroy() })
  expect(upgraded.kind).toBe('upgraded')
  // The name is left to the proxy, as Go leaves it.
  expect(proxy.asked).toEqual(['1 k8s.test:6443'])
})

test('a proxy over TLS is verified by the cluster’s authority or the machine’s', async () => {
  const server = await tlsServer()
  const proxy = await httpProxy(() => server.port, undefined, createHttps({ cert: pki.cert, key: pki.private }))
  const url = { 'proxy-url': `https://127.0.0.1:${proxy.port}` }
  expect(await version(await behind(url).open())).toBe('{"major":"1"}')
  const untrusted = await behind({ ...url, 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true }).open()
  expect(await version(untrusted)).toMatch(/^KPF_PROXY_UNREACHABLE: the proxy https:.* of proxy-url cannot be used \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
})

test('plain http and SOCKS with a password pass', async () => {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => json(response, 200, { major: '1' })
  const http = await httpProxy(() => server.port)
  const url = `http://127.0.0.1:${server.port}`
  expect(await version(await new World(url, { cluster: { 'proxy-url': `http://127.0.0.1:${http.port}` } }).open())).toBe('{"major":"1"}')
  expect(http.asked).toEqual([`CONNECT 127.0.0.1:${server.port} nobody`])
  const socks = await socksProxy(() => server.port, { login: 'me:pass' })
  expect(await version(await new World(url, { cluster: { 'proxy-url': `socks5h://me:pass@127.0.0.1:${socks.port}` } }).open())).toBe('{"major":"1"}')
  expect(socks.asked).toEqual([`1 127.0.0.1:${server.port}`])
})

test.each<[string, RegExp]>([
  [
    '407 Proxy Authentication Required',
    /^KPF_PROXY_AUTH: the proxy http:\/\/127.0.0.1:\d+ of HTTPS_PROXY wants .* \(407 Proxy Authentication Required\) \(write them into/,
  ],
  ['403 Forbidden \u001b[2J', /^KPF_PROXY_REFUSED: .* does not let us through to k8s.test:6443 \(403 Forbidden/],
  ['502 Bad Gateway', /^KPF_PROXY_GATEWAY: .* cannot reach k8s.test:6443 \(502 Bad Gateway\)/],
  ['504 Gateway Timeout', /^KPF_PROXY_GATEWAY: /],
  ['400 Bad Request', /^KPF_PROXY_REFUSED: /],
])('a proxy that answers %s is named', async (answer, expected) => {
  const proxy = await httpProxy(() => 1, answer)
  const told = await version(await behind({}, { HTTPS_PROXY: `http://me:s3cr3t@127.0.0.1:${proxy.port}` }).open())
  expect(told).toMatch(expected)
  // oxlint-disable-next-line no-control-regex -- what may not be there
  expect(told).not.toMatch(/s3cr3t|\u001b/)
})

test.each<[object, string, RegExp]>([
  [{ login: 'me:pass' }, 'me:wrong@', /^KPF_PROXY_AUTH: .*others than it was given/],
  [{ login: 'me:pass' }, '', /^KPF_PROXY_AUTH: .*wants a user and a password \(/],
  [{ reply: 2 }, '', /^KPF_PROXY_REFUSED: /],
  [{ reply: 5 }, '', /^KPF_PROXY_GATEWAY: /],
])('a SOCKS proxy of %j asked as %j is named', async (options, login, expected) => {
  const proxy = await socksProxy(() => 1, options)
  expect(await version(await behind({ 'proxy-url': `socks5://${login}127.0.0.1:${proxy.port}` }).open())).toMatch(expected)
})

test('a proxy that is not there, breaks off, or says nothing is told apart from the cluster', async () => {
  const held: Socket[] = []
  const silent = closing(createTcp((socket) => held.push(socket.on('error', () => {}))))
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  closing({ close: () => held.forEach((socket) => socket.destroy()) })
  const address = silent.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const world = behind({ 'proxy-url': `http://127.0.0.1:${port}` })
  const waiting = version(await world.open())
  await until(() => held.length === 1)
  // The request for JSON itself has 10 s: a tunnel would hear of the proxy.
  await advanceUntil(world.clock, 1_000, () => world.clock.now() >= 11_000)
  expect(await waiting).toMatch(/^KPF_(PROXY_UNREACHABLE|CLUSTER_TIMEOUT): /)
  const broken = version(await behind({ 'proxy-url': `socks5://127.0.0.1:${port}` }).open())
  await until(() => held.length === 2)
  held[1]?.destroy()
  expect(await broken).toMatch(/^KPF_PROXY_UNREACHABLE: /)
  silent.close()
  held[0]?.destroy()
  expect(await version(await behind({ 'proxy-url': `http://127.0.0.1:${port}` }).open())).toMatch(
    /^KPF_PROXY_UNREACHABLE: .*\(ECONNREFUSED\) \(check the proxy, or proxy-url\)/,
  )
})

test('a proxy of an unknown kind is a mistake that is told at once', async () => {
  const opened = await behind({ 'proxy-url': 'ftp://me:s3cr3t@p' }).clusters.open({})
  expect(opened).toMatchObject({ code: 'KPF_PROXY_URL', message: 'proxy-url names a proxy of an unknown kind, ftp:' })
})

test('what a proxy or an issuer needs is read when there is one', () => {
  const directory = new URL('../../src/cluster/', import.meta.url)
  const found = readdirSync(directory).flatMap((file) =>
    [...readFileSync(new URL(file, directory), 'utf8').matchAll(/^import (?!type)[^\n]*? from '(socks|\.\/proxy-connect\.ts|\.\/oidc-issuer\.ts)'/gm)].map(
      ([, from]) => `${file} imports ${from}`,
    ),
  )
  expect(found).toEqual([])
})
