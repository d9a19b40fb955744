import { afterEach, expect, test } from 'vitest'
import { failure } from '../../src/tunnel/failure.ts'
import { type LaneFacts, Pool } from '../../src/tunnel/pool.ts'
import { ping } from '../../src/tunnel/spdy.ts'
import { echo, Record, World } from './world.ts'

const worlds: { world: World; pool: Pool }[] = []
afterEach(() => {
  for (const { world, pool } of worlds.splice(0)) {
    pool.close()
    world.close()
  }
})

function make(more: Parameters<World['parts']>[0] = {}): { world: World; pool: Pool } {
  const world = new World()
  const made = { world, pool: new Pool(world.parts(more)) }
  worlds.push(made)
  return made
}

async function openPool(more: Parameters<World['parts']>[0] = {}): Promise<{ world: World; pool: Pool }> {
  const made = make(more)
  made.pool.want()
  await made.world.until(() => made.pool.facts.state === 'open')
  return made
}

function kinds(states: readonly LaneFacts[]): string[] {
  return states.map((facts) => facts.state).filter((state, index, all) => state !== all[index - 1])
}

test('of its streams nobody is told: what is shown of a lane does not rest on them', async () => {
  const { world, pool } = await openPool()
  await world.listen(8080, echo)
  const told = world.states.length
  const sink = new Record()
  const stream = pool.openStream(8080, [Buffer.from('word')], sink)
  await world.until(() => sink.text === 'word')
  stream?.reset()
  await world.until(() => pool.facts.openStreams === 0)
  expect(world.states.length).toBe(told)
})

test.each(['websocket', 'spdy', 'channel'] as const)('a %s lane opens, and bytes go to the pod and back', async (mode) => {
  const { world, pool } = await openPool({ mode })
  await world.listen(8080, echo)
  const sink = new Record()
  const stream = pool.openStream(8080, [Buffer.from('first ')], sink)
  stream?.write(Buffer.from('second'))
  await world.until(() => sink.text === 'first second')
  expect(sink.answers).toBe(1)
  expect(pool.facts).toMatchObject({ state: 'open', transport: mode, openStreams: 1, attempt: 0 })
  expect(pool.facts.bytesIn).toBeGreaterThanOrEqual(12)
  expect(pool.descriptorsPerStream).toBe(mode === 'channel' ? 1 : 0)
  expect(world.remembered).toBe(mode)
  expect(world.outcomes).not.toContain('unreachable')
})

test('the encrypted kind of WebSocket works without a mask', async () => {
  const { world, pool } = make()
  world.encrypted = true
  pool.want()
  await world.until(() => pool.facts.state === 'open')
  await world.listen(80, echo)
  const sink = new Record()
  pool.openStream(80, [Buffer.alloc(70_000, 'x')], sink)
  await world.until(() => sink.text.length === 70_000)
})

test('a thousand connections opened at once are all answered with their own bytes', async () => {
  const { world, pool } = await openPool()
  await world.listen(8080, echo)
  const sinks = Array.from({ length: 1_000 }, (_, index) => {
    const sink = new Record()
    pool.openStream(8080, [Buffer.from(`connection ${index}`)], sink)
    return sink
  })
  await world.until(() => sinks.every((sink) => sink.text.startsWith('connection') && sink.chunks.length > 0))
  for (const [index, sink] of sinks.entries()) expect(sink.text).toBe(`connection ${index}`)
  expect(pool.facts.openStreams).toBe(1_000)
})

test('nothing is opened before the lane is, and want says so only once', async () => {
  const { world, pool } = make()
  expect(pool.facts.state).toBe('idle')
  expect(pool.openStream(80, [], new Record())).toBeUndefined()
  pool.want()
  pool.want()
  expect(pool.facts.state).toBe('dialing')
  expect(pool.openStream(80, [], new Record())).toBeUndefined()
  await world.until(() => pool.facts.state === 'open')
  pool.want()
  expect(world.dials).toHaveLength(1)
})

test('a refused port fails its own connection, untouched, and the lane stays open', async () => {
  const { world, pool } = await openPool()
  await world.listen(80, echo)
  const beside = new Record()
  pool.openStream(80, [Buffer.from('on')], beside)
  const sink = new Record()
  pool.openStream(81, [Buffer.from('GET /')], sink)
  await world.until(() => sink.end !== undefined)
  expect(sink.end).toMatchObject({ kind: 'failed', untouched: true, podGone: false, failure: { code: 'KPF_STREAM_REFUSED' } })
  await world.until(() => beside.text === 'on')
  expect(pool.facts).toMatchObject({ state: 'open', openStreams: 1 })
})

test('a pod whose sandbox ended fails the connection, untouched, and says that the pod is gone', async () => {
  const { world, pool } = await openPool()
  world.gone = 'network namespace for sandbox "abc" is closed'
  const sink = new Record()
  pool.openStream(80, [Buffer.from('GET /')], sink)
  await world.until(() => sink.end !== undefined)
  expect(sink.end).toMatchObject({ kind: 'failed', untouched: true, podGone: true, failure: { code: 'KPF_POD_GONE' } })
})

test('an app that resets ends its connection with a reset, up to a second late', async () => {
  const { world, pool } = await openPool()
  await world.listen(80, (socket) => socket.once('data', () => socket.resetAndDestroy()))
  const sink = new Record()
  pool.openStream(80, [Buffer.from('x')], sink)
  await world.until(() => world.inPod[0]?.destroyed === true)
  await world.settle()
  await world.clock.advance(1_000)
  await world.until(() => sink.end !== undefined)
  expect(sink.end).toMatchObject({ kind: 'failed', untouched: false, failure: { code: 'KPF_STREAM_RESET' } })
})

test('an app that ends first finishes the connection after its last byte', async () => {
  const { world, pool } = await openPool()
  await world.listen(80, (socket) => socket.end('bye'))
  const sink = new Record()
  pool.openStream(80, [], sink)
  await world.until(() => sink.text === 'bye')
  await world.settle()
  expect(sink.end).toBeUndefined()
  await world.clock.advance(1_000)
  await world.until(() => sink.end !== undefined)
  expect(sink.end).toEqual({ kind: 'finished' })
  expect(pool.facts.openStreams).toBe(0)
})

test.each([
  ['a bare end', (world: World) => world.sides[0]?.socket.end()],
  ['a reset', (world: World) => world.sides[0]?.socket.resetAndDestroy()],
  ['a WebSocket close 1000', (world: World) => world.sides[0]?.closeMessage(1000)],
  ['a text message', (world: World) => world.sides[0]?.socket.write(Buffer.from([0x81, 1, 65]))],
  ['bytes that are no SPDY', (world: World) => world.sides[0]?.send(Buffer.alloc(64))],
  ['GOAWAY', (world: World) => world.sides[0]?.send(Buffer.from('80030007000000080000000000000000', 'hex'))],
])('%s loses the lane, fails its streams and dials again within 100 ms', async (_, cut) => {
  const { world, pool } = await openPool()
  await world.listen(80, echo)
  const sink = new Record()
  pool.openStream(80, [Buffer.from('x')], sink)
  await world.until(() => sink.text === 'x')
  cut(world)
  await world.until(() => pool.facts.state === 'backoff')
  expect(sink.end).toMatchObject({ kind: 'failed', untouched: false })
  expect(pool.facts).toMatchObject({ openStreams: 0, nextRetryAtMs: 50 })
  await world.clock.advance(50)
  await world.until(() => pool.facts.state === 'open')
  expect(kinds(world.states)).toEqual(['dialing', 'open', 'lost', 'backoff', 'dialing', 'open'])
  expect(pool.facts.bytesOut).toBeGreaterThan(0)
})

test('dials that fail wait longer each time; a kick dials soon and keeps the count', async () => {
  const { world, pool } = make()
  const down = failure('KPF_CLUSTER_UNREACHABLE', 'ECONNREFUSED')
  world.script.push(down, down, down)
  pool.want()
  const waits: number[] = []
  for (let n = 0; n < 3; n++) {
    await world.until(() => pool.facts.state === 'backoff')
    waits.push((pool.facts.nextRetryAtMs ?? 0) - world.clock.now())
    if (n < 2) await world.clock.advance(waits.at(-1) ?? 0)
  }
  // Chance 0.5 takes a quarter away from 200, 400, 800 ms.
  expect(waits).toEqual([150, 300, 600])
  expect(pool.facts).toMatchObject({ attempt: 3, failure: { code: 'KPF_CLUSTER_UNREACHABLE' } })
  expect(world.outcomes).toEqual(['unreachable', 'unreachable', 'unreachable'])
  pool.kick()
  expect((pool.facts.nextRetryAtMs ?? 0) - world.clock.now()).toBe(150)
  await world.clock.advance(150)
  await world.until(() => pool.facts.state === 'open')
  expect(pool.facts.attempt).toBe(0)
})

test('a second kick within a second changes nothing', async () => {
  const { world, pool } = make()
  world.script.push(failure('KPF_CLUSTER_UNREACHABLE', 'down'), failure('KPF_CLUSTER_UNREACHABLE', 'down'))
  pool.want()
  await world.until(() => pool.facts.state === 'backoff')
  pool.kick()
  await world.clock.advance(150)
  await world.until(() => world.dials.length === 2 && pool.facts.state === 'backoff')
  const before = pool.facts.nextRetryAtMs
  pool.kick()
  expect(pool.facts.nextRetryAtMs).toBe(before)
})

test.each([
  [{ status: 401, body: '' }, 'refused', [5_000, 15_000, 60_000, 60_000]],
  [{ status: 403, body: '{"kind":"Status","message":"pods \\"api\\" is forbidden: "}' }, 'refused', [60_000, 60_000]],
])('an answer %j is asked again slowly', async (answer, state, waits) => {
  const { world, pool } = make()
  for (const _ of waits) world.script.push({ kind: 'refused', headers: {}, ...answer })
  pool.want()
  const seen: number[] = []
  for (const wait of waits) {
    await world.until(() => pool.facts.state === state)
    seen.push((pool.facts.nextRetryAtMs ?? 0) - world.clock.now())
    await world.clock.advance(wait)
  }
  expect(seen).toEqual(waits)
})

test('Retry-After is a floor, at most a minute', async () => {
  const { world, pool } = make()
  const busy = (seconds: string): Parameters<typeof world.script.push>[0] => ({ kind: 'refused', status: 429, headers: { 'retry-after': seconds }, body: '' })
  world.script.push(busy('5'), busy('3600'))
  pool.want()
  await world.until(() => pool.facts.state === 'backoff')
  expect(pool.facts.nextRetryAtMs).toBe(5_500)
  await world.clock.advance(5_500)
  await world.until(() => pool.facts.state === 'backoff')
  expect(pool.facts.nextRetryAtMs).toBe(5_500 + 60_500)
})

test('a pod that is gone is dialled no more', async () => {
  const { world, pool } = make()
  world.script.push({ kind: 'refused', status: 404, headers: {}, body: '{"kind":"Status","message":"pods \\"api\\" not found","reason":"NotFound"}' })
  pool.want()
  await world.until(() => pool.facts.state === 'gone')
  pool.kick()
  pool.want()
  await world.clock.advance(600_000)
  expect(world.dials).toHaveLength(1)
  expect(world.clock.waiting).toBe(0)
})

test('a transport that is not spoken is followed by the next, and what worked comes first later', async () => {
  const { world, pool } = make()
  world.script.push({ kind: 'refused', status: 400, headers: {}, body: 'query parameter "port" is required' })
  pool.want()
  await world.until(() => pool.facts.state === 'open')
  expect(world.dials.map((dial) => dial.transport)).toEqual(['websocket', 'spdy'])
  world.sides[0]?.socket.destroy()
  await world.until(() => pool.facts.state === 'backoff')
  await world.clock.advance(100)
  await world.until(() => pool.facts.state === 'open')
  expect(world.dials.map((dial) => dial.transport)).toEqual(['websocket', 'spdy', 'spdy'])
})

test('a dial without an answer is given up after its time', async () => {
  const { world, pool } = make()
  world.script.push('hang')
  pool.want()
  await world.settle()
  await world.clock.advance(15_000)
  await world.until(() => pool.facts.state === 'backoff')
  expect(pool.facts.failure?.code).toBe('KPF_CLUSTER_TIMEOUT')
  expect(world.dials[0]?.signal.aborted).toBe(true)
})

test('a way whose node does not answer the first ping within 5 s is no way', async () => {
  const { world, pool } = make({ mode: 'spdy' })
  pool.want()
  await world.until(() => world.sides.length === 1)
  const [side] = world.sides
  if (side?.spdy) side.spdy.isAnswering = false
  await world.settle()
  expect(pool.facts.state).toBe('dialing')
  await world.clock.advance(5_000)
  await world.until(() => pool.facts.state === 'backoff')
  expect(pool.facts.failure?.code).toBe('KPF_TUNNEL_SILENT')
  expect(world.remembered).toBeUndefined()
})

test('an idle lane is pinged every 10 s and stays open', async () => {
  const { world } = await openPool()
  for (let n = 0; n < 10; n++) {
    await world.clock.advance(10_000)
    await world.settle()
  }
  expect(kinds(world.states)).toEqual(['dialing', 'open'])
})

test('a node that falls silent makes the lane suspect after 15 s and lost after 17, and the node is named', async () => {
  const { world, pool } = await openPool()
  const [side] = world.sides
  if (side?.spdy) side.spdy.isAnswering = false
  await world.clock.advance(14_999)
  await world.settle()
  expect(pool.facts.state).toBe('open')
  await world.clock.advance(1)
  await world.settle()
  expect(pool.facts.state).toBe('suspect')
  expect(pool.openStream(80, [], new Record())).toBeDefined()
  await world.clock.advance(2_000)
  await world.until(() => pool.facts.state === 'backoff')
  expect(pool.facts.failure).toMatchObject({ code: 'KPF_TUNNEL_SILENT', message: expect.stringContaining('node') })
})

test('a suspect lane that answers is open again', async () => {
  const { world, pool } = await openPool()
  const [side] = world.sides
  if (side?.spdy) side.spdy.isAnswering = false
  await world.clock.advance(15_000)
  await world.settle()
  expect(pool.facts.state).toBe('suspect')
  side?.send(ping(1))
  await world.until(() => pool.facts.state === 'open')
})

test('a stream without an answer raises doubt after 1 s and fails after 10 s; the lane goes before that', async () => {
  const { world, pool } = await openPool()
  const [side] = world.sides
  if (side?.spdy) side.spdy.isAnswering = false
  const sink = new Record()
  pool.openStream(80, [Buffer.from('x')], sink)
  await world.settle()
  await world.clock.advance(1_000)
  await world.clock.advance(3_000)
  await world.settle()
  expect(pool.facts.state).toBe('suspect')
  await world.clock.advance(2_000)
  await world.until(() => sink.end !== undefined)
  expect(sink.end).toMatchObject({ kind: 'failed', untouched: false, failure: { code: 'KPF_TUNNEL_SILENT' } })
})

test('over ten losses in five minutes raise one alarm', async () => {
  const { world, pool } = await openPool()
  for (let n = 0; n < 13; n++) {
    world.sides.at(-1)?.socket.destroy()
    await world.until(() => pool.facts.state === 'backoff')
    await world.clock.advance((pool.facts.nextRetryAtMs ?? 0) - world.clock.now())
    await world.until(() => pool.facts.state === 'open')
  }
  expect(world.warnings).toHaveLength(1)
})

test('draining takes no new stream and ends with the last one', async () => {
  const { world, pool } = await openPool()
  await world.listen(80, echo)
  const sink = new Record()
  const stream = pool.openStream(80, [Buffer.from('x')], sink)
  pool.drainAndClose()
  expect(pool.openStream(80, [], new Record())).toBeUndefined()
  await world.until(() => sink.text === 'x')
  stream?.reset()
  await world.until(() => world.sides[0]?.socket.destroyed === true)
  expect(world.clock.waiting).toBe(0)
})

test('closing resets every stream and leaves no timer and no socket', async () => {
  const { world, pool } = await openPool()
  await world.listen(80, echo)
  const sink = new Record()
  pool.openStream(80, [Buffer.from('x')], sink)
  await world.until(() => sink.text === 'x')
  pool.close()
  expect(sink.end).toMatchObject({ kind: 'failed' })
  await world.until(() => world.sides[0]?.socket.destroyed === true)
  await world.until(() => world.clock.waiting === 0)
  pool.want()
  pool.kick()
  await world.settle()
  expect(world.dials).toHaveLength(1)
})

test('closing during a dial lets a late answer find nobody', async () => {
  const { world, pool } = make()
  pool.want()
  pool.close()
  await world.until(() => world.sides.length === 0 || world.sides.every((side) => side.socket.destroyed))
  await world.settle()
  expect(pool.facts.openStreams).toBe(0)
  expect(world.clock.waiting).toBe(0)
})

test('an upload to an app that does not read stops at its bound, and its reset frees the lane', async () => {
  const { world, pool } = await openPool()
  await world.listen(80, (socket) => socket.pause())
  const sink = new Record()
  const stream = pool.openStream(80, [], sink)
  let written = 0
  while (stream?.write(Buffer.alloc(32 * 1024))) written += 32 * 1024
  expect(written).toBe(256 * 1024)
  await world.until(() => sink.writables > 0)
})

test('a paused stream pauses the reading of the lane until it is resumed', async () => {
  const { world, pool } = await openPool()
  await world.listen(80, echo)
  const sink = new Record()
  const stream = pool.openStream(80, [Buffer.from('one')], sink)
  await world.until(() => sink.text === 'one')
  stream?.pause()
  stream?.write(Buffer.from('two'))
  await world.settle()
  expect(sink.text).toBe('one')
  await world.clock.advance(30_000)
  expect(pool.facts.state).toBe('open')
  stream?.resume()
  await world.until(() => sink.text === 'onetwo')
})
