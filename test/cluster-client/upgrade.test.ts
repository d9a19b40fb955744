import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import type { DialPhase, Transport, UpgradeRequest } from '../../src/tunnel/dialer.ts'
import { advanceUntil, closing, LoopbackServer, until } from './loopback-server.ts'
import { type World, worldOf } from './world.ts'

const TUNNEL = 'SPDY/3.1+portforward.k8s.io'

function switching(request: IncomingMessage, socket: Duplex, more: { headers?: Record<string, string>; after?: string } = {}): void {
  const isSpdy = request.headers.upgrade === 'SPDY/3.1'
  const accept = createHash('sha1')
    .update(`${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  const good: Record<string, string> = isSpdy
    ? { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'portforward.k8s.io' }
    : {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Accept': accept,
        'Sec-WebSocket-Protocol': String(request.headers['sec-websocket-protocol']),
      }
  const lines = Object.entries({ ...good, ...more.headers }).map(([name, value]) => `${name}: ${value}`)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n${more.after ?? ''}`)
}

async function start(
  path = '',
): Promise<{ server: LoopbackServer; world: World; open: (transport: Transport, more?: Partial<UpgradeRequest>) => ReturnType<UpgradeOpen> }> {
  const server = await LoopbackServer.start()
  server.upgrade = switching
  const world = worldOf(server)
  world.use(`http://127.0.0.1:${server.port}${path}`)
  const cluster = await world.open()
  const open = (transport: Transport, more: Partial<UpgradeRequest> = {}): ReturnType<UpgradeOpen> =>
    cluster.dialer.open({ pod: { namespace: 'shop', name: 'api-1', uid: 'u' }, transport, signal: new AbortController().signal, ...more })
  return { server, world, open }
}

type UpgradeOpen = Awaited<ReturnType<World['open']>>['dialer']['open']

test('the tunnel is asked for by name, and what came with the answer is kept', async () => {
  const { server, open } = await start('/k8s/clusters/c-1')
  server.upgrade = (request, socket) => switching(request, socket, { after: 'early' })
  const phases: DialPhase[] = []
  const upgraded = await open('websocket', { onPhase: (phase) => phases.push(phase) })
  if (upgraded.kind !== 'upgraded') throw new Error(JSON.stringify(upgraded))
  closing({ close: () => upgraded.socket.destroy() })
  expect(server.asked).toEqual(['GET /k8s/clusters/c-1/api/v1/namespaces/shop/pods/api-1/portforward'])
  expect(server.headers[0]).toMatchObject({
    'sec-websocket-protocol': TUNNEL,
    'sec-websocket-version': '13',
    upgrade: 'websocket',
    authorization: 'Bearer tok',
  })
  expect(upgraded.head.toString() + (upgraded.socket.read()?.toString() ?? '')).toBe('early')
  expect(upgraded.socket.isPaused()).toBe(true)
  expect(upgraded.encrypted).toBe(false)
  expect(phases.map(({ kind }) => kind)).toEqual(['credential', 'tcp', 'request', 'answer'])
})

test('raw SPDY is a POST without a body', async () => {
  const { server, open } = await start()
  const upgraded = await open('spdy')
  if (upgraded.kind !== 'upgraded') throw new Error(JSON.stringify(upgraded))
  closing({ close: () => upgraded.socket.destroy() })
  expect(server.asked).toEqual(['POST /api/v1/namespaces/shop/pods/api-1/portforward'])
  expect(server.headers[0]).toMatchObject({ 'content-length': '0', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' })
  expect(server.headers[0]).not.toHaveProperty('transfer-encoding')
})

test('channels name their ports', async () => {
  const { server, open } = await start()
  const upgraded = await open('channel', { ports: [80, 443] })
  if (upgraded.kind === 'upgraded') closing({ close: () => upgraded.socket.destroy() })
  expect(server.asked).toEqual(['GET /api/v1/namespaces/shop/pods/api-1/portforward?ports=80&ports=443'])
  expect(server.headers[0]).toMatchObject({ 'sec-websocket-protocol': 'v4.channel.k8s.io' })
})

test.each<[string, Transport, Record<string, string>]>([
  ['a wrong accept hash', 'websocket', { 'Sec-WebSocket-Accept': 'x' }],
  ['another subprotocol', 'websocket', { 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' }],
  ['another stream protocol', 'spdy', { 'X-Stream-Protocol-Version': 'v9' }],
])('a 101 with %s is a refusal, and its socket is closed', async (_what, transport, headers) => {
  const { server, open } = await start()
  server.upgrade = (request, socket) => switching(request, socket, { headers })
  expect(await open(transport)).toMatchObject({ kind: 'refused', status: 101 })
  await until(() => server.connections === 0)
})

test('any other answer comes back as it is, its body cut at 64 KiB', async () => {
  const { server, open } = await start()
  server.upgrade = (_request, socket) =>
    void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 34\r\nX-Odd: Yes\r\n\r\nquery parameter "port" is required')
  expect(await open('websocket')).toMatchObject({ kind: 'refused', status: 400, body: 'query parameter "port" is required', headers: { 'x-odd': 'Yes' } })
  server.upgrade = (_request, socket) => void socket.write(`HTTP/1.1 502 Bad Gateway\r\n\r\n${'x'.repeat(100_000)}`)
  const long = await open('websocket')
  expect(long.kind === 'refused' && long.body.length).toBe(65_536)
  await until(() => server.connections === 0)
})

test('an abort while the answer is awaited leaves no socket', async () => {
  const { server, world, open } = await start()
  server.upgrade = () => {}
  const aborting = new AbortController()
  const opening = open('websocket', { signal: aborting.signal })
  await until(() => server.asked.length === 1)
  aborting.abort()
  expect(await opening).toMatchObject({ kind: 'failure', class: 'connection' })
  await until(() => server.connections === 0)
  expect(world.clock.waiting).toBe(0)
})

test('an abort after the upgrade leaves the socket to its new owner', async () => {
  const { server, open } = await start()
  const aborting = new AbortController()
  const upgraded = await open('websocket', { signal: aborting.signal })
  if (upgraded.kind !== 'upgraded') throw new Error(JSON.stringify(upgraded))
  closing({ close: () => upgraded.socket.destroy() })
  aborting.abort()
  await until(turned(50))
  expect(upgraded.socket.destroyed).toBe(false)
  expect(server.connections).toBe(1)
})

test('a 401 is asked again with fresh credentials', async () => {
  const { server, world } = await start()
  world.use(`http://127.0.0.1:${server.port}`, { user: { tokenFile: '/token' } })
  world.files['/token'] = 'old'
  server.upgrade = (request, socket) => {
    world.files['/token'] = 'new'
    if (request.headers.authorization === 'Bearer new') switching(request, socket)
    else socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
  }
  await world.clusters.refresh()
  const cluster = await world.open()
  const upgraded = await cluster.dialer.open({
    pod: { namespace: 'shop', name: 'api-1', uid: 'u' },
    transport: 'websocket',
    signal: new AbortController().signal,
  })
  if (upgraded.kind === 'upgraded') closing({ close: () => upgraded.socket.destroy() })
  expect(upgraded.kind).toBe('upgraded')
  expect(server.asked).toHaveLength(2)
})

test('nobody there is a failure with the address', async () => {
  const { server, open } = await start()
  const { port } = server
  server.close()
  expect(await open('websocket')).toMatchObject({ code: 'KPF_CLUSTER_UNREACHABLE', message: `cluster unreachable (ECONNREFUSED 127.0.0.1:${port})` })
})

test('a plain answer to a plain request is not taken for an upgrade', async () => {
  const { server, open } = await start()
  server.upgrade = (_request, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>')
  expect(await open('websocket')).toMatchObject({ kind: 'refused', status: 200, body: '<html>' })
})

/** True from the `turns`th question on. */
function turned(turns: number): () => boolean {
  let asked = 0
  return () => ++asked > turns
}

/** A cluster whose pods are followed, as by a run; the list stays open. */
async function followed(): Promise<Awaited<ReturnType<typeof start>>> {
  const made = await start()
  made.server.answer = () => {}
  const cluster = await made.world.open()
  closing(cluster.watchTarget({ namespace: 'shop', target: { kind: 'selector', labelSelector: 'a=b' }, willDial: true }, () => {}))
  await until(() => made.server.asked.length === 1 && made.server.accepted === 2)
  return made
}

async function upgradeOf({ open }: Pick<Awaited<ReturnType<typeof start>>, 'open'>, more: Partial<UpgradeRequest> = {}): Promise<string> {
  const upgraded = await open('websocket', more)
  if (upgraded.kind === 'upgraded') closing({ close: () => upgraded.socket.destroy() })
  return upgraded.kind
}

test('beside the first list a connection is made for the first tunnel, and for that alone', async () => {
  const { server, open } = await followed()
  expect(await upgradeOf({ open })).toBe('upgraded')
  expect(server.accepted).toBe(2)
  expect(await upgradeOf({ open })).toBe('upgraded')
  expect(server.accepted).toBe(3)
})

test('who wants to see the connection made has one of its own', async () => {
  const { server, open } = await followed()
  const phases: string[] = []
  expect(await upgradeOf({ open }, { onPhase: ({ kind }) => phases.push(kind) })).toBe('upgraded')
  expect(phases).toContain('tcp')
  expect(server.accepted).toBe(3)
})

test('one that was closed before it was needed costs nothing', async () => {
  const { server, open } = await followed()
  server.cutAll()
  expect(await upgradeOf({ open })).toBe('upgraded')
})

test('one that nobody needed for 10 s ends', async () => {
  const { server, world } = await followed()
  const before = server.connections
  await advanceUntil(world.clock, 1_000, () => server.connections < before)
})

test('an upgrade leaves the connection of a list to the watch that follows it', async () => {
  const { server, world, open } = await start()
  const dialled = Promise.withResolvers<string>()
  server.answer = (request, response) => {
    if (request.url?.includes('watch=true')) response.writeHead(200).flushHeaders()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }))
  }
  const cluster = await world.open()
  // As a run does it: what is seen is dialled before the watch is asked for.
  const seen = (): void => void upgradeOf({ open }).then(dialled.resolve)
  closing(cluster.watchTarget({ namespace: 'shop', target: { kind: 'selector', labelSelector: 'a=b' }, willDial: true }, seen))
  expect(await dialled.promise).toBe('upgraded')
  await until(() => server.asked.length === 3)
  expect(server.accepted).toBe(2)
})

test('for who only looks at a target no connection is made but that of the list', async () => {
  const { server, world } = await start()
  const cluster = await world.open()
  const { promise, resolve } = Promise.withResolvers<unknown>()
  closing(cluster.watchTarget({ namespace: 'shop', target: { kind: 'selector', labelSelector: 'a=b' } }, resolve))
  await promise
  expect(server.accepted).toBe(1)
})
