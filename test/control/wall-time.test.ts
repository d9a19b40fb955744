import { expect, test } from 'vitest'
import { wallTimes } from '../../src/control/wall-time.ts'

const YEAR_MS = Date.UTC(2026, 0, 1)

/** Two clocks, each moved by hand. */
function clocks(): { nowMs: number; wallMs: number; wallAt: (clockMs: number) => string } {
  const at = { nowMs: 1_000, wallMs: YEAR_MS }
  const wallAt = wallTimes({ now: () => at.nowMs, wallMs: () => at.wallMs, sleep: () => Promise.resolve(true) })
  return Object.assign(at, { wallAt })
}

test('a moment is called the same although the wall clock counts whole milliseconds only', () => {
  const at = clocks()
  const first = at.wallAt(500)
  for (const [now, wall] of [
    [1_000.9, YEAR_MS],
    [1_001.2, YEAR_MS + 1],
    [61_000.4, YEAR_MS + 60_001],
  ] as const) {
    Object.assign(at, { nowMs: now, wallMs: wall })
    expect(at.wallAt(500)).toBe(first)
  }
  expect(first).toBe('2025-12-31T23:59:59.500Z')
})

test('a wall clock that was set, or that went on while the machine slept, is believed', () => {
  const at = clocks()
  at.wallMs += 3_600_000
  expect(at.wallAt(1_000)).toBe('2026-01-01T01:00:00.000Z')
})
