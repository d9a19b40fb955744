/** The control API over its socket: answers, streams without a gap, and clients that mean harm. */
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from '../../src/control/client.ts'
import { follow } from '../../src/control/follow.ts'
import { ControlWorld, eventAt } from './world.ts'

let world: ControlWorld
beforeEach(async () => {
  world = await ControlWorld.start({ headersTimeout: 200, requestTimeout: 300, connectionsCheckingInterval: 50 })
})
afterEach(() => world.close())

const get = (path: string): ReturnType<typeof ask> => ask(world.path, { method: 'GET', path })
const post = (path: string, body: object): ReturnType<typeof ask> => ask(world.path, { method: 'POST', path, body })

test('the socket is for its owner alone', async () => {
  // On Linux the mode of the socket counts; elsewhere that of the folder does.
  expect((await stat(world.path)).mode & 0o077).toBe(0)
})

test('every answer says which version gave it', async () => {
  expect(await get('/v1/status')).toMatchObject({ kind: 'answered', code: 200, version: '9.9.9', body: { v: 1, version: '9.9.9', project: { name: 'shop' } } })
  expect(await get('/v1/nothing')).toMatchObject({ code: 404, version: '9.9.9', body: { v: 1, version: '9.9.9', error: 'there is no GET /v1/nothing' } })
})

test('what is asked for is done, for the names that are known', async () => {
  expect(await post('/v1/stop', { names: ['db'] })).toMatchObject({ code: 200, body: { names: ['db'] } })
  expect(await post('/v1/restart', {})).toMatchObject({ code: 200 })
  expect(await post('/v1/kick', {})).toMatchObject({ code: 200 })
  expect(await post('/v1/plan', { names: ['api'] })).toMatchObject({ code: 200, body: { kind: 'planned', kept: ['api'] } })
  expect(await post('/v1/apply', { names: ['new'], content: 'x' })).toMatchObject({ code: 422, body: { kind: 'rejected' } })
  expect(await post('/v1/stop', { end: true, drainMs: 500 })).toMatchObject({ code: 200, body: { forwards: 2, served: 3 } })
  expect(await post('/v1/start', { names: ['cache'] })).toMatchObject({ code: 404, body: { hint: 'it has: api, db' } })
  expect(await post('/v1/restart', { names: ['db', 'aip'] })).toMatchObject({
    code: 404,
    body: { error: 'no forward "aip" in the running project', hint: 'did you mean "api"?' },
  })
  expect(world.asked).toEqual(['stop db', 'restart ', 'kick', 'plan {"names":["api"]}', 'apply {"names":["new"],"content":"x"}', 'end 500'])
})

test.each<[string, unknown]>([
  ['names that are none', { names: 'api' }],
  ['names that are numbers', { names: [1] }],
  ['a drain that is no time', { end: true, drainMs: -1 }],
  ['a list', []],
])('%s are refused and change nothing', async (_what, body) => {
  expect(await post('/v1/stop', body as object)).toMatchObject({ code: 400 })
  expect(world.asked).toEqual([])
})

test('a body that is no JSON, and one that is too large, are refused', async () => {
  const socket = await world.raw('POST /v1/stop HTTP/1.1\r\nHost: k\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{{{')
  expect(await allOf(socket)).toMatch(/^HTTP\/1\.1 400 /)
  expect(await post('/v1/stop', { names: ['x'.repeat(5 * 1024 * 1024)] }).then((asked) => (asked.kind === 'answered' ? asked.code : 'cut'))).toSatisfy(
    (code) => code === 413 || code === 'cut',
  )
  expect(await get('/v1/status')).toMatchObject({ code: 200 })
})

test('what fails inside is told, and costs nobody the connection', async () => {
  expect(await post('/v1/reload', {})).toMatchObject({ code: 500, body: { v: 1, error: 'the supervisor failed at POST /v1/reload: reload fails' } })
  expect(await get('/v1/status')).toMatchObject({ code: 200 })
})

test('a stream begins where the last one ended, while events go on', async () => {
  for (let seq = 1; seq <= 500; seq++) world.history.hear(eventAt(seq))
  const seen: number[] = []
  const first = new AbortController()
  await follow(world.path, { path: '/v1/events', lastId: '0', signal: first.signal }, ({ id }) => {
    seen.push(Number(id))
    if (seen.length === 250) first.abort()
  })
  const cut = seen.length
  const second = new AbortController()
  const reading = follow(world.path, { path: '/v1/events', lastId: `${seen.at(-1)}`, signal: second.signal }, ({ id, data }) => {
    seen.push(Number(id))
    expect(JSON.parse(data)).toMatchObject({ v: 1, seq: Number(id) })
    if (Number(id) === 1000) second.abort()
  })
  for (let seq = 501; seq <= 1000; seq++) world.history.hear(eventAt(seq))
  expect(await reading).toEqual({ kind: 'ended' })
  expect(cut).toBeGreaterThanOrEqual(250)
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
})

test('a reader that comes after its events are gone is told, not given a gap', async () => {
  for (let seq = 1; seq <= 20_000; seq++) world.history.hear(eventAt(seq))
  expect(await get('/v1/events?after=1')).toMatchObject({ code: 410, body: { error: 'events after 1 are no more kept' } })
  expect(await get('/v1/events?after=x')).toMatchObject({ code: 400 })
})

test('what comes soon after the last news goes out with it, and the end takes along what still waits', async () => {
  const reader = await world.raw('GET /v1/events?after=0 HTTP/1.1\r\nHost: k\r\n\r\n')
  const parts: string[] = []
  reader.on('data', (chunk: Buffer) => parts.push(chunk.toString()))
  await expect.poll(() => parts.length).toBe(1)
  for (let seq = 1; seq <= 200; seq++) world.history.hear(eventAt(seq))
  await expect.poll(() => parts.join('').match(/^id: /gm)?.length).toBe(200)
  // The head, the first at once, the others together: not a write for each.
  expect(parts.length).toBeLessThan(10)
  world.history.hear(eventAt(201))
  world.history.hear(eventAt(202))
  const ended = once(reader, 'end')
  await world.end()
  await ended
  expect(parts.join('')).toContain('id: 202\n')
})

test('half a request ends with its time, and nobody else notices', async () => {
  const sockets = [await world.raw('GET /v1/st'), await world.raw(''), await world.raw('POST /v1/stop HTTP/1.1\r\nHost: k\r\nContent-Length: 100\r\n\r\n{"na')]
  expect(await get('/v1/status')).toMatchObject({ code: 200 })
  await Promise.all(sockets.map(allOf))
  expect(world.asked).toEqual([])
})

test('a header of 1 MiB costs its own connection', async () => {
  const socket = await world.raw(`GET /v1/status HTTP/1.1\r\nX: ${'a'.repeat(1024 * 1024)}\r\n\r\n`)
  expect(await allOf(socket)).not.toContain('200')
  expect(await get('/v1/status')).toMatchObject({ code: 200 })
})

test('thousands of connections are let go, and then it answers', async () => {
  await Promise.allSettled(Array.from({ length: 2_000 }, () => world.raw('GET /')))
  await expect.poll(async () => (await get('/v1/status')).kind, { timeout: 8_000 }).toBe('answered')
})

test('a reader that reads nothing is let go, and the others miss nothing', async () => {
  const slow = await world.raw('GET /v1/events?after=0 HTTP/1.1\r\nHost: k\r\n\r\n')
  slow.pause()
  const quick = new AbortController()
  const seen: number[] = []
  const reading = follow(world.path, { path: '/v1/events', lastId: '0', signal: quick.signal }, ({ id }) => {
    seen.push(Number(id))
    if (seen.length === 4_000) quick.abort()
  })
  const text = 'x'.repeat(4_000)
  await expect.poll(() => get('/v1/status')).toMatchObject({ code: 200 })
  for (let seq = 1; seq <= 4_000; seq++) {
    world.history.hear(eventAt(seq, text))
    // As fast as the quick one reads: eight mebibytes behind it would be let go too.
    if (seq % 100 === 0) await expect.poll(() => seen.length, { interval: 1 }).toBe(seq)
  }
  await reading
  expect(seen).toEqual(Array.from({ length: 4_000 }, (_, index) => index + 1))
  slow.resume()
  const read = await allOf(slow)
  expect(read.match(/^id: /gm)?.length ?? 0).toBeLessThan(4_000)
})

async function allOf(socket: Awaited<ReturnType<ControlWorld['raw']>>): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  // Not once(): a write that came too late is an error of its own, and no end.
  socket.on('close', () => resolve())
  if (!socket.closed) await promise
  return text
}
