/** `kpf events` and `kpf logs` for readers that are slow, that leave, and whose supervisor is killed. */
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Context } from '../../../src/cli/context.ts'
import { readStream } from '../../../src/cli/ask/stream.ts'
import type { Owner } from '../../../src/cli/ask/reach.ts'
import { startOf } from '../../../src/system/processes.ts'
import { ControlWorld, eventAt } from '../../control/world.ts'

let world: ControlWorld
beforeEach(async () => {
  world = await ControlWorld.start()
})
afterEach(() => world.close())

/** More than a supervisor keeps for a reader that does not read: it lets that one go. */
const COUNT = 4_000
const TEXT = 'x'.repeat(4_000)

async function owner(): Promise<Owner> {
  return { socket: world.path, pid: process.pid, started: (await startOf(process.pid)) ?? '', lock: '/nowhere', nonce: 'n', said: new Set() }
}

/** A command line whose output is taken as `room` says. */
function line(room: () => Promise<boolean>): { context: Context; said: string[] } {
  const said: string[] = []
  const context = { flags: {}, onSignal: () => () => {}, outRoom: room, err: (text: string) => void said.push(text) }
  // The rest of a context is of verbs that read files.
  return { context: context as unknown as Context, said }
}

/** All that happens, while others are answered in between. */
async function tellAll(): Promise<void> {
  for (let seq = 1; seq <= COUNT; seq++) {
    world.history.hear(eventAt(seq, TEXT))
    if (seq % 100 === 0) await world.settled()
  }
}

test.each(['/v1/events?after=0', '/v1/logs?follow=1&tail=0'])('a reader that is slow sets the pace, and misses nothing: %s', async (path) => {
  const [seen, gate]: [number[], PromiseWithResolvers<boolean>] = [[], Promise.withResolvers()]
  const { context, said } = line(() => gate.promise)
  const all = Promise.withResolvers<void>()
  const reading = readStream(context, await owner(), { path, isFollowed: true }, ({ id }) => {
    seen.push(Number(id))
    if (Number(id) === COUNT) all.resolve()
  })
  await world.settled()
  await tellAll()
  expect(seen.length).toBeLessThanOrEqual(1)
  gate.resolve(true)
  await Promise.race([all.promise, reading])
  expect(seen).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1))
  await world.end()
  expect([await reading, said]).toEqual([0, []])
})

test('who has left ends the reading at its next line', async () => {
  const { context } = line(async () => false)
  const reading = readStream(context, await owner(), { path: '/v1/events?after=0', isFollowed: true }, () => {})
  await world.settled()
  world.history.hear(eventAt(1))
  expect(await reading).toBe(0)
})

test('a supervisor that is gone without having said so is told, with 1; one that ends is not', async () => {
  const killed = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nkpf-ends: told\r\n\r\nid: 1\ndata: {}\n\n')))
  const socket = join(dirname(world.path), 'killed.sock')
  await new Promise<void>((resolve) => killed.listen(socket, resolve))
  // The process is another one than that of the lock: that one is no more.
  const gone = { ...(await owner()), started: 'before', socket }
  const { context, said } = line(async () => true)
  expect(await readStream(context, gone, { path: '/v1/events?after=0', isFollowed: true }, () => {})).toBe(1)
  expect(said.join('')).toBe(
    `kpf: the supervisor (pid ${process.pid}) is gone, without a word of its end: it was killed, or failed\n    see: kpf logs; start it again with: kpf up -d\n`,
  )
  killed.close()
  world.history.hear(eventAt(1))
  const reading = readStream(context, { ...gone, socket: world.path }, { path: '/v1/events?after=0', isFollowed: true }, () => void world.end())
  expect([await reading, said.length]).toEqual([0, 1])
})
