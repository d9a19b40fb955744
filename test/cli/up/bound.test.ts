/** When local ports are decided: bound, or told that they cannot be for now. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { whenBound } from '../../../src/cli/up/bound.ts'
import { forward } from '../../supervisor/forwards.ts'
import { World } from '../../supervisor/world.ts'

let world: World
const over = new AbortController()
beforeEach(() => {
  world = new World()
})
afterEach(async () => {
  await world.stop()
  world.close()
})

/** The names of those that could not be bound. */
async function blocked(signal: AbortSignal = over.signal): Promise<readonly string[]> {
  const rows = await whenBound(world.supervisor, signal)
  return rows.map(({ spec }) => spec.name)
}

test('it is told once all ports are bound, although the cluster says nothing', async () => {
  const [one, other] = [await world.freePort(), await world.freePort()]
  world.apply(forward('api', one), forward('web', other))
  expect(await blocked()).toEqual([])
  const { rows } = world.supervisor.snapshot()
  expect(rows.map(({ status }) => [status.phase, status.listeners.length])).toEqual(rows.map(() => ['resolving', 1]))
})

test('without forwards nothing is waited for', async () => {
  world.apply()
  expect(await blocked()).toEqual([])
})

test('a port that another program has is told, and not waited for', async () => {
  const port = await world.freePort()
  await world.listen(port)
  world.apply(forward('api', port), forward('web', await world.freePort()))
  expect(await blocked()).toEqual(['api'])
})

// `kpf up -d` did not end: what a forward depends on hid that its port was taken.
test('a port that is taken is told of a forward that waits for another one, too', async () => {
  const port = await world.freePort()
  await world.listen(port)
  world.apply(forward('api', await world.freePort()), forward('web', port, { dependsOn: ['api'] }))
  expect(await blocked()).toEqual(['web'])
  expect(world.status('web')).toBe('waiting port-busy -')
})

test('a forward that is removed while it binds is not waited for, and the signal ends the waiting', async () => {
  const ended = new AbortController()
  world.apply(forward('api', await world.freePort()))
  const waiting = blocked()
  world.apply()
  expect(await waiting).toEqual([])
  world.apply(forward('api', await world.freePort()))
  const aborted = blocked(ended.signal)
  ended.abort()
  expect(await aborted).toEqual([])
})
