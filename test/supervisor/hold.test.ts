import { expect, test } from 'vitest'
import { type HoldFacts, mayHold } from '../../src/supervisor/hold.ts'

const facts: HoldFacts = {
  policy: { timeoutMs: 10_000, windowMs: 30_000, maxConnections: 64 },
  failed: false,
  nonComing: false,
  wasOpen: false,
  outageMs: 0,
  held: 0,
  heldInProcess: 0,
}

test.each<[string, Partial<HoldFacts>]>([
  ['hold', {}],
  ['hold', { outageMs: 29_999, held: 63, heldInProcess: 511 }],
  ['failed', { failed: true }],
  ['none-coming', { nonComing: true }],
  ['hold', { nonComing: true, wasOpen: true }],
  ['outage-too-long', { outageMs: 30_000 }],
  ['too-many', { held: 64 }],
  ['too-many', { heldInProcess: 512 }],
  ['outage-too-long', { policy: { timeoutMs: 0, windowMs: 0, maxConnections: 0 } }],
])('%s', (verdict, changes) => {
  expect(mayHold({ ...facts, ...changes })).toBe(verdict)
})
