import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { dial } from '../../src/tunnel/dial.ts'
import type { Upgraded } from '../../src/tunnel/dialer.ts'
import { failure } from '../../src/tunnel/failure.ts'
import { HandClock } from '../fake/clock.ts'
import { pod } from './world.ts'

/** A dial whose answer is given by hand. */
function scene(): { clock: HandClock; outcomes: string[]; answer: (with_: unknown) => void; stop: AbortController; result: ReturnType<typeof dial> } {
  const clock = new HandClock()
  const outcomes: string[] = []
  const stop = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<Upgraded>()
  const parts = {
    pod,
    clock,
    dialMs: 15_000,
    dialer: { open: () => promise },
    gate: { enter: async () => true, done: (outcome: string) => void outcomes.push(outcome) },
  }
  // A test says what the dialer says, also what it should never say.
  const answer = (with_: unknown): void => (with_ instanceof Error ? reject(with_) : resolve(with_ as Upgraded))
  return { clock, outcomes, answer, stop, result: dial(parts, { transport: 'websocket' }, stop.signal) }
}

function upgraded(): Upgraded {
  return { kind: 'upgraded', transport: 'websocket', socket: new Duplex({ read() {} }), head: Buffer.alloc(0), encrypted: true }
}

test('a socket that comes after its time is destroyed', async () => {
  const it = scene()
  await it.clock.advance(0)
  await it.clock.advance(15_000)
  expect(await it.result).toMatchObject({ kind: 'failed', failure: { code: 'KPF_CLUSTER_TIMEOUT' } })
  const late = upgraded()
  it.answer(late)
  await it.clock.advance(0)
  expect(late.socket.destroyed).toBe(true)
  expect(it.outcomes).toEqual(['unreachable'])
})

test('a dial that is told to stop ends at once, frees the gate, and destroys what still comes', async () => {
  const it = scene()
  await it.clock.advance(0)
  it.stop.abort()
  expect(await it.result).toEqual({ kind: 'aborted' })
  const late = upgraded()
  it.answer(late)
  await it.clock.advance(0)
  expect(late.socket.destroyed).toBe(true)
  expect(it.outcomes).toHaveLength(1)
  expect(it.clock.waiting).toBe(0)
})

test.each([
  [upgraded(), { kind: 'upgraded' }, 'reached'],
  [{ kind: 'refused', status: 500, headers: {}, body: '' }, { kind: 'failed', next: 'stop' }, 'reached'],
  [failure('KPF_CLUSTER_UNREACHABLE', 'down'), { kind: 'failed', next: 'stop' }, 'unreachable'],
  [failure('KPF_AUTH_PLUGIN', 'no plugin'), { kind: 'failed', next: 'stop' }, 'reached'],
  [failure('KPF_TRANSPORT_REFUSED', 'no'), { kind: 'failed', next: 'transport' }, 'reached'],
  [new Error('a bug of the dialer'), { kind: 'failed', failure: { code: 'KPF_CLUSTER_ERROR' } }, 'unreachable'],
])('the answer %# is passed on, and the gate told', async (answer, result, outcome) => {
  const it = scene()
  it.answer(answer)
  expect(await it.result).toMatchObject(result)
  expect(it.outcomes).toEqual([outcome])
})
