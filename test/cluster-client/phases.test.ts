import { createServer } from 'node:https'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import type { DialPhase } from '../../src/tunnel/dialer.ts'
import { json, LoopbackServer } from './loopback-server.ts'
import { World, worldOf } from './world.ts'

let pki: { cert: string; private: string }
beforeAll(async () => {
  pki = await generate([{ name: 'commonName', value: 'k8s.test' }], {
    algorithm: 'sha256',
    notBeforeDate: new Date('2026-01-01T00:00:00Z'),
    notAfterDate: new Date('2036-01-01T00:00:00Z'),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
})

const never = (): AbortSignal => new AbortController().signal

async function traced(world: World, path = '/version'): Promise<DialPhase[]> {
  const phases: DialPhase[] = []
  const cluster = await world.open()
  await cluster.request({ method: 'GET', path, onPhase: (phase) => phases.push(phase), signal: never() })
  return phases
}

test('a request over TLS tells each step as facts', async () => {
  const server = await LoopbackServer.start(createServer({ cert: pki.cert, key: pki.private }))
  server.answer = (_request, response) => json(response, 200, { major: '1' }, { 'set-cookie': 's3cr3t=1' })
  const world = new World(`https://localhost:${server.port}/base`, { cluster: { 'certificate-authority-data': Buffer.from(pki.cert).toString('base64') } })
  const phases = await traced(world, '/version?x=1')
  expect(phases.map(({ kind }) => kind)).toEqual(['credential', 'lookup', 'tcp', 'tls', 'request', 'answer'])
  expect(phases).toMatchObject([
    { credential: 'token', source: 'user "me"', tookMs: 0 },
    { host: 'localhost', addresses: expect.arrayContaining(['127.0.0.1']) },
    { address: '127.0.0.1', port: server.port },
    {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      subject: 'CN=k8s.test',
      issuer: 'CN=k8s.test',
      validToMs: Date.parse('2036-01-01T00:00:00Z'),
      serverName: 'localhost',
      resumed: false,
      verified: true,
    },
    {
      method: 'GET',
      path: '/base/version?x=1',
      headers: { authorization: 'Bearer …', host: `localhost:${server.port}`, 'user-agent': 'kpf/0.0.0' },
      reused: false,
    },
    { status: 200, headers: { 'content-type': 'application/json' } },
  ])
  expect(JSON.stringify(phases)).not.toMatch(/s3cr3t|Bearer tok/)
})

test('a connection that is used again tells no connection', async () => {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => json(response, 200, {})
  const world = worldOf(server)
  expect((await traced(world)).map(({ kind }) => kind)).toEqual(['credential', 'tcp', 'request', 'answer'])
  const again = await traced(world)
  expect(again).toMatchObject([{ kind: 'credential' }, { kind: 'request', reused: true }, { kind: 'answer' }])
})

test('a token tells its end where it says so itself, and a plugin whether it ran', async () => {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => json(response, 200, {})
  const token = `x.${Buffer.from(JSON.stringify({ exp: 1_900_000_000 })).toString('base64url')}.s3cr3t`
  expect((await traced(worldOf(server, { user: { token } })))[0]).toEqual({
    kind: 'credential',
    credential: 'token',
    source: 'user "me"',
    tookMs: 0,
    expiresMs: 1_900_000_000_000,
  })
  const apiVersion = 'client.authentication.k8s.io/v1'
  const status = { token: 'tok', expirationTimestamp: '2030-01-01T00:00:00Z' }
  const args = ['-e', `console.log('${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}')`]
  const world = worldOf(server, { user: { exec: { apiVersion, command: process.execPath, args, interactiveMode: 'Never' } } })
  const plugin = { credential: 'exec plugin', expiresMs: Date.parse('2030-01-01T00:00:00Z') }
  expect((await traced(world))[0]).toMatchObject({ ...plugin, plugin: { command: process.execPath, from: 'run' } })
  expect((await traced(world))[0]).toMatchObject({ ...plugin, plugin: { from: 'cache' } })
})

test('a name with no server behind it has been looked up all the same', async () => {
  const server = await LoopbackServer.start()
  const { port } = server
  server.close()
  expect((await traced(new World(`http://localhost:${port}`))).map(({ kind }) => kind)).toEqual(['credential', 'lookup'])
})

test('a review is posted, and its 201 read', async () => {
  const server = await LoopbackServer.start()
  const bodies: string[] = []
  server.answer = (request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    request.on('end', () => json(response, 201, { status: { allowed: true } }))
  }
  const cluster = await worldOf(server).open()
  const answer = await cluster.request({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body: { spec: {} }, signal: never() })
  expect(answer).toEqual({ kind: 'json', value: { status: { allowed: true } } })
  expect(bodies.join('')).toBe('{"spec":{}}')
  expect(server.headers[0]).toMatchObject({ 'content-type': 'application/json', 'content-length': '11' })
})

test.each<[string, number, string, object]>([
  ['a refusal', 403, '{}', { code: 'KPF_FORBIDDEN', message: 'not allowed to read /version' }],
  ['no JSON', 200, '<html>', { code: 'KPF_CLUSTER_ERROR', message: "the API server's answer to read /version is no JSON" }],
  ['no object', 200, '[]', { code: 'KPF_CLUSTER_ERROR', message: "the API server's answer to read /version is no object" }],
])('a request answered with %s is a failure', async (_what, status, body, expected) => {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => void response.writeHead(status).end(body)
  const cluster = await worldOf(server).open()
  expect(await cluster.request({ method: 'GET', path: '/version?x', signal: never() })).toMatchObject(expected)
})
