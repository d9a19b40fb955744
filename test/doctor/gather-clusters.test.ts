/** What is asked of an API server, and how often. */
import { expect, test } from 'vitest'
import { gatherClusters } from '../../src/doctor/gather-clusters.ts'
import { json, LoopbackServer } from '../cluster-client/loopback-server.ts'
import { worldOf } from '../cluster-client/world.ts'
import { forward } from '../supervisor/forwards.ts'

async function asking(answer: (path: string) => object | undefined): Promise<{ server: LoopbackServer; parts: Parameters<typeof gatherClusters>[2] }> {
  const server = await LoopbackServer.start()
  server.answer = (request, response) => {
    const found = answer(request.url ?? '')
    json(response, found === undefined ? 404 : 200, found ?? { kind: 'Status', message: `namespaces "shop" not found` })
  }
  const { clusters, clock } = worldOf(server)
  return { server, parts: { clusters, clock, env: {}, signal: new AbortController().signal } }
}

const yes = { status: { allowed: true } }
const list = { metadata: { resourceVersion: '1' }, items: [] }

test('forwards with the same questions ask them once', async () => {
  const { server, parts } = await asking((path) => {
    if (path === '/version') return { minor: '36', gitVersion: 'v1.36.0' }
    if (path.includes('selfsubjectaccessreviews')) return yes
    return path.includes('selfsubjectreviews') ? { status: { userInfo: { username: 'ada' } } } : list
  })
  const { clusters, forwards } = await gatherClusters([forward('a', 8080), forward('b', 8081), forward('c', 8082)], {}, parts)
  expect(clusters).toMatchObject([{ contextName: 'dev', version: { text: 'v1.36.0', minor: 36 }, self: { user: 'ada' } }])
  expect(forwards.map(({ permissions }) => permissions.every(({ isAllowed }) => isAllowed))).toEqual([true, true, true])
  const counts = Object.groupBy(server.asked, (line) => line.replace(/\?.*$/, ''))
  expect(counts['GET /version']?.length).toBe(1)
  expect(counts['GET /api/v1/namespaces/shop']?.length).toBe(1)
  expect(counts['POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews']?.length).toBe(6)
  expect(server.asked.some((line) => line.includes('portforward'))).toBe(false)
})

test('a namespace that is not there is known from a plain 404 only', async () => {
  const { parts } = await asking((path) => (path === '/api/v1/namespaces/shop' ? undefined : { ...list, ...yes, minor: '36' }))
  const { forwards } = await gatherClusters([forward('a', 8080)], {}, parts)
  expect(forwards[0]).toMatchObject({ isReached: true, hasNamespace: false, picked: { code: 'KPF_OBJECT_MISSING' } })
})

test('the clock of the server is compared with ours', async () => {
  const { server, parts } = await asking(() => ({ minor: '36' }))
  const inner = server.answer
  server.answer = (request, response) => {
    response.setHeader('date', 'Thu, 01 Jan 2026 00:05:00 GMT')
    inner(request, response)
  }
  expect((await gatherClusters([], {}, parts)).clusters).toMatchObject([{ skewMs: 300_000 }])
})

test('when the time is over what was not answered is told so', async () => {
  const server = await LoopbackServer.start()
  server.answer = () => {}
  const { clusters, clock } = worldOf(server)
  const over = new AbortController()
  const gathering = gatherClusters([forward('a', 8080)], {}, { clusters, clock, env: {}, signal: over.signal })
  over.abort()
  expect(await gathering).toMatchObject({ clusters: [{ version: { code: 'KPF_CLUSTER_TIMEOUT' } }], forwards: [{ isReached: false }] })
})
