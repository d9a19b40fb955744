import { expect, test } from 'vitest'
import { type HoldFacts, MAX_HELD_IN_PROCESS, mayHold } from '../../src/supervisor/hold.ts'

const usual: HoldFacts = {
  policy: { timeoutMs: 10_000, windowMs: 30_000, maxConnections: 64 },
  failed: false,
  nonComing: false,
  wasOpen: false,
  outageMs: 0,
  held: 0,
  heldInProcess: 0,
}

test.each<[string, Partial<HoldFacts>, ReturnType<typeof mayHold>]>([
  ['starting', {}, 'hold'],
  ['failed', { failed: true, wasOpen: true }, 'failed'],
  ['no pod that is coming', { nonComing: true }, 'none-coming'],
  ['no pod that is coming, but one was served by', { nonComing: true, wasOpen: true }, 'hold'],
  ['a moment before the window ends', { outageMs: 29_999 }, 'hold'],
  ['the window is over', { outageMs: 30_000 }, 'outage-too-long'],
  ['the last place', { held: 63 }, 'hold'],
  ['no place in the forward', { held: 64 }, 'too-many'],
  ['the last place in the process', { heldInProcess: MAX_HELD_IN_PROCESS - 1 }, 'hold'],
  ['no place in the process', { heldInProcess: MAX_HELD_IN_PROCESS }, 'too-many'],
  ['hold: off', { policy: { timeoutMs: 10_000, windowMs: 30_000, maxConnections: 0 } }, 'too-many'],
  ['a window of nothing', { policy: { timeoutMs: 10_000, windowMs: 0, maxConnections: 64 } }, 'outage-too-long'],
])('%s', (_what, facts, expected) => {
  expect(mayHold({ ...usual, ...facts })).toBe(expected)
})
