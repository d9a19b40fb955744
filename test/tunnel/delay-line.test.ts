import { expect, test } from 'vitest'
import { DelayLine } from '../../src/tunnel/delay-line.ts'
import { HandClock } from '../fake/clock.ts'

test('each item is due after its own time, with one sleeper for all', async () => {
  const clock = new HandClock()
  const due: string[] = []
  const line = new DelayLine<string>(clock, 100, (item) => due.push(`${item} ${clock.now()}`))
  line.add('a')
  await clock.advance(40)
  line.add('b')
  line.add('c')
  expect(clock.waiting).toBe(1)
  line.delete('b')
  await clock.advance(200)
  expect(due).toEqual(['a 100', 'c 140'])
  line.add('d')
  await clock.advance(100)
  expect(due.at(-1)).toBe('d 340')
})

test('a line without items keeps no timer', async () => {
  const clock = new HandClock()
  const line = new DelayLine<string>(clock, 100, () => {})
  line.add('a')
  line.delete('a')
  expect(clock.waiting).toBe(0)
  line.add('b')
  line.stop()
  expect(clock.waiting).toBe(0)
})
