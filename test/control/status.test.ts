/** The status, held to its schema. */
import { expect, test } from 'vitest'
import { statusBody } from '../../src/control/status.ts'
import { portUrl } from '../../src/file/references.ts'
import type { Status } from '../../src/supervisor/events.ts'
import type { Row } from '../../src/supervisor/supervisor.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { forward } from '../supervisor/forwards.ts'
import { fits } from './status-schema.ts'
import { START_MS, status } from './world.ts'

const traffic = { open: 1, draining: 0, held: 0, served: 5, failed: 0 }

function row(name: string, changes: Partial<Status>): Row {
  return {
    spec: forward(name, 8080),
    sinceMs: 1_000,
    traffic,
    status: { state: 'ready', phase: 'ready', attempt: 0, listeners: ['127.0.0.1:8080'], ...changes },
  }
}

const facts = { ...status([]), wallAt: (ms: number) => isoTime(START_MS + ms), restarts: () => 3, urlOf: portUrl }
const project = { name: 'shop', forwards: ['db', 'api', 'old'].map((name) => forward(name, 8080)), settings: { concurrency: 8, watchDebounceMs: 100 } }

test('every forward of the file is there once, in its order, those that rest as stopped', () => {
  const rows = [
    row('api', { pod: 'api-1', image: 'shop/api:1' }),
    row('db', { state: 'waiting', phase: 'cluster-down', reason: 'KPF_CLUSTER_UNREACHABLE', message: 'refused', nextRetryAtMs: 5_000, listeners: [] }),
    row('api', { state: 'stopping', phase: 'draining' }),
    row('gone', { state: 'stopping', phase: 'draining' }),
  ]
  const body = statusBody({ nowMs: 0, generation: 4, rows }, project, facts)
  expect(fits(JSON.parse(JSON.stringify(body))), JSON.stringify(fits.errors)).toBe(true)
  expect(body.forwards.map(({ name, state }) => `${name} ${state}`)).toEqual(['db waiting', 'api ready', 'old stopped', 'gone stopping'])
  expect(body.forwards[0]).toMatchObject({ nextRetryAt: '2026-01-01T00:00:05.000Z', since: '2026-01-01T00:00:01.000Z', restarts: 3, target: 'svc/api:80' })
})

test('a context or a namespace that the file leaves open is the one that was found, once it was', () => {
  const place = { context: 'kind-dev', namespace: 'default' }
  const named = { ...row('api', { place }), spec: forward('api', 8080, { access: { context: 'kind-dev', namespace: 'shop' } }) }
  const rows = [row('db', { place }), { ...named, status: { ...named.status, place: { ...place, namespace: 'shop' } } }, row('old', {})]
  const body = statusBody({ nowMs: 0, generation: 4, rows }, project, facts)
  expect(fits(JSON.parse(JSON.stringify(body))), JSON.stringify(fits.errors)).toBe(true)
  expect(body.forwards.map(({ name, context, namespace }) => [name, context, namespace])).toEqual([
    ['db', 'kind-dev', 'default'],
    ['api', 'kind-dev', 'shop'],
    ['old', undefined, undefined],
  ])
})
