/** What a service manager is told, and how often. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tellServiceManager } from '../../../src/cli/up/service-manager.ts'
import { news, unitState, untold } from '../../../src/cli/up/unit-state.ts'
import type { Notified } from '../../../src/system/systemd-notify.ts'
import { forward } from '../../supervisor/forwards.ts'
import { World } from '../../supervisor/world.ts'

const [ready, starting] = [{ state: 'ready' }, { state: 'starting' }] as const

test.each([
  ['forward-state-changed', [starting, starting], ['STATUS=0 of 2 ready']],
  ['forward-state-changed', [ready, starting], ['STATUS=1 of 2 ready']],
  ['forward-state-changed', [ready, ready], ['READY=1', 'STATUS=all 2 ready']],
  ['config-applied', [], ['READY=1', 'STATUS=no forwards']],
  ['stopping', [ready], ['STOPPING=1', 'STATUS=stopping']],
] as const)('after %s with %j', (type, rows, told) => {
  expect(news(untold, unitState(untold, type, rows))).toEqual(told)
})

test('readiness and the end are told once, whatever happens to the forwards', () => {
  const up = unitState(untold, 'forward-state-changed', [ready])
  const down = unitState(up, 'forward-state-changed', [starting])
  expect(news(up, down)).toEqual(['STATUS=0 of 1 ready'])
  expect(news(down, unitState(down, 'forward-state-changed', [ready]))).toEqual(['STATUS=ready'])
  const over = unitState(down, 'stopping', [starting])
  expect(news(over, unitState(over, 'forward-state-changed', []))).toEqual([])
})

let world: World
let told: string[]
let answers: (() => void)[]
let warnings: string[]
let outcome: Notified

beforeEach(() => {
  world = new World()
  ;[told, answers, warnings, outcome] = [[], [], [], { kind: 'told' }]
  world.supervisor.subscribe((event) => event.type === 'warning' && warnings.push(`${event.code} ${event.message}`))
})
afterEach(async () => {
  await world.stop()
  world.close()
})

function tell(): void {
  tellServiceManager({
    supervisor: world.supervisor,
    clock: world.clock,
    notify: (lines) => {
      told.push(lines.join(' '))
      return new Promise((resolve) => answers.push(() => resolve(outcome)))
    },
  })
}

/** What was handed over last has been taken. */
async function taken(): Promise<void> {
  answers.shift()?.()
  await world.clock.advance(0)
}

test('a status waits for a second and is then the newest one; the end waits only for the word before it', async () => {
  tell()
  world.apply(forward('api', await world.freePort()))
  await world.clock.advance(0)
  expect(told).toEqual(['STATUS=0 of 1 ready'])
  world.apply(forward('api', await world.freePort()), forward('web', await world.freePort()))
  await taken()
  world.apply(forward('api', await world.freePort()), forward('web', await world.freePort()), forward('db', await world.freePort()))
  await world.clock.advance(999)
  expect(told).toEqual(['STATUS=0 of 1 ready'])
  await world.clock.advance(1)
  expect(told).toEqual(['STATUS=0 of 1 ready', 'STATUS=0 of 3 ready'])
  const stopped = world.stop()
  expect(told).toHaveLength(2)
  await taken()
  expect(told.slice(2)).toEqual(['STOPPING=1 STATUS=stopping'])
  await taken()
  await stopped
  expect(world.clock.waiting).toBe(0)
})

test('a file without forwards is ready at once', async () => {
  tell()
  world.apply()
  await world.clock.advance(0)
  expect(told).toEqual(['READY=1 STATUS=no forwards'])
})

test.each([
  ['failed', 3],
  ['never', 1],
] as const)('a word that is not told (%s) is a warning, once', async (kind, words) => {
  tell()
  outcome = { kind, why: 'systemd-notify is away' }
  for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    world.apply(...(await Promise.all(names.map(async (name) => forward(name, await world.freePort())))))
    await world.clock.advance(0)
    await taken()
    await world.clock.advance(1_000)
  }
  expect(told).toHaveLength(words)
  expect(warnings).toEqual(['KPF_NOTIFY systemd is not told how this run is: systemd-notify is away'])
})
