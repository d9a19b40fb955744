import { expect, test } from 'vitest'
import { factLines, logLines, withClock } from '../../src/output/log-text.ts'

const clock = (time: string): string => `<${time.slice(11, 16)}>`
const time = '2026-01-01T10:44:40.000Z'

test('each sentence of a line has its time before it', () => {
  const text = 'forwards.yaml not applied, still running the one of 2026-01-01T10:41:07.123Z\nforwards.yaml:14:5 KPF_X no'
  expect(logLines({ time, text }, clock)).toEqual([
    '<10:44> forwards.yaml not applied, still running the one of <10:41>',
    '<10:44> forwards.yaml:14:5 KPF_X no',
  ])
})

test('on a terminal a sentence is folded between words, below its first', () => {
  const text = 'api: waiting: no ready pod; see: kubectl get pods\nsecond'
  expect(logLines({ time, text }, clock, 38)).toEqual(['<10:44> api: waiting: no ready pod;', '        see: kubectl get pods', '<10:44> second'])
})

test('times of others stay as they were written', () => {
  const foreign = 'x509: certificate has expired: current time 2026-01-01T10:41:07Z is after 2025-12-31T00:00:00.000000Z'
  expect(withClock(foreign, clock)).toBe(foreign)
})

test('above a table lines are folded between words, below the first word of the first', () => {
  expect(factLines('10:44:40', ['api: ready on localhost:8080', 'forwards.yaml:14:5 KPF_X there is no field "prots"'], 38)).toEqual([
    '10:44:40 api: ready on localhost:8080',
    '         forwards.yaml:14:5 KPF_X',
    '         there is no field "prots"',
  ])
  // In no room at all words still have some.
  expect(factLines('2026-01-01 10:44:40', ['one two three four five six seven'], 10)).toEqual([
    '2026-01-01 10:44:40 one two three four',
    '                    five six seven',
  ])
})
