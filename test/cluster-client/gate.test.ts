import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Gate } from '../../src/cluster/gate.ts'
import { failure } from '../../src/tunnel/failure.ts'
import { HandClock } from '../fake/clock.ts'

const down = failure('KPF_CLUSTER_UNREACHABLE', 'cluster unreachable (ECONNREFUSED k8s:6443)')

class World {
  readonly clock = new HandClock()
  readonly probedMs: number[] = []
  isUp = false
  answers = true
  entered = 0
  changes = 0
  readonly gate: Gate

  constructor(concurrency = 8) {
    this.gate = new Gate({
      clock: this.clock,
      chance: () => 0.5,
      concurrency,
      probe: async (signal) => {
        this.probedMs.push(this.clock.now())
        if (!this.answers) await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return this.isUp ? undefined : down
      },
    })
    this.gate.onChange(() => this.changes++)
  }

  async enter(count: number): Promise<void> {
    for (let index = 0; index < count; index++) void this.gate.enter(new AbortController().signal).then((isIn) => (this.entered += isIn ? 1 : 0))
    await setImmediate()
  }

  /** Three dials that could not reach the API server. */
  async fail(): Promise<void> {
    await this.enter(3)
    for (let index = 0; index < 3; index++) this.gate.done('unreachable')
    await setImmediate()
    this.entered = 0
  }
}

test('while the API server answers as many dials run as are allowed, the others wait', async () => {
  const world = new World(2)
  await world.enter(3)
  expect(world.entered).toBe(2)
  world.gate.done('reached')
  await setImmediate()
  expect(world.entered).toBe(3)
})

test('a gate that closes says why the last dial failed, before any probe was made', async () => {
  const world = new World()
  await world.enter(3)
  for (let index = 0; index < 3; index++) world.gate.done('unreachable', down)
  expect(world.probedMs).toEqual([])
  expect(world.gate.closedFor?.failure).toBe(down)
})

test('a start of fifty forwards on a healthy cluster is held back by nothing but the number in flight', async () => {
  const world = new World(8)
  await world.enter(50)
  for (let finished = 0; finished < 50; finished++) {
    world.gate.done('reached')
    await setImmediate()
  }
  expect(world.entered).toBe(50)
  expect(world.clock.now()).toBe(0)
})

test('three failures in a row close the gate; one that reached the server in between does not', async () => {
  const world = new World()
  await world.enter(5)
  for (const outcome of ['unreachable', 'unreachable', 'reached', 'unreachable', 'unreachable'] as const) world.gate.done(outcome)
  expect(world.gate.closedFor).toBeUndefined()
  await world.fail()
  expect(world.gate.closedFor).toMatchObject({ sinceMs: 0 })
  await world.enter(5)
  expect(world.entered).toBe(0)
})

test('one probe a second stands for all for 15 s, then the probes come further apart, never further than 15 s', async () => {
  const world = new World()
  await world.fail()
  await world.enter(500)
  await world.clock.advance(15_000)
  expect(world.probedMs.length).toBeGreaterThanOrEqual(14)
  expect(world.probedMs.length).toBeLessThanOrEqual(16)
  await world.clock.advance(120_000)
  const gaps = world.probedMs.slice(1).map((atMs, index) => atMs - (world.probedMs[index] ?? 0))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(15_000)
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500)
  expect(gaps.at(-1)).toBeGreaterThan(5_000)
})

test('when the server is back the dials are let through 16 a second', async () => {
  const world = new World(100)
  await world.fail()
  await world.enter(64)
  world.isUp = true
  await world.clock.advance(1_100)
  expect(world.gate.closedFor).toBeUndefined()
  expect(world.entered).toBeLessThanOrEqual(18)
  await world.clock.advance(1_000)
  expect(world.entered).toBeGreaterThan(18)
  expect(world.entered).toBeLessThanOrEqual(34)
  await world.clock.advance(3_000)
  expect(world.entered).toBe(64)
})

test('a probe that is never answered is ended and asked again', async () => {
  const world = new World()
  world.answers = false
  await world.fail()
  await world.clock.advance(30_000)
  expect(world.probedMs.length).toBeGreaterThanOrEqual(3)
  world.answers = world.isUp = true
  await world.clock.advance(30_000)
  expect(world.gate.closedFor).toBeUndefined()
})

test('probes that took long do not make the next ones come in a rush', async () => {
  const world = new World()
  world.answers = false
  await world.fail()
  await world.clock.advance(30_000)
  world.answers = true
  const before = world.probedMs.length
  await world.clock.advance(10_000)
  expect(world.probedMs.length - before).toBeLessThanOrEqual(11)
})

test('a kick probes now', async () => {
  const world = new World()
  await world.fail()
  world.isUp = true
  world.gate.kick()
  await world.clock.advance(0)
  expect(world.gate.closedFor).toBeUndefined()
  expect(world.changes).toBe(2)
})

test('the failure that is shown is the one the probe met', async () => {
  const world = new World()
  await world.fail()
  await world.clock.advance(1_500)
  expect(world.gate.closedFor?.failure.message).toBe('cluster unreachable (ECONNREFUSED k8s:6443)')
})

test('who stops waiting is let go, and a closed gate leaves no timer', async () => {
  const world = new World()
  await world.fail()
  const leaving = new AbortController()
  const left = world.gate.enter(leaving.signal)
  leaving.abort()
  expect(await left).toBe(false)
  const waiting = world.gate.enter(new AbortController().signal)
  world.gate.close()
  expect(await waiting).toBe(false)
  expect(world.clock.waiting).toBe(0)
})
