import { expect, test } from 'vitest'
import { type BackoffPolicy, delayMs, failuresAfter } from '../../src/tunnel/backoff.ts'

const policy: BackoffPolicy = { initialMs: 200, factor: 2, maxMs: 15_000, jitter: 0.5, resetAfterMs: 30_000 }

test.each([
  // failures, longest (chance 0), shortest (chance just under 1)
  [0, 200, 100],
  [1, 400, 200],
  [6, 12_800, 6_400],
  [7, 15_000, 7_500],
  [1_000, 15_000, 7_500],
])('after %i failures the delay lies between half and whole of the ceiling', (failures, longestMs, shortestMs) => {
  expect(delayMs(policy, failures, 0)).toBe(longestMs)
  expect(delayMs(policy, failures, 0.999_999)).toBe(shortestMs)
})

test('without jitter chance has no say', () => {
  const exact = { ...policy, jitter: 0 }
  expect(delayMs(exact, 3, 0.7)).toBe(delayMs(exact, 3, 0.1))
})

test('a lane that merely connected keeps its failures; one that stayed open starts anew', () => {
  expect(failuresAfter(policy, 4, 29_999)).toBe(4)
  expect(failuresAfter(policy, 4, 30_000)).toBe(0)
})
