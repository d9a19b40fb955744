import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Forward } from '../../src/file/forward.ts'
import { failure } from '../../src/tunnel/failure.ts'
import { pod, seen } from '../fake/clusters.ts'
import { forward, mapping, onLocalhost } from './forwards.ts'
import { portOf } from './sockets.ts'
import { World } from './world.ts'

let world = new World()
let port = 0
beforeEach(async () => {
  world = new World()
  port = await world.freePort()
})
afterEach(async () => {
  await world.stop()
  expect(world.clock.waiting, 'timers after the stop').toBe(0)
  expect((await world.client(port)).end(), 'the port after the stop').toBe('ECONNREFUSED')
  expect(
    world.events.map(({ seq }) => seq),
    'numbers without a gap',
  ).toEqual(world.events.map((_, index) => (world.events[0]?.seq ?? 1) + index))
  world.close()
})

test('another target: new connections go there, old ones drain, and the port is never closed', async () => {
  await start()
  const old = await world.greeted(port)
  world.forget()
  world.apply(forward('api', port, { target: { kind: 'service', name: 'other' } }))
  const next = await world.greeted(port)
  expect(next.text()).toBe('a:')
  expect(world.traffic()).toBe('1 open, 1 draining')
  await world.pass(30_000)
  await world.until(() => old.end() === 'ECONNRESET')
  expect(next.end()).toBe('open')
  expect(world.log).toEqual(['api: ready -> starting resolving', 'api: starting -> starting dialing', 'api: starting -> ready ready'])
})

test('a target that was wrong for long gets the whole window anew when it is mended', async () => {
  world.apply(forward('api', port, { target: { kind: 'service', name: 'wrong' } }))
  await world.pass(1_000)
  await world.clock.advance(60_000)
  const late = await world.client(port)
  await world.until(() => late.end() === 'ECONNRESET')
  world.apply(forward('api', port))
  const held = await world.client(port)
  world.cluster.show(seen(pod('a')))
  await world.until(() => held.text() === 'a:')
})

test('fields that count at once touch no connection, now or later', async () => {
  await start()
  const client = await world.greeted(port)
  const { backoff, timeouts } = forward('api', port)
  world.apply(
    forward('api', port, { maxConnections: 1, drainTimeoutMs: 1_000, backoff: { ...backoff, maxMs: 1_000 }, timeouts: { ...timeouts, halfCloseMs: 1 } }),
  )
  const over = await world.client(port)
  await world.until(() => over.end() === 'ECONNRESET')
  await world.pass(31_000)
  expect([client.end(), world.cluster.dials]).toEqual(['open', ['a']])
  expect(world.log.at(-1)).toBe('api: warning more than 1 connections of this forward at once: new ones are reset')
})

test('resets of connections that waited too long are told as warnings, once and then counted', async () => {
  world.apply(forward('api', port))
  const clients = [await world.client(port), await world.client(port)]
  await world.pass(10_000)
  await world.until(() => clients.every((client) => client.end() === 'ECONNRESET'))
  expect(world.events.filter(({ type }) => type === 'warning')).toMatchObject([
    { forward: 'api', code: 'KPF_HOLD_TIMEOUT', message: 'a connection was reset after it had waited 10 s, since nothing could serve it' },
  ])
  world.forget()
  for (let minute = 1; minute <= 60; minute++) {
    await world.clock.advance(60_000)
    const client = await world.client(port)
    await world.until(() => client.end() === 'ECONNRESET')
  }
  expect(world.log).toEqual(
    [15, 14, 14, 14].map(
      (count) => `api: warning nothing could serve connections for 30 s: new ones are reset at once (${count} more since this was last said)`,
    ),
  )
})

test('another port: the new one is bound before the old one is closed, and connections go on', async () => {
  await start()
  const client = await world.greeted(port)
  const next = await world.freePort()
  world.forget()
  world.apply(forward('api', next))
  expect(world.supervisor.snapshot().rows[0]?.status.listeners).toEqual([`127.0.0.1:${port}`])
  await world.until(() => world.supervisor.snapshot().rows[0]?.status.listeners[0] === `127.0.0.1:${next}`)
  expect((await world.client(port)).end()).toBe('ECONNREFUSED')
  expect((await world.greeted(next)).text()).toBe('a:')
  client.socket.write('!')
  await world.until(() => client.text() === 'a:!')
  expect(world.log).toEqual([])
})

test('another port that is taken: the old one serves on until the new one is free', async () => {
  await start()
  const other = await world.listen(0)
  world.apply(forward('api', portOf(other)))
  await world.until(() => world.status() === 'waiting port-busy a')
  expect((await world.greeted(port)).text()).toBe('a:')
  other.close()
  await world.pass(2_000)
  await world.ready()
  expect((await world.client(port)).end()).toBe('ECONNREFUSED')
})

test('another port and back again before it was free', async () => {
  await start()
  const other = await world.listen(0)
  world.apply(forward('api', portOf(other)))
  await world.until(() => world.status() === 'waiting port-busy a')
  world.apply(forward('api', port))
  await world.ready()
  expect((await world.greeted(port)).text()).toBe('a:')
  await world.pass(4_000)
  expect(world.supervisor.snapshot().rows[0]?.status.listeners).toEqual([`127.0.0.1:${port}`])
})

test.each(['127.0.0.1', 'localhost'])('two forwards swap their ports on %s, and neither is closed for a moment', async (host) => {
  const second = await world.freePort()
  const on = (name: string, local: number): Forward => forward(name, local, { ports: [host === 'localhost' ? onLocalhost(local) : mapping(local)] })
  world.apply(on('api', port), on('too', second))
  world.cluster.show(seen(pod('a')))
  await world.ready('api', 'too')
  world.forget()
  world.apply(on('api', second), on('too', port))
  expect(listeners()).toBe(
    host === 'localhost' ? `api 127.0.0.1:${second} [::1]:${second}, too 127.0.0.1:${port} [::1]:${port}` : `api 127.0.0.1:${second}, too 127.0.0.1:${port}`,
  )
  // Nothing was bound anew: that would have taken a turn of the loop.
  expect(world.log).toEqual([])
  await world.greeted(port)
  expect([world.traffic('api'), world.traffic('too')]).toEqual(['', '1 open'])
})

test('a port that a removed forward gives up goes to the one that is added in the same edit', async () => {
  await start()
  const client = await world.greeted(port)
  world.apply(forward('new', port, { requireReady: false }))
  await world.ready('new')
  expect(world.status('api')).toBe('stopping draining a')
  await world.greeted(port)
  expect(world.traffic('new')).toBe('1 open')
  client.socket.end()
  await world.pass(2_000)
  await world.until(() => world.status('api') === 'absent')
})

test('a forward that is renamed keeps its connections and goes on under its new name', async () => {
  await start()
  const client = await world.greeted(port)
  await world.pass(1_000)
  const since = world.supervisor.snapshot().rows[0]?.sinceMs
  world.forget()
  world.apply(forward('shop', port))
  expect(world.status('shop')).toBe('ready ready a')
  // Whoever reads the events knows each name's state from its own events.
  expect(world.log).toEqual(['api: ready -> stopped stopped: renamed to "shop"', 'shop: - -> ready ready'])
  expect(world.supervisor.snapshot().rows.map(({ sinceMs }) => sinceMs)).toEqual([since])
  client.socket.write('!')
  await world.until(() => client.text() === 'a:!')
  world.cluster.node.cut('a')
  await world.until(() => world.status('shop') === 'waiting backoff a')
  expect(world.log.at(-1)).toMatch(/^shop: ready -> waiting backoff/)
  expect(world.cluster.dials).toEqual(['a'])
})

test('what stands in the way of the next dial is told once for all, and again only after it had been well', async () => {
  world.apply(forward('api', port), forward('too', await world.freePort()))
  const pods = seen(pod('a'))
  world.cluster.show(pods)
  await world.ready('api', 'too')
  world.forget()
  const out = failure('KPF_AUTH_REFUSED', 'the credentials were refused (401)', { hint: 'log in again, then kpf goes on by itself' })
  const told = [{ code: out.code, message: `open tunnels serve on, but the next one may fail: ${out.message}`, hint: out.hint }]
  for (const picture of [out, { ...out }]) world.cluster.show(picture)
  expect(world.events).toMatchObject(told)
  expect([world.events.length, world.status('api'), world.status('too')]).toEqual([1, 'ready ready a', 'ready ready a'])
  expect((await world.greeted(port)).text()).toBe('a:')

  world.cluster.show(pods)
  world.forget()
  world.cluster.show(out)
  expect(world.events).toMatchObject(told)
  // A lane that is lost has a state of its own to tell; when it is back all is well.
  world.cluster.show(pods)
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'waiting backoff a')
  world.forget()
  world.cluster.show(out)
  expect(world.events.filter(({ type }) => type === 'warning')).toEqual([])
  world.cluster.show(pods)
  await world.pass(1_000)
  await world.ready('api', 'too')
})

test('an API server that is away is no news to a forward whose lane serves, but a warning', async () => {
  await start()
  world.forget()
  const away = failure('KPF_CLUSTER_UNREACHABLE', 'cluster unreachable (ECONNREFUSED 10.0.0.1:6443)')
  for (const reason of [away, failure('KPF_CLUSTER_TIMEOUT', 'no answer'), away]) world.cluster.shut(reason)
  expect(world.log).toEqual([`-: warning open tunnels serve on, but the next one may fail: ${away.message}`])
  world.cluster.shut(undefined)
  world.cluster.shut(away)
  expect(world.log).toHaveLength(2)
  expect(world.status()).toBe('ready ready a')
  world.cluster.shut(undefined)
})

test('a role that is gone when the next pod is dialled is a warning while the old one serves', async () => {
  await start()
  world.forget()
  world.cluster.answers.set('b', { kind: 'refused', status: 403, headers: {}, body: JSON.stringify({ kind: 'Status', message: 'no' }) })
  world.cluster.show(seen(pod('a', { terminating: true }), pod('b')))
  await world.until(() => world.log.length > 1)
  expect(world.log).toEqual(['api: ready -> ready switching', '-: warning open tunnels serve on, but the next one may fail: forbidden (HTTP 403: no)'])
})

test('a removed forward drains what is busy, resets what is idle, and is then gone', async () => {
  await start()
  const idle = await world.greeted(port)
  await world.pass(1_000)
  const busy = await world.greeted(port)
  world.apply()
  expect((await world.client(port)).end()).toBe('ECONNREFUSED')
  await world.until(() => idle.end() === 'ECONNRESET')
  busy.socket.write('!')
  await world.until(() => busy.text() === 'a:!')
  expect(world.status()).toBe('stopping draining a')
  await world.pass(30_000)
  await world.until(() => busy.end() === 'ECONNRESET')
  expect(world.status()).toBe('absent')
  expect(world.log.slice(-2)).toEqual(['api: ready -> stopping draining: 2 open', 'api: stopping -> stopped stopped'])
})

test('restart: no stops at the first loss; an edit starts it again', async () => {
  world.apply(forward('other', await world.freePort()))
  world.cluster.show(seen(pod('a')))
  await world.ready('other')
  // The lane is open already, by another forward: its loss counts all the same.
  world.apply(forward('api', port, { restart: { kind: 'no' } }))
  await world.ready('api')
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'stopped stopped -')
  expect((await world.client(port)).end()).toBe('ECONNREFUSED')
  world.apply(forward('api', port, { restart: { kind: 'no' }, description: 'again' }))
  await world.pass(500)
  await world.ready('api')
  expect((await world.greeted(port)).text()).toBe('a:')
})

test('restart: on-failure:2 gives up after two failures and dials no more; an edit starts it again', async () => {
  world.apply(forward('api', port, { restart: { kind: 'on-failure', limit: 2 } }))
  world.cluster.answers.set('a', { kind: 'refused', status: 500, headers: {}, body: '' })
  world.cluster.show(seen(pod('a')))
  await world.pass(3_000)
  expect(world.log.at(-1)).toBe('api: waiting -> failed gave-up: gave up: the API server refused the tunnel (HTTP 500)')
  await world.clock.advance(600_000)
  expect(world.cluster.dials).toEqual(['a', 'a'])
  const client = await world.client(port)
  await world.until(() => client.end() === 'ECONNRESET')

  world.cluster.answers.clear()
  world.apply(forward('api', port))
  await world.ready()
  expect((await world.greeted(port)).text()).toBe('a:')
})

test('kicks come to a cluster and its lanes once a second at most, and the last of a second is not lost', async () => {
  await start()
  for (let press = 1; press <= 20; press++) world.supervisor.kick()
  expect(world.cluster.kicks).toBe(1)
  await world.pass(500)
  world.supervisor.kick()
  expect(world.cluster.kicks).toBe(1)
  await world.pass(1_000)
  expect(world.cluster.kicks).toBe(2)
  await world.pass(5_000)
  expect(world.cluster.kicks).toBe(2)
  world.supervisor.kick()
  world.supervisor.kick()
  expect(world.cluster.kicks).toBe(3)
})

test('a lane that was open for 30 s is dialled within 100 ms of its loss, whatever came before', async () => {
  await start()
  for (let loss = 1; loss <= 4; loss++) await lose()
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'waiting backoff a')
  expect(retryInMs()).toBeGreaterThan(500)
  await world.pass(3_000)
  await world.ready()
  await world.pass(30_000)
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'waiting backoff a')
  expect(retryInMs()).toBeLessThanOrEqual(100)
})

test('a kick revives a forward that gave up, with its count from the beginning', async () => {
  const limited = { restart: { kind: 'on-failure', limit: 2 } } as const
  world.apply(forward('api', port, limited))
  world.cluster.answers.set('a', { kind: 'refused', status: 500, headers: {}, body: '' })
  world.cluster.show(seen(pod('a')))
  await world.pass(3_000)
  expect(world.status()).toBe('failed gave-up a')
  world.supervisor.kick()
  const held = await world.client(port)
  await world.pass(5_000)
  expect([world.status(), world.cluster.dials.length]).toEqual(['failed gave-up a', 4])
  await world.until(() => held.end() === 'ECONNRESET')

  world.cluster.answers.clear()
  world.supervisor.kick()
  await world.ready()
  expect((await world.greeted(port)).text()).toBe('a:')
})

test('a kick revives one whose lane another forward goes on dialling', async () => {
  world.cluster.answers.set('a', { kind: 'refused', status: 500, headers: {}, body: '' })
  world.apply(forward('other', await world.freePort()), forward('api', port, { restart: { kind: 'on-failure', limit: 2 } }))
  world.cluster.show(seen(pod('a')))
  await world.pass(5_000)
  expect(world.status()).toBe('failed gave-up a')
  world.supervisor.kick()
  await world.settle()
  expect(world.status()).toBe('waiting backoff a')
  world.cluster.answers.clear()
  await world.pass(15_000)
  await world.ready('api', 'other')
})

test('a tunnel that is lost more than ten times in five minutes is told once, and dialled at most once a minute from then on', async () => {
  world.apply(forward('api', port), forward('too', await world.freePort()))
  world.cluster.show(seen(pod('a')))
  await world.ready()
  // Each forward on the lane is told of it.
  const warnings = (): unknown[] => world.events.filter((event) => event.type === 'warning' && event.forward === 'api')
  for (let loss = 1; loss <= 10; loss++) await lose()
  expect([warnings(), world.clock.now() < 5 * 60_000]).toEqual([[], true])
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'waiting backoff a')
  expect(warnings()).toMatchObject([
    {
      code: 'KPF_TUNNEL_FLAPPING',
      message: expect.stringMatching(/^the tunnel to pod "shop\/a" was lost more than 10 times in 5 minutes; last: /),
      hint: expect.stringContaining('at most once a minute'),
    },
  ])
  const dials = world.cluster.dials.length
  await world.pass(25_000)
  expect(world.cluster.dials).toHaveLength(dials)
  await world.pass(36_000)
  await world.ready()
  await lose()
  expect(warnings()).toHaveLength(1)
})

test('a port that is closed in the pod is told after three refusals, and well again with the first answer', async () => {
  await start()
  world.cluster.node.deaf.add('a')
  for (let count = 1; count <= 3; count++) {
    const client = await world.client(port)
    await world.until(() => world.cluster.node.refused === count)
    await world.settle()
    await world.pass(100)
    await world.until(() => client.end() === 'ECONNRESET')
  }
  expect(world.status()).toBe('degraded refused a')
  world.cluster.node.deaf.clear()
  const client = await world.greeted(port)
  await world.until(() => world.status() === 'ready ready a')
  expect(client.end()).toBe('open')
})

test('a stop lets the busy finish, resets the idle at once and what is left at the deadline, and counts each once', async () => {
  await start()
  const served = await world.greeted(port)
  served.socket.end()
  await world.pass(1_500)
  await world.until(() => world.traffic() === '1 served')
  await world.pass(1_000)
  const [busy, finishing] = [await world.greeted(port), await world.greeted(port)]
  const stopping = world.supervisor.stop({ drainMs: 2_000, deadline: new AbortController().signal })
  finishing.socket.end()
  await world.pass(1_500)
  expect([busy.end(), finishing.end()]).toEqual(['open', 'fin'])
  await world.pass(500)
  await stopping
  await world.until(() => busy.end() === 'ECONNRESET')
  expect(world.log.at(-1)).toBe('stopped: 1 forwards, 2 served, 0 failed, 1 reset')
})

test('a stop counts as busy what it lets finish, and nothing that it resets at once', async () => {
  await start()
  const idle = await world.greeted(port)
  await world.pass(1_000)
  const busy = [await world.greeted(port), await world.greeted(port)]
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'waiting backoff a')
  await world.until(() => busy.every((client) => client.end() === 'ECONNRESET'))
  expect(idle.end()).toBe('ECONNRESET')
  const held = await world.client(port)
  const stopping = world.supervisor.stop({ drainMs: 2_000, deadline: new AbortController().signal })
  expect(world.events.find(({ type }) => type === 'stopping')).toMatchObject({ busy: 0 })
  await stopping
  await world.until(() => held.end() === 'ECONNRESET')
})

test('a stop tells of the one connection on which a byte moved lately, and of no other', async () => {
  await start()
  const [idle, busy] = [await world.greeted(port), await world.greeted(port)]
  await world.pass(750)
  busy.socket.write('!')
  await world.until(() => busy.text() === 'a:!')
  await world.pass(250)
  const stopping = world.supervisor.stop({ drainMs: 2_000, deadline: new AbortController().signal })
  expect(world.events.find(({ type }) => type === 'stopping')).toMatchObject({ busy: 1 })
  await world.until(() => idle.end() === 'ECONNRESET')
  expect(busy.end()).toBe('open')
  await world.pass(2_000)
  await stopping
})

test('a second word ends a stop at once', async () => {
  await start()
  const busy = await world.greeted(port)
  const now = new AbortController()
  const stopping = world.supervisor.stop({ drainMs: 60_000, deadline: now.signal })
  now.abort()
  await stopping
  await world.until(() => busy.end() === 'ECONNRESET')
})

test('a forward that drains when everything stops gets no more time than the rest, and is counted once', async () => {
  await start()
  const busy = await world.greeted(port)
  world.apply()
  const stopping = world.supervisor.stop({ drainMs: 1_000, deadline: new AbortController().signal })
  await world.pass(750)
  expect(busy.end()).toBe('open')
  await world.pass(250)
  await stopping
  expect(world.log.at(-1)).toBe('stopped: 0 forwards, 0 served, 0 failed, 1 reset')
})

test('a stop before anything was bound or opened leaves nothing', async () => {
  world.clusters.delay = new Promise(() => {})
  world.apply(forward('api', port))
  await world.stop()
  expect(world.log).toEqual([
    'api: - -> starting resolving',
    'api: starting -> stopping draining: 0 open',
    'api: stopping -> stopped stopped',
    'stopped: 1 forwards, 0 served, 0 failed, 0 reset',
  ])
})

test('a forward that is removed while its cluster opens does not come back', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  world.clusters.delay = promise
  world.apply(forward('api', port))
  world.apply()
  await world.until(() => world.status() === 'absent')
  resolve()
  await world.settle()
  expect(world.cluster.watching.size).toBe(0)
})

test('a subscriber that throws is left out; one that makes news is heard after the rest', () => {
  const heard: number[] = []
  world.supervisor.subscribe(() => {
    throw new Error('a broken screen')
  })
  world.supervisor.subscribe((event) => {
    if (event.type === 'warning' && event.message === 'one') world.supervisor.warn('KPF_TEST', 'two')
  })
  world.supervisor.subscribe(({ seq }) => heard.push(seq))
  world.supervisor.warn('KPF_TEST', 'one')
  expect(heard).toEqual([1, 2])
})

function listeners(): string {
  return world.supervisor
    .snapshot()
    .rows.map(({ spec, status }) => [spec.name, ...status.listeners].join(' '))
    .join(', ')
}

function retryInMs(): number {
  return (world.supervisor.snapshot().rows[0]?.status.nextRetryAtMs ?? Number.NaN) - world.clock.now()
}

async function lose(): Promise<void> {
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'waiting backoff a')
  while (!world.status().startsWith('ready ready')) await world.pass(250)
}

test('a forward is started when what it depends on is ready, keeps its port meanwhile, and goes on without', async () => {
  const other = await world.freePort()
  world.apply(forward('web', other, { dependsOn: ['api'] }), forward('api', port))
  await world.until(() => world.status('web').startsWith('waiting pending'))
  const early = await world.client(other)
  expect([world.cluster.dials, early.end()]).toEqual([[], 'open'])
  world.cluster.show(seen(pod('a')))
  await world.until(() => world.status('web').startsWith('ready'))
  await world.until(() => early.text() === 'a:')
  expect(world.log.filter((line) => line.startsWith('web'))).toEqual([
    'web: - -> waiting pending: waits for "api" to be ready',
    'web: waiting -> starting resolving',
    'web: starting -> ready ready',
  ])
  world.apply(forward('web', other, { dependsOn: ['api'] }), forward('api', port, { enabled: false }))
  await world.pass(100)
  expect(world.status('web')).toContain('ready')
})

test('a forward that waits is not started by a kick, and an edit can let it go', async () => {
  const other = await world.freePort()
  world.cluster.show(seen(pod('a')))
  world.apply(forward('web', other, { dependsOn: ['api'] }))
  world.supervisor.kick()
  await world.pass(2_000)
  expect([world.status('web'), world.cluster.dials]).toEqual(['waiting pending -', []])
  world.apply(forward('web', other))
  await world.until(() => world.status('web').startsWith('ready'))
})

test('a context that leads to another server than expected opens nothing; the same in another spelling does', async () => {
  world.apply(forward('api', port, { access: { expectServer: 'https://other' } }))
  world.cluster.show(seen(pod('a')))
  await world.until(() => world.status().startsWith('failed config'))
  expect(world.log.join('; ')).toContain('leads to https://sample, and the file expects https://other')
  expect(world.cluster.dials).toEqual([])
  world.apply(forward('api', port, { access: { expectServer: 'https://SAMPLE:443/' } }))
  await world.ready()
})

async function start(): Promise<void> {
  world.apply(forward('api', port))
  world.cluster.show(seen(pod('a')))
  await world.ready()
}

test('where a forward leads is told once its cluster is open, whoever has named it', async () => {
  const places = (): unknown => world.supervisor.snapshot().rows.map(({ status }) => status.place)
  world.apply(forward('api', port), forward('web', await world.freePort(), { access: { namespace: 'other' } }))
  expect(places()).toEqual([undefined, undefined])
  await world.until(() => world.cluster.watching.size === 2)
  expect(places()).toEqual([
    { context: 'sample', namespace: 'shop' },
    { context: 'sample', namespace: 'other' },
  ])
})
