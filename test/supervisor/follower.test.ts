import { afterEach, beforeEach, expect, test } from 'vitest'
import { failure } from '../../src/tunnel/failure.ts'
import { FakeCluster, pod, seen } from '../fake/clusters.ts'
import { forward } from './forwards.ts'
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
  expect(world.cluster.watching.size, 'watches after the stop').toBe(0)
  world.close()
})

test('a forward becomes ready on a ready pod, and serves what waited for it', async () => {
  world.apply(forward('api', port))
  await world.until(() => world.cluster.watching.size === 1)
  const early = await world.client(port)
  early.socket.write('hello')
  world.cluster.show(seen(pod('a', { ready: false }), pod('b')))
  await world.ready()
  await world.until(() => early.text() === 'b:hello')
  expect(world.log).toEqual(['api: - -> starting resolving', 'api: starting -> starting dialing', 'api: starting -> ready ready'])
})

test('the next pod is dialled before a terminating one ends; new connections wait for it, old ones finish', async () => {
  await start('a', 'b')
  const old = await world.greeted(port)
  world.cluster.show(seen(pod('a', { ready: false, terminating: true }), pod('b')))
  expect(world.status()).toBe('ready switching a')
  const next = await world.greeted(port)
  old.socket.write('!')
  await world.until(() => old.text() === 'a:!')
  expect(next.text()).toBe('b:')
  expect(world.log.slice(-2)).toEqual(['api: moved a (ending) -> b, 1 draining', 'api: ready -> ready ready'])
  expect(world.traffic()).toBe('1 open, 1 draining')

  await world.pass(30_000)
  await world.until(() => old.end() === 'ECONNRESET')
  expect(next.end()).toBe('open')
})

test('new connections wait for the next pod for a second, then a draining one serves them itself', async () => {
  await start('a')
  world.cluster.answers.set('b', 'hang')
  // It drains alone for a while; that is not what the second is for.
  world.cluster.show(seen(pod('a', { terminating: true })))
  expect((await world.greeted(port)).text()).toBe('a:')
  await world.pass(500)
  world.cluster.show(seen(pod('a', { terminating: true }), pod('b')))
  const waiting = await world.client(port)
  await world.settle()
  expect(waiting.text()).toBe('')
  await world.pass(500)
  await world.until(() => waiting.text() === 'a:')
})

test('a pod that is unready for a moment keeps its connections; after two seconds the next one has them', async () => {
  await start('a', 'b')
  world.cluster.show(seen(pod('a', { ready: false }), pod('b')))
  await world.pass(1_500)
  expect(world.status()).toBe('degraded unhealthy a')
  world.cluster.show(seen(pod('a'), pod('b')))
  await world.pass(5_000)
  expect(world.status()).toBe('ready ready a')
  expect(world.cluster.dials).toEqual(['a'])

  world.cluster.show(seen(pod('a', { ready: false }), pod('b')))
  await world.pass(2_000)
  await world.until(() => world.status() === 'ready ready b')
  expect(world.log.slice(-2)).toEqual(['api: moved a (unready) -> b, 0 draining', 'api: degraded -> ready ready'])
})

test('the two seconds begin when the pod becomes unready, not when another one is there', async () => {
  await start('a')
  world.cluster.show(seen(pod('a', { ready: false })))
  await world.pass(1_000)
  world.cluster.show(seen(pod('a', { ready: false }), pod('b')))
  await world.settle()
  expect(world.cluster.dials).toEqual(['a'])
  await world.pass(1_000)
  await world.until(() => world.status() === 'ready ready b')
})

test('a pod that is deleted is followed by the next, which may come later', async () => {
  await start('a')
  world.cluster.show(seen())
  expect(world.status()).toBe('waiting no-pod -')
  const held = await world.client(port)
  world.cluster.show(seen(pod('b')))
  await world.until(() => held.text() === 'b:')
})

test('a pod that the node calls gone is left before the watch tells, and its bytes go to one pod only', async () => {
  await start('a', 'b')
  world.cluster.node.gone.add('a')
  const client = await world.client(port)
  client.socket.write('POST')
  await world.until(() => client.text() === 'b:POST')
  expect(world.cluster.node.received.get('a')).toBeUndefined()
  expect(world.cluster.node.received.get('b')).toBe('POST')
})

test('a pod that is gone while its successor is dialled hands over to that dial', async () => {
  await start('a', 'b')
  world.cluster.answers.set('b', 'hang')
  world.cluster.show(seen(pod('a', { terminating: true }), pod('b')))
  await world.until(() => world.cluster.dials.length === 2)
  await world.pass(1_000)
  world.cluster.node.gone.add('a')
  const client = await world.client(port)
  await world.until(() => world.status() === 'waiting backoff b' || world.status().endsWith('b'))
  await world.settle()
  expect(world.cluster.dials).toEqual(['a', 'b'])
  expect(client.end()).toBe('open')
})

test('a tunnel that is lost is dialled again, and new connections wait for it', async () => {
  await start('a')
  const cut = await world.greeted(port)
  world.cluster.node.cut('a')
  await world.until(() => world.status() === 'waiting backoff a')
  await world.until(() => cut.end() === 'ECONNRESET')
  const held = await world.client(port)
  await world.pass(500)
  await world.until(() => held.text() === 'a:')
  expect(world.cluster.dials).toEqual(['a', 'a'])
})

test.each([
  ['restarted', pod('a'), pod('a', { restarts: 1 })],
  ['is ready again', pod('a', { ready: false }), pod('a')],
])('a pod in use that could not be reached is dialled at once when it %s', async (_what, down, back) => {
  await start('a')
  world.cluster.answers.set('a', failure('KPF_CLUSTER_ERROR', 'the runtime is down'))
  world.cluster.node.cut('a')
  world.cluster.show(seen(down))
  // Tries are 7 to 15 s apart by now.
  await world.pass(20_000)
  const tries = world.cluster.dials.length
  world.cluster.answers.delete('a')
  world.cluster.show(seen(back))
  await world.pass(300)
  expect(world.status()).toBe('ready ready a')
  expect(world.cluster.dials.length).toBe(tries + 1)
})

test('three refusals show a port that nobody listens on', async () => {
  await start('a')
  world.cluster.node.deaf.add('a')
  for (let count = 1; count <= 3; count++) {
    const client = await world.client(port)
    await world.until(() => world.cluster.node.refused === count)
    await world.pass(500)
    await world.until(() => client.end() === 'ECONNRESET')
  }
  expect(world.status()).toBe('degraded refused a')
})

test('a cluster that cannot be opened is asked again after 5, 15 and 60 s, however often somebody asks meanwhile', async () => {
  world.clusters.answer = failure('KPF_CONTEXT_UNKNOWN', 'no context "x"')
  world.apply(forward('api', port))
  await world.until(() => world.status() === 'failed config -')
  for (let count = 0; count < 5; count++) {
    world.supervisor.kick()
    await world.pass(1_100)
  }
  expect(world.clusters.opens).toBe(6)
  await world.clock.advance(240_000)
  expect(world.clusters.opens).toBe(10)
  world.clusters.answer = world.cluster
  world.cluster.show(seen(pod('a')))
  world.supervisor.kick()
  await world.ready()
})

test('a kubeconfig that means another cluster moves the forward there, and the old pod serves on until then', async () => {
  await start('a')
  const old = await world.greeted(port)
  const other = world.keep(new FakeCluster('other', world.clock))
  world.clusters.answer = other
  world.supervisor.kick()
  await world.until(() => other.watching.size === 1)
  expect(world.cluster.watching.size).toBe(0)
  expect((await world.greeted(port)).text()).toBe('a:')
  other.show(seen(pod('c')))
  await world.until(() => world.status() === 'ready ready c')
  expect((await world.greeted(port)).text()).toBe('c:')
  expect(old.end()).toBe('open')
  await world.cluster.close()
})

test('a forward is where its pod is, whatever the kubeconfig means by now, and its move says from where to where', async () => {
  await start('a')
  const shown = () => world.supervisor.snapshot().rows[0]?.status
  const other = world.keep(new FakeCluster('other', world.clock, { contextName: 'other', namespace: 'prod' }))
  world.clusters.answer = other
  world.supervisor.kick()
  await world.until(() => other.watching.size === 1)
  other.show(failure('KPF_OBJECT_MISSING', 'no service "api"'))
  await world.settle()
  expect(shown()).toMatchObject({ state: 'ready', pod: 'a', place: { context: 'sample', namespace: 'shop' } })
  other.show(seen(pod('a', { namespace: 'prod', uid: 'another' })))
  await world.until(() => shown()?.place?.context === 'other')
  expect(shown()).toMatchObject({ state: 'ready', pod: 'a', place: { context: 'other', namespace: 'prod' } })
  expect(world.log.filter((line) => line.includes('moved'))).toEqual(['api: moved a (elsewhere, other/prod for sample/shop) -> a, 0 draining'])
  await world.cluster.close()
})

test('a namespace that the kubeconfig has changed is moved to by who leaves it open, and by nobody else', async () => {
  const second = await world.freePort()
  const named = forward('named', second)
  world.apply(forward('api', port), { ...named, access: { ...named.access, namespace: 'shop' } })
  world.cluster.show(seen(pod('a')))
  await world.ready('api', 'named')
  world.cluster.namespace = 'prod'
  world.supervisor.kick()
  await world.until(() => [...world.cluster.watching].some(({ query }) => query.namespace === 'prod'))
  expect([...world.cluster.watching].map(({ query }) => query.namespace).toSorted()).toEqual(['prod', 'shop'])
})

test.each<[string, readonly string[] | undefined, string]>([
  ['its pod is no more', [], 'waiting no-pod -'],
  ['its pod still runs', ['uid-a'], 'ready ready a'],
  ['nobody saw its pod there', undefined, 'ready ready a'],
])('a target that is gone, %s', async (_what, living, expected) => {
  await start('a')
  world.cluster.show({ ...failure('KPF_OBJECT_MISSING', 'it does not exist'), ...(living && { living }) })
  await world.settle()
  expect(world.status()).toBe(expected)
})

test('a kubeconfig that cannot be read for a moment takes no cluster away', async () => {
  await start('a')
  world.clusters.answer = failure('KPF_KUBECONFIG', 'cannot be read')
  world.supervisor.kick()
  await world.settle()
  expect(world.status()).toBe('ready ready a')
  world.clusters.answer = world.cluster
})

test('two forwards on one pod share its lane', async () => {
  const second = await world.freePort()
  await start('a')
  world.apply(forward('api', port), forward('too', second))
  await world.ready('api', 'too')
  expect(world.cluster.dials).toEqual(['a'])
  world.apply(forward('too', second))
  await world.until(() => world.status('api') === 'absent')
  expect((await world.greeted(second)).text()).toBe('a:')
})

async function start(...names: readonly string[]): Promise<void> {
  world.apply(forward('api', port))
  world.cluster.show(seen(...names.map((name) => pod(name))))
  await world.ready()
}
