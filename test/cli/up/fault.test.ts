/** What a run does about an error that nobody has caught. */
import { expect, test } from 'vitest'
import { closedAtFault } from '../../../src/cli/up/fault.ts'
import { HandClock } from '../../fake/clock.ts'

/** A process in which errors happen by hand, and a work that ends by hand. */
function rig(): {
  result: Promise<string>
  fault: (error: unknown) => void
  heard: () => number
  work: PromiseWithResolvers<string>
  clock: HandClock
  closed: string[]
} {
  const clock = new HandClock()
  const listeners = new Set<(error: unknown) => void>()
  const work = Promise.withResolvers<string>()
  const closed: string[] = []
  const hearFaults = (listener: (error: unknown) => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const result = closedAtFault({ run: () => work.promise, close: (fault) => closed.push(String(fault)) }, { clock, hearFaults })
  return { result, fault: (error) => listeners.forEach((listen) => listen(error)), heard: () => listeners.size, work, clock, closed }
}

test('without a fault the work is what comes of it, good or bad', async () => {
  const [good, bad] = [rig(), rig()]
  good.work.resolve('done')
  bad.work.reject(new Error('refused'))
  expect(await good.result).toBe('done')
  await expect(bad.result).rejects.toThrow('refused')
  expect([good.heard(), bad.heard(), good.clock.waiting]).toEqual([0, 0, 0])
})

test.each([
  ['ends', async ({ work }: ReturnType<typeof rig>) => work.resolve('done')],
  ['fails', async ({ work }: ReturnType<typeof rig>) => work.reject(new Error('follows'))],
  ['does not end within a second', ({ clock }: ReturnType<typeof rig>) => clock.advance(1_000)],
])('the first fault closes the work, which then %s, and is thrown', async (_how, then) => {
  const it = rig()
  it.fault(new Error('first'))
  it.fault(new Error('second'))
  expect(it.closed).toEqual(['Error: first'])
  expect(it.heard()).toBe(1)
  const told = expect(it.result).rejects.toThrow('first')
  await then(it)
  await told
  expect([it.heard(), it.clock.waiting]).toEqual([0, 0])
})
