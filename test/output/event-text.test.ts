import { expect, test } from 'vitest'
import { eventLines } from '../../src/output/event-text.ts'
import type { Event } from '../../src/supervisor/events.ts'
import { forward, onLocalhost } from '../supervisor/forwards.ts'
import { events } from './events.ts'

const spec = { ...forward('api', 8080), ports: [onLocalhost(8080, 'http')] }

test('every event as a person reads it', () => {
  const text = events.map((event) => [`[${event.type}]`, ...eventLines(event, () => spec)].join('\n')).join('\n')
  expect(text).toMatchInlineSnapshot(`
    "[forward-state-changed]
    [forward-state-changed]
    api: ready on localhost:8080 (svc/api:http, pod api-1)
    [forward-state-changed]
    [forward-state-changed]
    api: waiting: connection refused by 10.0.0.1:6443
    [forward-state-changed]
    api: failed: may not create pods/portforward; ask for the role
    [forward-state-changed]
    [forward-state-changed]
    api: stopped
    [forward-state-changed]
    web: stopped: renamed to "shop"
    [forward-moved]
    api: moved to pod api-2, image 1.4.2 -> 1.5.0 (api-1 is ending; 2 connections finish there, 30 s at most)
    [forward-moved]
    api: moved to pod api-2 (api-1 is not ready; 1 connection finishes there, 30 s at most)
    [forward-moved]
    api: moved to pod api-2 (api-1 was lost)
    [forward-moved]
    api: moved to pod green (blue is gone or selected no more)
    [forward-moved]
    db: moved to pod db-0 in namespace shop of context prod (db-0 in namespace shop of context dev is left; 1 connection finishes there, 30 s at most)
    [forward-moved]
    db: moved to pod db-0 in namespace shop of context dev, which means another server or user now (db-0 of before is left)
    [config-applied]
    [config-applied]
    forwards.yaml applied: + cache  ~ shop (was "web")  ~ api (port 8080 -> 8081)  - legacy; 9 untouched
    [config-applied]
    forwards.yaml applied: nothing changed; 11 untouched
    [config-applied]
    by hand: - api; 10 untouched
    [config-rejected]
    forwards.yaml not applied, still running the one of 2026-01-01T10:41:07.000Z
    forwards.yaml:14:5 KPF_FIELD_UNKNOWN there is no field "prots"; did you mean "ports"?
    [config-rejected]
    forwards.yaml not applied
    forwards.yaml:14:5 KPF_FIELD_UNKNOWN there is no field "prots"; did you mean "ports"?
    [warning]
    api: warning: more than 512 connections of this forward at once: new ones are reset
    [warning]
    warning: no watcher is left; raise fs.inotify.max_user_watches
    [connection-accepted]
    [stopping]
    stopping
    [stopping]
    stopping; 1 busy connection, 10 s (again: now)
    [stopped]
    stopped: 3 forwards, 1,204 connections served, 0 failed, 1 reset at the end, 42 min
    [stopped]
    stopped: 1 forward, 1 connection served, 2 failed, 0 reset at the end, 12 s"
  `)
})

test('a forward that is ready and already gone has no line', () => {
  const [, ready] = events
  expect(ready && eventLines(ready, () => undefined)).toEqual([])
})

test('a time in a sentence is told as the reader has it', () => {
  const rejected = events.find(({ type }) => type === 'config-rejected')
  expect(
    rejected &&
      eventLines(
        rejected,
        () => undefined,
        (time) => `<${time}>`,
      )[0],
  ).toBe('forwards.yaml not applied, still running the one of <2026-01-01T10:41:07.000Z>')
})

test('each sentence is one line, whatever is in a message; of many mistakes the first twenty are told', () => {
  const problem = { file: 'forwards.yaml', line: 1, column: 2, code: 'KPF_X', message: 'one\n  two', fix: 'three\r\nfour' }
  const rejected = (count: number): Event => ({
    type: 'config-rejected',
    file: 'f',
    problems: Array.from({ length: count }, () => problem),
    runningSince: null,
    seq: 1,
    time: '',
  })
  expect(eventLines(rejected(1), () => undefined)).toEqual(['f not applied', 'forwards.yaml:1:2 KPF_X one two; three four'])
  expect(eventLines(rejected(23), () => undefined).slice(20)).toEqual(['forwards.yaml:1:2 KPF_X one two; three four', 'and 3 more: kpf check'])
  const warning: Event = { type: 'warning', forward: 'api', code: 'KPF_X', message: 'a\nb', hint: 'c\n\td', seq: 1, time: '' }
  expect(eventLines(warning, () => undefined)).toEqual(['api: warning: a b; c d'])
})
