import { expect, test } from 'vitest'
import { Budget } from '../../src/supervisor/budget.ts'
import { HandClock } from '../fake/clock.ts'

function make(maxOpen: number): { budget: Budget; told: string[]; clock: HandClock } {
  const told: string[] = []
  const clock = new HandClock()
  return { budget: new Budget(maxOpen, { clock, warn: ({ code, message }) => told.push(`${code} ${message}`) }), told, clock }
}

function times(count: number, act: () => unknown): void {
  for (let left = count; left > 0; left--) act()
}

test('at 70 % of the limit one warning; again only after it fell below 50 %', () => {
  const { budget, told } = make(100)
  times(69, () => budget.take())
  expect(told).toEqual([])
  times(21, () => budget.take())
  expect(told).toEqual(['KPF_CONNECTIONS_HIGH 70 connections of the process are open; at 100 new ones are reset'])
  times(40, () => budget.give())
  times(30, () => budget.take())
  expect(told).toHaveLength(1)
  times(31, () => budget.give())
  times(21, () => budget.take())
  expect(told).toHaveLength(2)
})

test('over the limit there is no room, which is said once and then counted', async () => {
  const { budget, told, clock } = make(4)
  times(4, () => expect(budget.take()).toBe(true))
  told.length = 0
  times(20, () => expect(budget.take()).toBe(false))
  expect(budget.open).toBe(4)
  await clock.advance(15 * 60_000)
  budget.take()
  expect(told).toEqual([
    'KPF_CONNECTION_LIMIT more than 4 connections of the process at once: new ones are reset',
    'KPF_CONNECTION_LIMIT more than 4 connections of the process at once: new ones are reset (19 more since this was last said)',
  ])
})
