/** One text for many who ask at once, and never one of the past. */
import { expect, test } from 'vitest'
import type { DriftBody } from '../../src/control/drift.ts'
import { SharedStatus } from '../../src/control/shared-status.ts'
import { HandClock } from '../fake/clock.ts'
import { status } from './world.ts'

/** A project that counts how often it is asked; looks at the machine end when the test says so. */
class Desk {
  readonly clock = new HandClock()
  readonly shared = new SharedStatus(this, this.clock)
  readonly looks: ((found: readonly DriftBody[]) => void)[] = []
  seq = 0

  status(): ReturnType<typeof status> {
    return { ...status(), seq: ++this.seq }
  }

  drift(): Promise<readonly DriftBody[]> {
    const { promise, resolve } = Promise.withResolvers<readonly DriftBody[]>()
    this.looks.push(resolve)
    return promise
  }
}

const seqOf = (text: Buffer): unknown => JSON.parse(text.toString()).seq
const found: DriftBody = { kind: 'program', message: 'kpf on this machine is newer than the one that runs', hint: 'kpf down' }

test('those who ask in one turn of the loop get one text; the next turn makes its own', async () => {
  const { clock, shared } = new Desk()
  expect([shared.now(), shared.now(), shared.now()].map(seqOf)).toEqual([1, 1, 1])
  await clock.advance(0)
  expect(seqOf(shared.now())).toBe(2)
})

test('what was asked to change is in the next text, in the same turn too', () => {
  const { shared } = new Desk()
  shared.now()
  shared.forget()
  expect(seqOf(shared.now())).toBe(2)
})

test('who asks during a look at the machine waits for one that begins after the question, together with the others', async () => {
  const desk = new Desk()
  const first = desk.shared.withDrift()
  const later = [desk.shared.withDrift(), desk.shared.withDrift()]
  expect(desk.looks.length).toBe(1)
  desk.looks[0]?.([])
  expect(JSON.parse((await first).toString())).not.toHaveProperty('drift')
  await expect.poll(() => desk.looks.length).toBe(2)
  desk.looks[1]?.([found])
  const [one, other] = await Promise.all(later)
  expect(JSON.parse(String(one))).toMatchObject({ drift: [found] })
  expect(other).toBe(one)
  const fresh = desk.shared.withDrift()
  expect(desk.looks.length).toBe(3)
  desk.looks[2]?.([])
  await fresh
})

test('a look that fails is the failure of its own askers', async () => {
  const desk = new Desk()
  const failing = new SharedStatus(
    {
      status: () => desk.status(),
      drift: () => (desk.looks.length === 0 ? (desk.looks.push(() => {}), Promise.reject(new Error('no memory'))) : desk.drift()),
    },
    desk.clock,
  )
  const first = failing.withDrift()
  const next = failing.withDrift()
  await expect(first).rejects.toThrow('no memory')
  await expect.poll(() => desk.looks.length).toBe(2)
  desk.looks[1]?.([])
  expect(seqOf(await next)).toBe(1)
})

test('a closed one leaves no timer', () => {
  const { clock, shared } = new Desk()
  shared.now()
  shared.close()
  expect(clock.waiting).toBe(0)
})
