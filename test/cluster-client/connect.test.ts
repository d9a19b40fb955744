import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { connect, createServer as createTcp, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import { connectionFailure } from '../../src/cluster/failure.ts'
import { race, within } from '../../src/cluster/sockets.ts'
import type { DialPhase } from '../../src/tunnel/dialer.ts'
import { HandClock } from '../fake/clock.ts'
import { closing, json, LoopbackServer } from './loopback-server.ts'
import { World } from './world.ts'

let pki: { cert: string; private: string }
beforeAll(async () => {
  pki = await generate([{ name: 'commonName', value: 'k8s' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: 'k8s.test' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
})

const authority = (): object => ({ 'certificate-authority-data': Buffer.from(pki.cert).toString('base64') })

async function get(world: World, onPhase?: (phase: DialPhase) => void): Promise<string> {
  const cluster = await world.open()
  const answer = await cluster.request({ method: 'GET', path: '/version', onPhase, signal: new AbortController().signal })
  return answer.kind === 'failure' ? `${answer.code}: ${answer.message}` : answer.kind
}

test('each step has a time of its own, and a failure names the step', async () => {
  const clock = new HandClock()
  const socket = new Socket()
  const waiting = within(socket, { name: 'the TCP connection', limitMs: 5_000, done: 'connect' }, { clock, signal: new AbortController().signal })
  const told = waiting.catch((error: unknown) => connectionFailure(error, 'k8s:6443'))
  await clock.advance(4_999)
  expect(socket.destroyed).toBe(false)
  await clock.advance(1)
  expect(await told).toMatchObject({
    code: 'KPF_CLUSTER_TIMEOUT',
    message: 'k8s:6443 did not answer in time: the TCP connection took more than 5 s',
  })
  expect(socket.destroyed).toBe(true)
})

test('a step that nobody waits for any more leaves no socket and no timer', async () => {
  const clock = new HandClock()
  const socket = new Socket()
  const aborting = new AbortController()
  const waiting = within(socket, { name: 'x', limitMs: 5_000, done: 'connect' }, { clock, signal: aborting.signal })
  aborting.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' })
  expect(socket.destroyed).toBe(true)
  expect(clock.waiting).toBe(0)
})

async function listener(): Promise<{ port: number; sockets: () => number }> {
  const sockets = new Set<Socket>()
  const server = closing(createTcp((socket) => sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, sockets: () => sockets.size }
}

test('an address that says nothing costs 250 ms, and is not given up meanwhile', async () => {
  const clock = new HandClock()
  const { port } = await listener()
  const asked: string[] = []
  const far = new Socket()
  const open = (address: string): Socket => {
    asked.push(address)
    return address === 'far' ? far : connect(port, '127.0.0.1')
  }
  const racing = race(['far', 'near'], open, { clock, signal: new AbortController().signal })
  await clock.advance(249)
  expect(asked).toEqual(['far'])
  await clock.advance(1)
  expect(asked).toEqual(['far', 'near'])
  const winner = await racing
  closing({ close: () => winner.destroy() })
  expect(winner.remotePort).toBe(port)
  expect(far.destroyed).toBe(true)
  expect(clock.waiting).toBe(0)
})

test('a slow server is reached though its other address fails', async () => {
  const clock = new HandClock()
  const { port } = await listener()
  const slow = new Socket()
  const open = (address: string): Socket => (address === 'slow' ? slow : connect(1, '127.0.0.1'))
  const racing = race(['slow', 'refused'], open, { clock, signal: new AbortController().signal })
  await clock.advance(250)
  slow.connect(port, '127.0.0.1')
  expect(await racing).toBe(slow)
  slow.destroy()
})

test('an address that fails is followed by the next at once, and the first error speaks when all fail', async () => {
  const clock = new HandClock()
  const { port } = await listener()
  const socket = await race(['1', `${port}`], (address) => connect(Number(address), '127.0.0.1'), { clock, signal: new AbortController().signal })
  expect(socket.remotePort).toBe(port)
  socket.destroy()
  const failing = race(['1', '2'], (address) => connect(Number(address), '127.0.0.1'), { clock, signal: new AbortController().signal })
  const told = await failing.catch((error: unknown) => connectionFailure(error, 'k8s:6443'))
  expect(told).toMatchObject({ message: 'cluster unreachable (ECONNREFUSED k8s:6443)' })
  expect(clock.waiting).toBe(0)
})

test('a race that takes too long, or that nobody waits for, leaves nothing', async () => {
  const clock = new HandClock()
  const tried: Socket[] = []
  const open = (): Socket => {
    const socket = new Socket()
    tried.push(socket)
    return socket
  }
  const late = race(['a', 'b', 'c'], open, { clock, signal: new AbortController().signal }).catch((error: unknown) => connectionFailure(error, 'k8s:6443'))
  await clock.advance(5_000)
  expect(await late).toMatchObject({ message: 'k8s:6443 did not answer in time: the TCP connection took more than 5 s' })
  const aborting = new AbortController()
  const aborted = race(['a', 'b'], open, { clock, signal: aborting.signal })
  aborting.abort()
  await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR' })
  expect(tried.map(({ destroyed }) => destroyed)).toEqual([true, true, true, true])
  expect(clock.waiting).toBe(0)
})

/** Whether this machine has an IPv6 loopback. */
const hasV6 = await new Promise<boolean>((resolve) => {
  const probe = createHttp()
  probe.on('error', () => resolve(false)).listen(0, '::1', () => probe.close(() => resolve(true)))
})

test.skipIf(!hasV6)('a server with an IPv6 address is reached, verified and named', async () => {
  const https = closing(createHttps({ cert: pki.cert, key: pki.private }, (_request, response) => json(response, 200, {})))
  await once(https.listen(0, '::1'), 'listening')
  const address = https.address()
  const port = typeof address === 'object' && address ? address.port : 0
  closing({ close: () => https.closeAllConnections() })
  const world = new World(`https://[::1]:${port}`, { cluster: authority() })
  const phases: DialPhase[] = []
  expect(await get(world, (phase) => phases.push(phase))).toBe('json')
  expect(phases.find(({ kind }) => kind === 'tcp')).toEqual({ kind: 'tcp', address: '::1', port })
  expect(phases.find(({ kind }) => kind === 'tls')).not.toHaveProperty('serverName')
  expect((await world.open()).server).toBe(`[::1]:${port}`)
})

test('a name goes with the handshake: the cluster’s, or tls-server-name, and none for an address', async () => {
  const asked: string[] = []
  const context = createSecureContext({ cert: pki.cert, key: pki.private })
  const https = createHttps({
    cert: pki.cert,
    key: pki.private,
    SNICallback: (name, callback) => {
      asked.push(name)
      callback(null, context)
    },
  })
  const server = await LoopbackServer.start(https)
  server.answer = (_request, response) => json(response, 200, {})
  expect(await get(new World(`https://localhost:${server.port}`, { cluster: authority() }))).toBe('json')
  expect(await get(new World(`https://127.0.0.1:${server.port}`, { cluster: { ...authority(), 'tls-server-name': 'k8s.test' } }))).toBe('json')
  expect(await get(new World(`https://127.0.0.1:${server.port}`, { cluster: authority() }))).toBe('json')
  expect(asked).toEqual(['localhost', 'k8s.test'])
})

test('kubectl proxy is a server: plain http on loopback, nobody’s credentials, nothing compressed', async () => {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => json(response, 200, {})
  expect(await get(new World(`http://127.0.0.1:${server.port}`, { user: {}, cluster: { 'disable-compression': true } }))).toBe('json')
  expect(server.headers[0]).not.toHaveProperty('authorization')
  expect(server.headers[0]).not.toHaveProperty('accept-encoding')
})

test('the machine’s own authorities are trusted where the kubeconfig names none', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kpf-store-'))
  closing({ close: () => rmSync(directory, { recursive: true }) })
  writeFileSync(join(directory, 'store.pem'), pki.cert)
  const server = await LoopbackServer.start(createHttps({ cert: pki.cert, key: pki.private }))
  const script = `
    import { connect } from 'node:tls'
    import { clusterContext } from ${JSON.stringify(new URL('../../src/cluster/authorities.ts', import.meta.url).href)}
    const socket = connect({ host: '127.0.0.1', port: ${server.port}, secureContext: clusterContext({}, undefined) })
    socket.on('secureConnect', () => { console.log('trusted'); socket.destroy() }).on('error', (error) => console.log(error.code))`
  const run = async (env: Record<string, string>): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, ...env } })
    return stdout.trim()
  }
  expect(await run({})).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
  expect(await run({ NODE_EXTRA_CA_CERTS: join(directory, 'store.pem') })).toBe('trusted')
  // OpenSSL's place for the system's store; other systems have no file to point elsewhere.
  if (process.platform === 'linux') expect(await run({ SSL_CERT_FILE: join(directory, 'store.pem') })).toBe('trusted')
})

test('a refusal by roles says what was asked, who was meant, and the rule to add', async () => {
  const server = await LoopbackServer.start()
  const message = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "shop"'
  server.answer = (_request, response) => json(response, 403, { kind: 'Status', reason: 'Forbidden', message })
  const cluster = await new World(`http://127.0.0.1:${server.port}`).open()
  const { promise, resolve } = Promise.withResolvers<object>()
  const watching = cluster.watchTarget({ namespace: 'shop', target: { kind: 'selector', labelSelector: 'a=b' } }, resolve)
  expect(await promise).toMatchObject({
    code: 'KPF_FORBIDDEN',
    message: `not allowed to list pods in namespace "shop" (${message})`,
    hint: 'ask for the rule { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] } in namespace "shop"; check: kubectl auth can-i list pods -n shop',
  })
  watching.close()
})
