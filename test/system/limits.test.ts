import { expect, test } from 'vitest'
import { connectionsFor, maxConnections } from '../../src/system/limits.ts'

test.each([
  [1_024, 768],
  ['4096', 3_225],
  ['unlimited', 52_377],
  [undefined, 768],
  [64, 16],
])('a soft limit of %s descriptors is room for %s connections', (soft, connections) => {
  expect(connectionsFor(soft)).toBe(connections)
})

test('this machine has room for some', () => {
  expect(maxConnections()).toBeGreaterThanOrEqual(16)
})
