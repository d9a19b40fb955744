import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import type { Picture, TargetRef } from '../../src/cluster/picture.ts'
import { advanceUntil, json, LoopbackServer, until } from './loopback-server.ts'
import { type World, worldOf } from './world.ts'

type Kind = 'pods' | 'services' | 'deployments' | 'endpointslices'

/** Lists and watches of a namespace, with objects put in by hand. */
class Api {
  readonly objects: Record<Kind, Map<string, object>> = { pods: new Map(), services: new Map(), deployments: new Map(), endpointslices: new Map() }
  readonly watches: { kind: Kind; response: ServerResponse; version: string }[] = []
  version = 100
  onWatch: (request: IncomingMessage, response: ServerResponse) => boolean = () => false
  onList: (request: IncomingMessage, response: ServerResponse) => boolean = () => false

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '', 'http://api')
    const kind = (['pods', 'services', 'deployments', 'endpointslices'] as const).find((name) => url.pathname.includes(`/namespaces/shop/${name}`))
    if (kind === undefined) return json(response, 404, { kind: 'Status', message: 'no such path' })
    if (url.searchParams.get('watch') !== 'true') {
      if (this.onList(request, response)) return
      return json(response, 200, { metadata: { resourceVersion: `${this.version}` }, items: [...this.objects[kind].values()] })
    }
    const watch = { kind, response, version: url.searchParams.get('resourceVersion') ?? '' }
    this.watches.push(watch)
    response.on('close', () => this.watches.splice(this.watches.indexOf(watch), 1))
    if (this.onWatch(request, response)) return
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
  }

  put(kind: Kind, name: string, rest: object, metadata: object = {}): void {
    const object = {
      ...rest,
      metadata: { name, namespace: 'shop', uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: `${++this.version}`, ...metadata },
    }
    const type = this.objects[kind].has(name) ? 'MODIFIED' : 'ADDED'
    this.objects[kind].set(name, object)
    this.say(kind, { type, object })
  }

  remove(kind: Kind, name: string): void {
    const object = this.objects[kind].get(name)
    this.objects[kind].delete(name)
    this.say(kind, { type: 'DELETED', object })
  }

  say(kind: Kind, event: object): void {
    for (const watch of this.watches) if (watch.kind === kind) watch.response.write(`${JSON.stringify(event)}\n`)
  }
}

const ready = (app: string): [object, object] => [
  {
    spec: { nodeName: 'n1', containers: [{ name: 'app', image: `${app}:1`, ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:05Z' }] },
  },
  { labels: { app } },
]

function show(picture: Picture): string {
  if (picture.kind === 'failure') return `${picture.code}: ${picture.message}`
  if (picture.kind === 'unknown') return 'unknown'
  const pods = picture.pods.map((pod) => `${pod.name}${pod.terminating ? ' terminating' : ''}${pod.trouble === undefined ? '' : ` (${pod.trouble})`}`)
  return [...pods, ...(picture.replicas === undefined ? [] : [`of ${picture.replicas}`])].join(', ') || 'no pods'
}

async function start(): Promise<{ api: Api; server: LoopbackServer; world: World }> {
  const server = await LoopbackServer.start()
  const api = new Api()
  server.answer = api.answer
  return { api, server, world: worldOf(server) }
}

/** Follows a target; `next` resolves with the picture that comes after those seen so far. */
async function follow(world: World, target: TargetRef): Promise<{ seen: string[]; next: () => Promise<string>; close: () => void }> {
  const cluster = await world.open()
  const seen: string[] = []
  let taken = 0
  const subscription = cluster.watchTarget({ namespace: 'shop', target }, (picture) => seen.push(show(picture)))
  const next = async (): Promise<string> => {
    await until(() => seen.length > taken)
    return seen[taken++] ?? ''
  }
  return { seen, next, close: () => subscription.close() }
}

test('a service and its pods are one picture, and each change makes another', async () => {
  const { api, world } = await start()
  api.put('services', 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } })
  api.put('pods', 'web-1', ...ready('web'))
  api.put('pods', 'other', ...ready('other'))
  const { next } = await follow(world, { kind: 'service', name: 'web' })
  expect(await next()).toBe('web-1')
  await until(() => api.watches.length === 2)
  api.put('pods', 'web-2', ...ready('web'))
  expect(await next()).toBe('web-1, web-2')
  const [pod, labels] = ready('web')
  api.put('pods', 'web-1', pod, { ...labels, deletionTimestamp: '2026-01-01T00:01:00Z' })
  expect(await next()).toBe('web-1 terminating, web-2')
  api.remove('pods', 'web-1')
  expect(await next()).toBe('web-2')
  api.put('services', 'web', { spec: { selector: { app: 'other' }, ports: [{ port: 80 }] } })
  expect(await next()).toBe('other')
})

test('a deployment that is missing is told, and found when it is made', async () => {
  const { api, world } = await start()
  api.put('pods', 'web-1', ...ready('web'))
  const { next } = await follow(world, { kind: 'deployment', name: 'web' })
  expect(await next()).toBe('KPF_OBJECT_MISSING: deployment "web" does not exist in namespace "shop"')
  await until(() => api.watches.length === 2)
  api.put('deployments', 'web', { spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } } })
  expect(await next()).toBe('web-1, of 1')
})

test('a service without a selector finds its pods by its endpoint slices', async () => {
  const { api, world } = await start()
  api.put('services', 'db', { spec: { ports: [{ port: 5432 }] } })
  api.put('pods', 'db-0', ...ready('db'))
  api.put('endpointslices', 'db-x', { endpoints: [{ targetRef: { kind: 'Pod', name: 'db-0' } }] }, { labels: { 'kubernetes.io/service-name': 'db' } })
  const { next } = await follow(world, { kind: 'service', name: 'db' })
  expect(await next()).toBe('db-0')
  await until(() => api.watches.length === 3)
  api.remove('endpointslices', 'db-x')
  expect(await next()).toMatch(/^KPF_NO_SELECTOR: service "db" has no selector/)
})

test('what ails a pod is in the picture', async () => {
  const { api, world } = await start()
  const crash = { restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1 } } }
  api.put('pods', 'p1', { status: { phase: 'Running', containerStatuses: [crash] } }, { labels: { app: 'x' } })
  api.put(
    'pods',
    'p2',
    { status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' }] } },
    { labels: { app: 'x' } },
  )
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app in (x)' })
  expect(await next()).toBe('p1 (CrashLoopBackOff, exit 1, 4 restarts), p2 (Unschedulable: 0/1 nodes are available)')
})

test('targets share their watches, and the last to leave ends them', async () => {
  const { api, server, world } = await start()
  const first = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  const second = await follow(world, { kind: 'selector', labelSelector: 'app=api' })
  await first.next()
  await second.next()
  await until(() => api.watches.length === 1)
  expect(server.asked.filter((line) => !line.includes('watch=true'))).toHaveLength(1)
  first.close()
  second.close()
  await until(() => api.watches.length === 0)
})

test('a target that left hears nothing more, even of the change that made it leave', async () => {
  const { api, world } = await start()
  const cluster = await world.open()
  const heard: string[] = []
  const other: { close(): void }[] = []
  const query = { namespace: 'shop', target: { kind: 'selector', labelSelector: 'app=web' } as const }
  cluster.watchTarget(query, (picture) => {
    if (picture.kind === 'seen' && picture.pods.length > 0) for (const subscription of other) subscription.close()
  })
  other.push(cluster.watchTarget(query, (picture) => heard.push(show(picture))))
  await until(() => api.watches.length === 1)
  api.put('pods', 'web-1', ...ready('web'))
  api.put('pods', 'web-2', ...ready('web'))
  await until(() => heard.length > 0 || api.version > 101)
  await until(() => api.watches.length === 1)
  expect(heard).toEqual(['no pods'])
})

test('a hundred services of their own still leave room for everything else', async () => {
  const { api, world } = await start()
  const followed = await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      api.put('services', `s${index}`, { spec: { selector: { app: 'x' }, ports: [{ port: 80 }] } })
      return follow(world, { kind: 'service', name: `s${index}` })
    }),
  )
  for (const { next } of followed) await next()
  await until(() => api.watches.length >= 64)
  const another = await follow(world, { kind: 'deployment', name: 'late' })
  expect(await another.next()).toMatch(/^KPF_OBJECT_MISSING/)
})

test('a watch that ends is taken up from where it was, at once and without a new list', async () => {
  const { api, server, world } = await start()
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  expect(await next()).toBe('no pods')
  await until(() => api.watches.length === 1)
  api.put('pods', 'web-1', ...ready('web'))
  expect(await next()).toBe('web-1')
  await world.clock.advance(10_000)
  api.watches[0]?.response.end()
  await until(() => api.watches.some(({ version }) => version === '101'))
  api.put('pods', 'web-2', ...ready('web'))
  expect(await next()).toBe('web-1, web-2')
  expect(server.asked.filter((line) => !line.includes('watch=true'))).toHaveLength(1)
})

test('a server that ends every watch at once is not asked in a circle', async () => {
  const { api, server, world } = await start()
  api.onWatch = (_request, response) => {
    response.writeHead(200).end()
    return true
  }
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  await next()
  await advanceUntil(world.clock, 0, turned(2_000))
  expect(server.asked.length).toBeLessThan(6)
})

test('410 Gone lists anew at once, but not in a circle', async () => {
  const { api, server, world } = await start()
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  await next()
  await until(() => api.watches.length === 1)
  api.onWatch = (_request, response) => {
    json(response, 410, { kind: 'Status', reason: 'Expired', code: 410 })
    return true
  }
  api.objects.pods.set('web-9', { ...ready('web')[0], metadata: { name: 'web-9', uid: 'u9', labels: { app: 'web' } } })
  api.say('pods', { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
  expect(await next()).toBe('web-9')
  await advanceUntil(world.clock, 0, turned(2_000))
  expect(server.asked.length).toBeLessThan(8)
})

test('a bookmark moves the place to go on from', async () => {
  const { api, world } = await start()
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  await next()
  await until(() => api.watches.length === 1)
  api.say('pods', { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7777' } } })
  api.put('pods', 'x', ...ready('web'))
  await next()
  api.say('pods', { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7778' } } })
  api.say('pods', { type: 'DELETED', object: { metadata: { name: 'x', uid: 'uid-x', resourceVersion: '7779' } } })
  await next()
  await world.clock.advance(10_000)
  api.watches[0]?.response.end()
  await until(() => api.watches.some(({ version }) => version === '7779'))
})

test('a watch that falls silent is dropped within a minute', async () => {
  const { api, world } = await start()
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  await next()
  await until(() => api.watches.length === 1)
  const first = api.watches[0]
  let advancedMs = 0
  while (api.watches[0] === first && advancedMs <= 60_000) {
    await world.clock.advance(1_000)
    advancedMs += 1_000
    await advanceUntil(world.clock, 0, turned(20))
  }
  expect(advancedMs).toBeLessThanOrEqual(60_000)
})

test('a watch that is never answered is given up and asked again', async () => {
  const { api, server, world } = await start()
  api.onWatch = () => true
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  await next()
  await until(() => server.asked.length === 2)
  await advanceUntil(world.clock, 1_000, () => server.asked.length >= 3 || world.clock.now() > 60_000)
  expect(world.clock.now()).toBeLessThanOrEqual(60_000)
})

test('where watching is forbidden the list is read every 30 s', async () => {
  const { api, server, world } = await start()
  api.onWatch = (_request, response) => {
    json(response, 403, { kind: 'Status', reason: 'Forbidden', message: 'pods is forbidden: User "dev" cannot watch resource "pods"' })
    return true
  }
  const { next, seen } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  expect(await next()).toBe('no pods')
  await until(() => server.asked.length === 2)
  api.put('pods', 'web-1', ...ready('web'))
  await advanceUntil(world.clock, 1_000, () => seen.length === 2)
  expect(world.clock.now()).toBeGreaterThanOrEqual(30_000)
  expect(world.clock.now()).toBeLessThanOrEqual(35_000)
  expect(await next()).toBe('web-1')
})

test('a pod that may be read but not listed is read by its name', async () => {
  const { api, world } = await start()
  api.onList = (request, response) => {
    const path = new URL(request.url ?? '', 'http://api').pathname
    if (path.endsWith('/pods/web-1')) json(response, 200, api.objects.pods.get('web-1') ?? {})
    else json(response, 403, { kind: 'Status', reason: 'Forbidden', message: 'cannot list resource "pods"' })
    return true
  }
  api.put('pods', 'web-1', ...ready('web'))
  const { next } = await follow(world, { kind: 'pod', name: 'web-1' })
  expect(await next()).toBe('web-1')
})

test('a server that is away changes nothing in the picture; Retry-After is kept to', async () => {
  const { api, server, world } = await start()
  api.put('pods', 'web-1', ...ready('web'))
  const { next, seen } = await follow(world, { kind: 'pod', name: 'web-1' })
  expect(await next()).toBe('web-1')
  await until(() => api.watches.length === 1)
  const busy = (_request: IncomingMessage, response: ServerResponse): boolean => {
    json(response, 429, {}, { 'retry-after': '3' })
    return true
  }
  api.onList = api.onWatch = busy
  const before = server.asked.length
  await world.clock.advance(10_000)
  api.watches[0]?.response.end()
  await until(() => server.asked.length === before + 1 && world.clock.waiting > 0)
  await world.clock.advance(2_900)
  await advanceUntil(world.clock, 0, turned(100))
  expect(server.asked.length).toBe(before + 1)
  expect(seen).toEqual(['web-1'])
})

test('a watch that is refused for its credentials is told, and so is a list that works again', async () => {
  const { api, world } = await start()
  api.put('pods', 'web-1', ...ready('web'))
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  expect(await next()).toBe('web-1')
  await until(() => api.watches.length === 1)
  const refuse = (_request: IncomingMessage, response: ServerResponse): boolean => {
    json(response, 401, { kind: 'Status', reason: 'Unauthorized' })
    return true
  }
  api.onWatch = refuse
  await world.clock.advance(10_000)
  api.watches[0]?.response.end()
  expect(await next()).toMatch(/^KPF_AUTH_REFUSED: /)
  api.onWatch = () => false
  await advanceUntil(world.clock, 1_000, () => api.watches.length === 1)
  expect(await next()).toBe('web-1')
})

test('when listing is forbidden the picture says so, in the words of the server', async () => {
  const { api, world } = await start()
  api.onList = (_request, response) => {
    json(response, 403, {
      kind: 'Status',
      reason: 'Forbidden',
      message: 'pods is forbidden: User "dev" cannot list resource "pods" in API group "" in the namespace "shop"',
    })
    return true
  }
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  expect(await next()).toMatch(/^KPF_FORBIDDEN: .*User "dev" cannot list resource "pods"/)
})

test('an event that comes in pieces is one event', async () => {
  const { api, world } = await start()
  const { next } = await follow(world, { kind: 'selector', labelSelector: 'app=web' })
  await next()
  await until(() => api.watches.length === 1)
  const [pod, metadata] = ready('web')
  const line = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: { ...pod, metadata: { name: 'wéb', uid: 'u', ...metadata } } })}\n`)
  for (const byte of line) api.watches[0]?.response.write(Buffer.of(byte))
  expect(await next()).toBe('wéb')
})

test('a closed cluster leaves no request, connection or timer', async () => {
  const { api, server, world } = await start()
  const { next } = await follow(world, { kind: 'service', name: 'web' })
  await next()
  await until(() => api.watches.length === 2)
  await world.clusters.close()
  await until(() => server.connections === 0)
  expect(world.clock.waiting).toBe(0)
})

/** True from the `turns`th question on. */
function turned(turns: number): () => boolean {
  let asked = 0
  return () => ++asked > turns
}
