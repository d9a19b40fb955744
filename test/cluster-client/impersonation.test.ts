import { expect, test } from 'vitest'
import type { ClusterAccess } from '../../src/cluster/cluster-api.ts'
import { impersonationHeaders } from '../../src/cluster/impersonation.ts'
import { json, LoopbackServer } from './loopback-server.ts'
import { type World, worldOf } from './world.ts'

async function start(user: object): Promise<{ server: LoopbackServer; world: World; ask: (access?: ClusterAccess) => Promise<string> }> {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => json(response, 200, {})
  const world = worldOf(server, { user: { token: 'tok', ...user } })
  const ask = async (access: ClusterAccess = {}): Promise<string> => {
    const cluster = await world.clusters.open(access)
    if ('code' in cluster) return `${cluster.code}: ${cluster.message}`
    const answer = await cluster.request({ method: 'GET', path: '/version', signal: new AbortController().signal })
    return answer.kind
  }
  return { server, world, ask }
}

/** The headers of the last request that name somebody. */
function who(server: LoopbackServer): object {
  const entries = Object.entries(server.headers.at(-1) ?? {}).filter(([name]) => name.startsWith('impersonate-') || name === 'authorization')
  return Object.fromEntries(entries)
}

test('the kubeconfig acts as a user with uid, groups and extras', async () => {
  const { server, ask } = await start({
    as: 'jane',
    'as-uid': '42',
    'as-groups': ['dev', 'ops'],
    'as-user-extra': { 'acme.io/team': ['red', 'blue'], 'a%b': ['x'] },
  })
  expect(await ask()).toBe('json')
  expect(who(server)).toEqual({
    authorization: 'Bearer tok',
    'impersonate-user': 'jane',
    'impersonate-uid': '42',
    'impersonate-group': 'dev, ops',
    'impersonate-extra-acme.io%2fteam': 'red, blue',
    'impersonate-extra-a%25b': 'x',
  })
})

test('what an access says takes the place of all that the kubeconfig says', async () => {
  const { server, ask } = await start({ as: 'jane', 'as-uid': '42', 'as-groups': ['dev'] })
  await ask({ as: 'bob', asGroups: ['qa'] })
  expect(who(server)).toEqual({ authorization: 'Bearer tok', 'impersonate-user': 'bob', 'impersonate-group': 'qa' })
})

test('another user is another cluster, and an edit of the kubeconfig makes one', async () => {
  const { server, world } = await start({ as: 'jane' })
  const jane = await world.clusters.open({})
  expect(await world.clusters.open({ as: 'jane' })).toBe(jane)
  expect(await world.clusters.open({ as: 'bob' })).not.toBe(jane)
  world.use(`http://127.0.0.1:${server.port}`, { user: { token: 'tok' } })
  await world.clusters.refresh()
  expect(await world.clusters.open({})).not.toBe(jane)
})

test.each([
  [{ 'as-groups': ['dev'] }, /^KPF_KUBECONFIG: user "me" of the kubeconfig has as-uid, as-groups or as-user-extra, but no "as"$/],
  [{ as: 'x\r\nAuthorization: y' }, /^KPF_KUBECONFIG: the names that user "me" of the kubeconfig acts as hold control characters$/],
])('%j cannot be asked for', async (user, expected) => {
  const { ask } = await start(user)
  expect(await ask()).toMatch(expected)
})

test('a name outside of ASCII travels as UTF-8, and so does the key of an extra', () => {
  const headers = impersonationHeaders({ user: 'Zoë', groups: [], extra: { 'é/x': ['ü'] } })
  expect(headers).toEqual({ 'Impersonate-User': 'Zo\u00c3\u00ab', 'Impersonate-Extra-%C3%A9%2Fx': ['\u00c3\u00bc'] })
})
