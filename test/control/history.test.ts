/** What is kept of what was told. */
import { expect, test } from 'vitest'
import { History } from '../../src/control/history.ts'
import type { State, Status } from '../../src/supervisor/events.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { forward } from '../supervisor/forwards.ts'
import { eventAt, START_MS } from './world.ts'

const history = (): History => new History(isoTime, (name) => forward(name, 8080))
const head = (seq: number): { seq: number; time: string } => ({ seq, time: isoTime(START_MS + seq * 1000) })

test('events are given from a number on, and from a time on', () => {
  const told = history()
  for (let seq = 1; seq <= 5; seq++) told.hear(eventAt(seq))
  const numbers = (after: number): unknown => {
    const events = told.after(after)
    return events === 'gone' ? events : events.map(({ seq }) => seq)
  }
  expect([numbers(0), numbers(3), numbers(5), numbers(9)]).toEqual([[1, 2, 3, 4, 5], [4, 5], [], []])
  expect([told.seqBefore(isoTime(START_MS + 3000)), told.seqBefore(isoTime(START_MS)), told.seqBefore(isoTime(START_MS + 60_000))]).toEqual([2, 0, 5])
})

test('of many events the last are kept, and their numbers have no gap', () => {
  const told = history()
  for (let seq = 1; seq <= 30_000; seq++) told.hear(eventAt(seq))
  expect(told.after(0)).toBe('gone')
  const kept = told.after(30_000 - 8_000)
  expect(kept === 'gone' ? kept : kept.length).toBe(8_000)
})

test('lines of the log are filtered by how bad they are, by name, and from the end', () => {
  const told = history()
  const status = { phase: 'ready', attempt: 0, listeners: ['127.0.0.1:8080'], pod: 'api-1' } as const
  told.hear({ ...head(1), type: 'forward-state-changed', forward: 'api', from: 'starting', to: 'ready', status: { ...status, state: 'ready' } })
  told.hear({ ...head(2), type: 'connection-accepted', forward: 'api', localPort: 8080 })
  told.hear({
    ...head(3),
    type: 'forward-state-changed',
    forward: 'db',
    from: 'starting',
    to: 'failed',
    status: { ...status, state: 'failed', phase: 'auth', message: 'no' },
  })
  told.hear({ ...head(4), type: 'stopping', busy: 0, deadlineMs: 0 })
  const text = (filter: Partial<Parameters<History['lines']>[0]>): readonly string[] =>
    told.lines({ level: 'info', since: undefined, tail: undefined, names: [], ...filter }).map((line) => line.text)
  expect(text({})).toEqual(['api: ready on 127.0.0.1:8080 (svc/api:80, pod api-1)', 'db: failed: no', 'stopping'])
  expect(text({ level: 'warning' })).toEqual(['db: failed: no'])
  expect(text({ names: ['api'] })).toHaveLength(1)
  expect(text({ tail: 1 })).toEqual(['stopping'])
  expect(text({ tail: 0 })).toEqual([])
  expect(text({ since: isoTime(START_MS + 3000) })).toHaveLength(2)
})

test('lines are given from an event on, to a reader who was there', () => {
  const told = history()
  for (let seq = 1; seq <= 30_000; seq++) told.hear(eventAt(seq))
  const after = (seq: number): number | 'gone' => {
    const lines = told.linesAfter(seq, { level: 'warning', since: undefined, tail: 0, names: [] })
    return lines === 'gone' ? lines : lines.length
  }
  expect([after(30_000), after(29_990), after(26_000), after(20_000)]).toEqual([0, 10, 4_000, 'gone'])
})

test('a tunnel that was lost or moved counts as a restart; a first start does not', () => {
  const told = history()
  const status = { state: 'waiting', phase: 'backoff', attempt: 1, listeners: [] } as const
  told.hear({ ...head(1), type: 'forward-state-changed', forward: 'api', from: 'starting', to: 'waiting', status })
  expect(told.restarts('api')).toBe(0)
  told.hear({ ...head(2), type: 'forward-state-changed', forward: 'api', from: 'ready', to: 'waiting', status })
  told.hear({ ...head(3), type: 'forward-moved', forward: 'api', draining: 0, from: { pod: 'a' }, to: { pod: 'b' }, why: 'lost' })
  expect(told.restarts('api')).toBe(2)
})

test('a tunnel that fell silent before it was lost counts once', () => {
  const told = history()
  const change = { type: 'forward-state-changed', forward: 'api' } as const
  const at = (state: State): Status => ({ state, phase: 'backoff', attempt: 0, listeners: [] })
  told.hear({ ...head(1), ...change, from: 'ready', to: 'degraded', status: at('degraded') })
  expect(told.restarts('api')).toBe(0)
  told.hear({ ...head(2), ...change, from: 'degraded', to: 'waiting', status: at('waiting') })
  told.hear({ ...head(3), ...change, from: 'waiting', to: 'ready', status: at('ready') })
  expect(told.restarts('api')).toBe(1)
})
