import { expect, test } from 'vitest'
import { CountedWarnings } from '../../src/supervisor/counted-warnings.ts'
import { HandClock } from '../fake/clock.ts'

test('each code is said at once, then counted, and the count is said with the next', async () => {
  const clock = new HandClock()
  const said: string[] = []
  const warnings = new CountedWarnings(clock, ({ message }) => said.push(message))
  const note = (code: string): void => warnings.note({ code, message: code })
  for (const code of ['KPF_A', 'KPF_A', 'KPF_B', 'KPF_A']) note(code)
  await clock.advance(15 * 60_000)
  for (const code of ['KPF_A', 'KPF_B']) note(code)
  expect(said).toEqual(['KPF_A', 'KPF_B', 'KPF_A (2 more since this was last said)', 'KPF_B'])
})

test('a forward that fails in two ways all the time has no more than ten lines in any hour', async () => {
  const clock = new HandClock()
  const saidMs: number[] = []
  const warnings = new CountedWarnings(clock, () => saidMs.push(clock.now()))
  for (let minute = 0; minute < 180; minute++) {
    for (const code of ['KPF_A', 'KPF_B']) warnings.note({ code, message: '' })
    await clock.advance(60_000)
  }
  const most = Math.max(...saidMs.map((start) => saidMs.filter((atMs) => atMs >= start && atMs <= start + 3_600_000).length))
  expect(most).toBeLessThanOrEqual(10)
})
