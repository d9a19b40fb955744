/** A sleep of the machine and a change of its network are noticed, and nothing else is. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../../src/system/clock.ts'
import { networkNow, watchWakes } from '../../src/system/wakes.ts'
import { HandClock } from '../fake/clock.ts'

/** A clock by hand whose two faces can jump, as those of a machine do. */
class JumpingClock implements Clock {
  readonly hand = new HandClock()
  steadyMs = 0
  aheadMs = 0

  now(): number {
    return this.hand.now() + this.steadyMs
  }

  wallMs(): number {
    return this.hand.wallMs() + this.steadyMs + this.aheadMs
  }

  sleep(ms: number, signal: AbortSignal): Promise<boolean> {
    return this.hand.sleep(ms, signal)
  }
}

let clock: JumpingClock
let place: string
let woken: number
let over: AbortController

beforeEach(() => {
  clock = new JumpingClock()
  place = '10.0.0.2/24'
  woken = 0
  over = new AbortController()
  void watchWakes({ clock, network: () => place }, () => woken++, over.signal)
})
afterEach(async () => {
  over.abort()
  await clock.hand.advance(1_000)
  expect(clock.hand.waiting).toBe(0)
})

test('an hour in which nothing happens is no wake', async () => {
  await clock.hand.advance(3_600_000)
  expect(woken).toBe(0)
})

test('a wall clock that went on while the steady one stood is a sleep of Linux, told once, within a second', async () => {
  await clock.hand.advance(5_000)
  clock.aheadMs += 600_000
  await clock.hand.advance(1_000)
  expect(woken).toBe(1)
  await clock.hand.advance(60_000)
  expect(woken).toBe(1)
})

test('a look that comes minutes late is a sleep of macOS, or a process that was stopped', async () => {
  clock.steadyMs += 240_000
  await clock.hand.advance(1_000)
  expect(woken).toBe(1)
})

test('a clock that is corrected by a second, and a look that is two seconds late, are no sleep', async () => {
  clock.aheadMs -= 1_000
  await clock.hand.advance(1_000)
  clock.steadyMs += 1_900
  await clock.hand.advance(1_000)
  expect(woken).toBe(0)
})

test('another network is told when it is there, not when the old one goes', async () => {
  place = ''
  await clock.hand.advance(5_000)
  expect(woken).toBe(0)
  place = '192.168.1.7/24'
  await clock.hand.advance(5_000)
  expect(woken).toBe(1)
  place = '192.168.1.7/24,10.8.0.3/32'
  await clock.hand.advance(5_000)
  expect(woken).toBe(2)
})

test('the machine tells its addresses, the same while nothing changes', () => {
  expect(networkNow()).toBe(networkNow())
  expect(networkNow()).not.toMatch(/127\.0\.0\.1|::1|fe80/)
})
