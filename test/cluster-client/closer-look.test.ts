/** What is looked for beside the watches when there is nothing to dial. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster-api.ts'
import type { Picture, TargetRef } from '../../src/cluster/picture.ts'
import { advanceUntil, json, LoopbackServer, until } from './loopback-server.ts'
import { type World, worldOf } from './world.ts'

interface Place {
  readonly server: LoopbackServer
  readonly world: World
  readonly cluster: Cluster
  /** Whole lists; those of one name are what the watches ask for. */
  readonly lists: () => readonly string[]
  /** The watches of a resource that are open. */
  readonly watches: (plural: string) => readonly ServerResponse[]
}

/** A namespace of these objects, whose whole lists of some kinds are answered by `refuse`. */
async function namespaceOf(
  objects: Readonly<Record<string, readonly object[]>>,
  refuse?: (plural: string, response: ServerResponse) => boolean,
): Promise<Place> {
  const server = await LoopbackServer.start()
  const watching: { readonly plural: string; readonly response: ServerResponse }[] = []
  server.answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://api')
    const plural = url.pathname.split('/').at(-1) ?? ''
    if (url.searchParams.has('watch')) {
      watching.push({ plural, response })
      return response.writeHead(200).flushHeaders()
    }
    if (url.searchParams.has('limit') && refuse?.(plural, response)) return undefined
    const name = url.searchParams.get('fieldSelector')?.replace('metadata.name=', '')
    const items = (objects[plural] ?? []).filter((object) => name === undefined || (object as { metadata: { name: string } }).metadata.name === name)
    return json(response, 200, { metadata: { resourceVersion: '1' }, items })
  }
  const world = worldOf(server)
  return {
    server,
    world,
    cluster: await world.open(),
    lists: () => server.asked.filter((line) => line.includes('limit=')),
    watches: (plural) => watching.filter((one) => one.plural === plural).map(({ response }) => response),
  }
}

const named = (name: string, spec: object = {}): object => ({ metadata: { name, uid: name }, spec })
const maker = (name: string, app: string, replicas?: number): object =>
  named(name, { ...(replicas !== undefined && { replicas }), template: { metadata: { labels: { app } } } })
const service = (name: string, app: string): object => named(name, { selector: { app }, ports: [{ port: 80 }] })

const forbidden = (_plural: string, response: ServerResponse): boolean => {
  json(response, 403, { kind: 'Status', reason: 'Forbidden', message: 'no' })
  return true
}

/** All pictures of a target, as they come. */
function follow({ cluster }: Place, target: TargetRef): Picture[] {
  const seen: Picture[] = []
  cluster.watchTarget({ namespace: 'shop', target }, (picture) => seen.push(picture))
  return seen
}

const see = 'see: kubectl get services -n shop --context dev'

test.each<[string, readonly object[], string]>([
  ['weeb', [service('web', 'web'), service('db', 'db')], `did you mean "web"? 1 more are there; ${see}`],
  ['mailer', [service('web', 'web'), service('db', 'db')], `there are "web", "db"; ${see}`],
  ['web', [], `check its name, the namespace and the context; ${see}`],
])('service %s, which is not there, is told once, with what is', async (name, services, hint) => {
  const place = await namespaceOf({ services })
  const seen = follow(place, { kind: 'service', name })
  await until(() => seen.length > 0)
  expect(seen).toEqual([expect.objectContaining({ code: 'KPF_OBJECT_MISSING', message: `service "${name}" does not exist in namespace "shop"`, hint })])
})

test('who may not list hears no other names, and of no refusal', async () => {
  const place = await namespaceOf({ services: [service('web', 'web')] }, forbidden)
  const seen = follow(place, { kind: 'service', name: 'weeb' })
  await until(() => seen.length > 0)
  expect(seen).toEqual([expect.objectContaining({ code: 'KPF_OBJECT_MISSING', hint: `check its name, the namespace and the context; ${see}` })])
})

test('names that take long are not waited for, and told when they come', async () => {
  const held: ServerResponse[] = []
  const place = await namespaceOf({ services: [] }, (_plural, response) => held.push(response) > 0)
  const seen = follow(place, { kind: 'service', name: 'weeb' })
  await until(() => held.length === 1)
  expect(seen).toEqual([])
  await advanceUntil(place.world.clock, 250, () => seen.length > 0)
  expect(place.world.clock.now()).toBeLessThanOrEqual(1_500)
  expect(seen[0]).toMatchObject({ hint: `check its name, the namespace and the context; ${see}` })
  for (const response of held) json(response, 200, { items: [service('web', 'web')] })
  await until(() => seen.length > 1)
  expect(seen[1]).toMatchObject({ hint: `did you mean "web"?; ${see}` })
})

test('many who miss something in one namespace ask once, and again later', async () => {
  const place = await namespaceOf({ services: [service('web', 'web')] })
  const seen = ['weeb', 'wep', 'vveb'].map((name) => follow(place, { kind: 'service', name }))
  await until(() => seen.every((pictures) => pictures.length > 0))
  expect(place.lists()).toEqual(['GET /api/v1/namespaces/shop/services?limit=200'])
  await place.world.clock.advance(2_000)
  const later = follow(place, { kind: 'service', name: 'wb' })
  await until(() => later.length > 0)
  expect(place.lists()).toHaveLength(2)
})

test('the names of pods are asked for when one pod is named', async () => {
  const place = await namespaceOf({ pods: [named('web-77-abc')] })
  const seen = follow(place, { kind: 'pod', name: 'web-77-abd' })
  await until(() => seen.length > 0)
  expect(seen[0]).toMatchObject({ hint: 'did you mean "web-77-abc"?; see: kubectl get pods -n shop --context dev' })
})

test.each<[string, Readonly<Record<string, readonly object[]>>, object | undefined]>([
  ['a deployment scaled to 0', { deployments: [maker('api', 'web', 0), maker('db', 'db', 1)] }, { kind: 'deployment', name: 'api' }],
  ['a statefulset scaled to 0', { statefulsets: [maker('api', 'web', 0)] }, { kind: 'statefulset', name: 'api' }],
  ['one scaled to 0 beside one that is not', { deployments: [maker('api', 'web', 0)], statefulsets: [maker('db', 'web', 2)] }, undefined],
  ['one that says nothing of its number, which is 1', { deployments: [maker('api', 'web')] }, undefined],
  ['another one scaled to 0', { deployments: [maker('db', 'db', 0)] }, undefined],
])('a service without pods: %s', async (_what, makers, scaledDown) => {
  const place = await namespaceOf({ services: [service('web', 'web')], ...makers })
  const seen = follow(place, { kind: 'service', name: 'web' })
  await until(() => seen.length > 0)
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({ kind: 'seen', pods: [], ...(scaledDown && { scaledDown }) })
  expect('scaledDown' in (seen[0] ?? {})).toBe(scaledDown !== undefined)
})

/** A service of one pod, whose makers are listed when they are let. */
async function withPod(
  refuse?: Parameters<typeof namespaceOf>[1],
): Promise<{ readonly place: Place; readonly seen: Picture[]; readonly pod: object; readonly say: (type: string, object: object) => void }> {
  const pod = { metadata: { name: 'web-1', uid: 'u', labels: { app: 'web' } }, spec: { containers: [] }, status: { phase: 'Running' } }
  const place = await namespaceOf({ services: [service('web', 'web')], deployments: [maker('api', 'web', 0)], pods: [pod] }, refuse)
  const seen = follow(place, { kind: 'service', name: 'web' })
  await until(() => place.watches('pods').length > 0)
  const say = (type: string, object: object): void => {
    for (const watch of place.watches('pods')) watch.write(`${JSON.stringify({ type, object })}\n`)
  }
  return { place, seen, pod, say }
}

test('that the last pod ended and went is told with why, each time', async () => {
  const { seen, pod, say } = await withPod()
  say('MODIFIED', { ...pod, status: { phase: 'Succeeded' } })
  await until(() => seen.length > 2)
  say('DELETED', pod)
  await until(() => seen.length > 3)
  const scaledDown = { kind: 'deployment', name: 'api' }
  expect(seen).toEqual([
    expect.objectContaining({ pods: [expect.objectContaining({ name: 'web-1' })] }),
    expect.not.objectContaining({ scaledDown }),
    expect.objectContaining({ pods: [expect.objectContaining({ phase: 'Succeeded' })], scaledDown }),
    expect.objectContaining({ pods: [], scaledDown }),
  ])
})

test('that a pod went is told before anybody knows why: it would be dialled meanwhile', async () => {
  const held: ServerResponse[] = []
  const { seen, pod, say } = await withPod((_plural, response) => held.push(response) > 0)
  say('DELETED', pod)
  await until(() => seen.length > 1 && held.length === 2)
  expect(seen[1]).toMatchObject({ kind: 'seen', pods: [] })
})

test('who may not list the makers of pods sees a service without pods', async () => {
  const place = await namespaceOf({ services: [service('web', 'web')], deployments: [maker('api', 'web', 0)] }, forbidden)
  const seen = follow(place, { kind: 'service', name: 'web' })
  await until(() => seen.length > 0)
  expect(seen).toEqual([expect.not.objectContaining({ scaledDown: expect.anything() })])
})

test('a service with pods asks for nothing else', async () => {
  const pod = { ...named('web-1', { containers: [] }), metadata: { name: 'web-1', uid: 'u', labels: { app: 'web' } } }
  const place = await namespaceOf({ services: [service('web', 'web')], pods: [pod] })
  const seen = follow(place, { kind: 'service', name: 'web' })
  await until(() => seen.length > 0)
  expect(place.lists()).toEqual([])
})

test.each<[TargetRef, object, object]>([
  [{ kind: 'deployment', name: 'api' }, { deployments: [maker('api', 'web', 0)] }, { kind: 'deployment', name: 'api' }],
  [{ kind: 'prefix', of: 'deployment', prefix: 'ap' }, { deployments: [maker('api', 'web', 0)] }, { kind: 'deployment', name: 'api' }],
  [
    { kind: 'replicaset', name: 'api-77' },
    { replicasets: [{ metadata: { name: 'api-77', ownerReferences: [{ kind: 'Deployment', name: 'api', controller: true }] }, spec: { replicas: 0 } }] },
    { kind: 'replicaset', name: 'api-77', owner: 'deployment/api' },
  ],
])('what is scaled to 0 itself needs no other question: %j', async (target, objects, scaledDown) => {
  const place = await namespaceOf(objects as Readonly<Record<string, readonly object[]>>)
  const seen = follow(place, target)
  await until(() => seen.length > 0)
  expect(seen[0]).toMatchObject({ kind: 'seen', replicas: 0, scaledDown })
  expect(place.lists()).toEqual([])
})

test('of an object that is gone it is told which of its pods still run, each time that one ends', async () => {
  const [web, other] = ['web', 'other'].map((app) => ({ metadata: { name: `${app}-1`, uid: app, labels: { app } }, status: { phase: 'Running' } }))
  const objects = { services: [service('web', 'web')], pods: [web, other] as object[] }
  const place = await namespaceOf(objects, forbidden)
  const seen = follow(place, { kind: 'service', name: 'web' })
  await until(() => seen.length === 1 && ['services', 'pods'].every((plural) => place.watches(plural).length === 1))
  const gone = (plural: string, object: unknown): unknown => place.watches(plural)[0]?.write(`${JSON.stringify({ type: 'DELETED', object })}\n`)
  gone('services', objects.services[0])
  await until(() => seen.length === 2)
  expect(seen[1]).toMatchObject({ code: 'KPF_OBJECT_MISSING', living: ['web'] })
  gone('pods', other)
  gone('pods', web)
  await until(() => seen.length === 3)
  expect(seen[2]).toMatchObject({ code: 'KPF_OBJECT_MISSING', living: [] })
})
