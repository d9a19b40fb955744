import { expect, test } from 'vitest'
import { Keepalive, type KeepaliveAction } from '../../src/tunnel/keepalive.ts'

/** A tunnel that was proven at 0. */
function proven(): Keepalive {
  const keepalive = new Keepalive(10_000, 0)
  keepalive.heard(0)
  return keepalive
}

/** Everything done until `endMs` if nothing happens, as `time action`. */
function run(keepalive: Keepalive, fromMs: number, endMs: number): string[] {
  const done: string[] = []
  let nowMs = fromMs
  while (nowMs <= endMs) {
    const action: KeepaliveAction = keepalive.next(nowMs)
    if (action.kind === 'wait') nowMs = action.untilMs
    else done.push(action.kind === 'dead' ? `${nowMs} dead ${action.silent}` : `${nowMs} ping`)
    if (action.kind === 'dead') break
  }
  return done
}

test('the first ping has five seconds, and only one try', () => {
  expect(run(new Keepalive(10_000, 0), 0, 60_000)).toEqual(['5000 dead tunnel'])
})

test('an idle tunnel is asked after 10 s, three times, and dead after 17', () => {
  expect(run(proven(), 0, 60_000)).toEqual(['10000 ping', '15000 ping', '16000 ping', '17000 dead tunnel'])
})

test('when the API server answers the outer ping it is the node that is dead', () => {
  const keepalive = proven()
  run(keepalive, 0, 12_000)
  keepalive.serverHeard()
  expect(run(keepalive, 12_000, 60_000).at(-1)).toBe('17000 dead node')
})

test('bytes that nothing came back for are asked about after 5 s, and the answer is due in 3', () => {
  const keepalive = proven()
  keepalive.wrote(1_000)
  keepalive.wrote(3_000)
  expect(run(keepalive, 3_000, 60_000)).toEqual(['6000 ping', '9000 ping', '10000 ping', '11000 dead tunnel'])
})

test('any answer ends the round and begins the wait anew', () => {
  const keepalive = proven()
  expect(run(keepalive, 0, 15_500)).toEqual(['10000 ping', '15000 ping'])
  expect(keepalive.isOverdue).toBe(true)
  keepalive.heard(15_500)
  expect(keepalive.isOverdue).toBe(false)
  expect(run(keepalive, 15_500, 25_500)).toEqual(['25500 ping'])
})

test('a doubt asks at once, and not again while it is being asked', () => {
  const keepalive = proven()
  keepalive.hurry(2_000)
  expect(keepalive.next(1_000)).toEqual({ kind: 'ping' })
  keepalive.hurry()
  expect(keepalive.next(1_000)).toEqual({ kind: 'wait', untilMs: 3_000 })
})

test('while queued bytes go out a ping behind them gets its time anew', () => {
  const keepalive = proven()
  expect(keepalive.next(10_000)).toEqual({ kind: 'ping' })
  keepalive.progressed(14_000)
  expect(keepalive.next(15_000)).toEqual({ kind: 'wait', untilMs: 17_000 })
})
