import { expect, test } from 'vitest'
import { obstacle, type ObstacleFacts, obstacleWarning } from '../../src/supervisor/obstacle.ts'
import { Obstacles } from '../../src/supervisor/obstacles.ts'
import { failure } from '../../src/tunnel/failure.ts'
import type { LaneFacts } from '../../src/tunnel/pool.ts'

const away = failure('KPF_CLUSTER_UNREACHABLE', 'cluster unreachable')
const late = failure('KPF_CLUSTER_TIMEOUT', 'no answer')
const forbidden = failure('KPF_FORBIDDEN', 'may not list pods', { hint: 'ask for a role' })

function lane(state: LaneFacts['state'], more: Partial<LaneFacts> = {}): LaneFacts {
  return { state, sinceMs: 0, attempt: 0, openStreams: 0, bytesIn: 0, bytesOut: 0, ...more }
}

const good: ObstacleFacts = { lane: lane('open'), target: { kind: 'picked', pod: 'api-1' }, gate: undefined, next: undefined }

const rows: readonly (readonly [string, Partial<ObstacleFacts>, string | undefined])[] = [
  ['all is well', {}, 'none'],
  ['no lane serves: the state says it', { lane: lane('backoff', { failure: away }), gate: { failure: away, nextTryMs: 0 } }, undefined],
  ['no lane at all', { lane: undefined }, undefined],
  ['the watch is refused', { target: { kind: 'picked', pod: 'api-1', unseen: forbidden } }, 'KPF_FORBIDDEN'],
  ['the API server is away', { gate: { failure: away, nextTryMs: 0 } }, 'KPF_CLUSTER_UNREACHABLE'],
  ['the next pod is dialled', { next: lane('dialing', { attempt: 1 }) }, 'none'],
  ['the dial of the next pod is forbidden', { next: lane('refused', { attempt: 1, failure: forbidden }) }, 'KPF_FORBIDDEN'],
  ['the dial of the next pod failed once', { next: lane('backoff', { attempt: 1, failure: away }) }, 'none'],
  ['the dial of the next pod failed three times', { next: lane('backoff', { attempt: 3, failure: away }) }, 'KPF_CLUSTER_UNREACHABLE'],
]

test.each(rows)('%s', (_what, facts, expected) => {
  const found = obstacle({ ...good, ...facts })
  expect(typeof found === 'object' ? found.code : found).toBe(expected)
})

test('the warning has the remedy of the failure', () => {
  expect(obstacleWarning(forbidden)).toEqual({
    code: 'KPF_FORBIDDEN',
    message: 'open tunnels serve on, but the next one may fail: may not list pods',
    hint: 'ask for a role; all that is needed is printed by: kpf rbac',
  })
})

const [api, web, other] = [
  { spec: { name: 'api', access: {} } },
  { spec: { name: 'web', access: {} } },
  { spec: { name: 'other', access: { context: 'prod' } } },
]

test('what concerns the target of one forward is told with its name, for each', () => {
  const told: string[] = []
  const obstacles = new Obstacles(({ forward, code }) => told.push(`${forward} ${code}`))
  const unknown = failure('KPF_PORT_UNKNOWN', 'the service has no port 80')
  for (const forward of [api, web, api]) obstacles.found(forward, unknown)
  expect(told).toEqual(['api KPF_PORT_UNKNOWN', 'web KPF_PORT_UNKNOWN'])
})

test('one obstacle of a cluster is told once, whichever of its forwards it is in the way of, however it shows', () => {
  const told: string[] = []
  const obstacles = new Obstacles(({ code }) => told.push(code))
  obstacles.found(api, away)
  obstacles.found(web, late)
  obstacles.found(other, away)
  expect(told).toEqual(['KPF_CLUSTER_UNREACHABLE', 'KPF_CLUSTER_UNREACHABLE'])
  obstacles.gone(api)
  obstacles.found(api, away)
  expect(told).toHaveLength(2)
  obstacles.found(web, forbidden)
  obstacles.gone(api)
  obstacles.found(api, late)
  expect(told.slice(2)).toEqual(['KPF_FORBIDDEN', 'KPF_CLUSTER_TIMEOUT'])
})

test('a right that is gone is told once for a namespace, whichever of its pods are dialled', () => {
  const told: string[] = []
  const obstacles = new Obstacles(({ message }) => told.push(message))
  const mayNot = (pod: string) => failure('KPF_FORBIDDEN', `needs create on pods/portforward for ${pod}`, { hint: 'ask for create on pods/portforward' })
  obstacles.found(api, mayNot('api-1'))
  obstacles.found(web, mayNot('web-1'))
  obstacles.found(web, mayNot('web-2'))
  expect(told).toHaveLength(1)
  obstacles.found({ spec: { name: 'far', access: { namespace: 'far' } } }, mayNot('far-1'))
  obstacles.found(web, failure('KPF_FORBIDDEN', 'may not list pods', { hint: 'ask for list on pods' }))
  expect(told).toHaveLength(3)
})
