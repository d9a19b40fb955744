import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { failure } from '../../src/tunnel/failure.ts'
import { Pool } from '../../src/tunnel/pool.ts'
import { type Bridge, type BridgeEnd, bridge } from '../../src/tunnel/pump.ts'
import type { StreamSink, TunnelStream } from '../../src/tunnel/stream.ts'
import { echo, World } from './world.ts'

const worlds: { world: World; pool: Pool }[] = []
afterEach(() => {
  for (const { world, pool } of worlds.splice(0)) {
    pool.close()
    world.close()
  }
})

const options = { halfCloseMs: 10_000, streamMs: 10_000 }

/** A client bridged to port 80 of the pod, and what became of both. */
class Scene {
  readonly world: World
  readonly pool: Pool
  readonly client: Socket
  readonly local: Socket
  readonly bridge: Bridge
  received = ''
  hasEnd = false
  error: string | undefined
  end: BridgeEnd | undefined

  constructor(parts: { world: World; pool: Pool; client: Socket; local: Socket }, early: readonly Buffer[], port: number) {
    this.world = parts.world
    this.pool = parts.pool
    this.client = parts.client
    this.local = parts.local
    this.client
      .on('data', (bytes: Buffer) => (this.received += bytes.toString('latin1')))
      .on('end', () => (this.hasEnd = true))
      .on('error', (error: NodeJS.ErrnoException) => (this.error = error.code))
    this.bridge = bridge(this.local, early, (sink) => this.pool.openStream(port, early, sink), { clock: this.world.clock, ...options })
    void this.bridge.done.then((end) => (this.end = end))
  }
}

async function scene(app: ((socket: Socket) => void) | undefined, early: readonly Buffer[] = []): Promise<Scene> {
  const world = new World()
  const pool = new Pool(world.parts())
  worlds.push({ world, pool })
  pool.want()
  await world.until(() => pool.facts.state === 'open')
  if (app) await world.listen(80, app)
  return new Scene({ world, pool, ...(await world.localPair()) }, early, 80)
}

test('bytes go both ways, are counted, and early ones go first', async () => {
  const it = await scene(echo, [Buffer.from('early ')])
  it.client.write('later')
  await it.world.until(() => it.received === 'early later')
  expect(it.bridge.counters).toMatchObject({ bytesUp: 11, bytesDown: 11 })
})

test('a client that only ends gets the answer that the app sends 2.5 s later', async () => {
  const it = await scene((socket) => socket.on('data', () => {}))
  it.client.end('question')
  await it.world.until(() => it.world.inPod.length === 1 && it.bridge.counters.bytesUp === 8)
  await it.world.settle()
  await it.world.clock.advance(2_500)
  it.world.inPod[0]?.end('answer')
  await it.world.until(() => it.received === 'answer')
  await it.world.clock.advance(1_000)
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toEqual({ kind: 'done' })
  expect(it.hasEnd).toBe(true)
  expect(it.error).toBeUndefined()
})

test('after ten seconds without an answer the end is passed on', async () => {
  const it = await scene((socket) => socket.on('data', () => {}))
  it.client.end('question')
  await it.world.until(() => it.bridge.counters.bytesUp === 8 && it.world.inPod.length === 1)
  await it.world.settle()
  await it.world.pass(9_999)
  expect(it.pool.facts.openStreams).toBe(1)
  await it.world.clock.advance(1)
  await it.world.settle()
  // The runtime ends the connection one second after either direction has ended.
  await it.world.clock.advance(1_000)
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toEqual({ kind: 'done' })
})

test('an end after the answer is passed on at once', async () => {
  const it = await scene(echo)
  it.client.write('x')
  await it.world.until(() => it.received === 'x')
  it.client.end()
  await it.world.settle()
  await it.world.clock.advance(1_000)
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toEqual({ kind: 'done' })
})

test('the pod ends first: the client gets every byte, then a clean end', async () => {
  const it = await scene((socket) => socket.end(Buffer.alloc(3_000_000, 'x')))
  await it.world.until(() => it.received.length === 3_000_000)
  await it.world.settle()
  await it.world.clock.advance(1_000)
  await it.world.until(() => it.hasEnd)
  it.client.end()
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toEqual({ kind: 'done' })
  expect(it.error).toBeUndefined()
})

test('a client that does not end after the pod is let go after a second', async () => {
  const it = await scene((socket) => socket.end('bye'))
  await it.world.until(() => it.received === 'bye')
  await it.world.settle()
  await it.world.clock.advance(1_000)
  await it.world.until(() => it.hasEnd)
  await it.world.settle()
  await it.world.clock.advance(1_000)
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toEqual({ kind: 'done' })
})

test('a reset of the client drops the stream, and the app sees an end', async () => {
  const it = await scene(echo)
  it.client.write('x')
  await it.world.until(() => it.received === 'x')
  it.client.resetAndDestroy()
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toEqual({ kind: 'client-left' })
  await it.world.until(() => it.world.inPod[0]?.destroyed === true)
  expect(it.pool.facts).toMatchObject({ state: 'open', openStreams: 0 })
})

test('an app that resets resets the client', async () => {
  const it = await scene((socket) => socket.once('data', () => socket.resetAndDestroy()))
  it.client.write('x')
  await it.world.until(() => it.world.inPod[0]?.destroyed === true)
  await it.world.settle()
  await it.world.clock.advance(1_000)
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toMatchObject({ kind: 'failed', failure: { code: 'KPF_STREAM_RESET' } })
  await it.world.until(() => it.error === 'ECONNRESET')
  expect(it.hasEnd).toBe(false)
})

test('a lane that is lost in the middle of an answer resets the client, never ends it', async () => {
  const it = await scene((socket) => socket.write('half an answer'))
  await it.world.until(() => it.received === 'half an answer')
  it.world.sides[0]?.socket.destroy()
  await it.world.until(() => it.error === 'ECONNRESET')
  expect(it.hasEnd).toBe(false)
  expect(it.end).toMatchObject({ kind: 'failed', failure: { code: 'KPF_TUNNEL_LOST' } })
  expect(it.end).not.toHaveProperty('replay')
})

test('a refused port gives the client back unharmed, with its bytes, to be sent again', async () => {
  const it = await scene(undefined, [Buffer.from('early ')])
  it.client.write('later')
  await it.world.until(() => it.end !== undefined)
  expect(it.end).toMatchObject({ kind: 'failed', podGone: false, failure: { code: 'KPF_STREAM_REFUSED' } })
  expect(it.local.destroyed).toBe(false)
  for (const event of ['data', 'end', 'drain', 'close']) expect(it.local.listenerCount(event), event).toBeLessThanOrEqual(1)
  const replay = it.end?.kind === 'failed' ? Buffer.concat(it.end.replay ?? []).toString() : ''

  await it.world.listen(80, echo)
  const again = bridge(it.local, [Buffer.from(replay)], (sink) => it.pool.openStream(80, [Buffer.from(replay)], sink), { clock: it.world.clock, ...options })
  await it.world.until(() => it.received === 'early later')
  again.reset()
  await it.world.until(() => it.error === 'ECONNRESET')
})

test('without an open lane the client is given back at once', async () => {
  const world = new World()
  const pool = new Pool(world.parts())
  worlds.push({ world, pool })
  const it = new Scene({ world, pool, ...(await world.localPair()) }, [Buffer.from('x')], 80)
  await world.until(() => it.end !== undefined)
  expect(it.end).toMatchObject({ kind: 'failed', replay: [Buffer.from('x')] })
  expect(it.local.destroyed).toBe(false)
})

test('a bridge that is reset ends both sides with an error and leaves no timer', async () => {
  const it = await scene(echo)
  it.client.write('x')
  await it.world.until(() => it.received === 'x')
  it.client.end()
  it.bridge.reset()
  await it.world.until(() => it.error === 'ECONNRESET')
  expect(it.end).toMatchObject({ kind: 'failed', failure: { code: 'KPF_STREAM_RESET' } })
  it.pool.close()
  await it.world.until(() => it.world.clock.waiting === 0)
})

test('a client that stops reading is buffered to a bound, and another on the lane still gets everything', async () => {
  const it = await scene((socket) => socket.end(Buffer.alloc(3_000_000, 'x')))
  it.client.pause()
  await it.world.listen(81, echo)
  const other = new Scene({ world: it.world, pool: it.pool, ...(await it.world.localPair()) }, [Buffer.from('hello')], 81)
  await it.world.until(() => other.received === 'hello')
  await it.world.until(() => it.bridge.counters.bytesDown === 3_000_000)
  it.client.resume()
  await it.world.until(() => it.received.length === 3_000_000)
})

test('past the bound the lane is paused, and every byte still arrives when the client reads on', async () => {
  const size = 24 * 1024 * 1024
  const it = await scene((socket) => socket.end(Buffer.alloc(size, 'x')))
  it.client.pause()
  let before = -1
  while (before !== it.bridge.counters.bytesDown || before === 0) {
    before = it.bridge.counters.bytesDown
    await it.world.settle()
  }
  expect(before).toBeLessThan(size)
  expect(it.local.writableLength).toBeLessThan(5 * 1024 * 1024)
  it.client.resume()
  await it.world.until(() => it.received.length === size)
})

test('an upload to an app that does not read pauses the client instead of filling memory', async () => {
  const it = await scene((socket) => socket.pause())
  const size = 32 * 1024 * 1024
  it.client.write(Buffer.alloc(size))
  await it.world.until(() => it.local.isPaused())
  let before = -1
  while (before !== it.bridge.counters.bytesUp) {
    before = it.bridge.counters.bytesUp
    await it.world.settle()
  }
  expect(before).toBeLessThan(size)
  let taken = 0
  it.world.inPod[0]?.on('data', (bytes: Buffer) => (taken += bytes.length)).resume()
  await it.world.until(() => taken === size)
})

/** A stream that only remembers: for what no real pod of today does. */
class StillStream implements TunnelStream {
  readonly calls: string[] = []
  write(bytes: Buffer): boolean {
    this.calls.push(`write ${bytes.toString()}`)
    return true
  }
  end(): void {
    this.calls.push('end')
  }
  reset(): void {
    this.calls.push('reset')
  }
  pause(): void {}
  resume(): void {}
}

test('a pod that half-closes still gets what the client sends, and its end', async () => {
  const world = new World()
  worlds.push({ world, pool: new Pool(world.parts()) })
  const { client, local } = await world.localPair()
  const stream = new StillStream()
  let sink: StreamSink | undefined
  const made = bridge(local, [], (its) => ((sink = its), stream), { clock: world.clock, ...options })
  sink?.data(Buffer.from('greeting'))
  sink?.halfClosed()
  let hasEnd = false
  client.resume().on('end', () => (hasEnd = true))
  await world.until(() => hasEnd)
  client.end('more')
  await world.until(() => stream.calls.includes('end'))
  expect(stream.calls).toEqual(['write more', 'end'])
  await world.settle()
  sink?.ended({ kind: 'finished' })
  expect(await made.done).toEqual({ kind: 'done' })
})

test('sixty silent seconds after one side has ended end the other', async () => {
  const world = new World()
  worlds.push({ world, pool: new Pool(world.parts()) })
  const { client, local } = await world.localPair()
  const stream = new StillStream()
  const made = bridge(local, [], () => stream, { clock: world.clock, ...options })
  client.end()
  await world.until(() => stream.calls.includes('end'))
  await world.clock.advance(60_000)
  expect(await made.done).toMatchObject({ kind: 'failed' })
  expect(stream.calls).toEqual(['end', 'reset'])
  expect(world.clock.waiting).toBe(0)
})

test('a client that ended is not given back: nobody could tell it apart from one that left', async () => {
  const world = new World()
  worlds.push({ world, pool: new Pool(world.parts()) })
  const { client, local } = await world.localPair()
  const stream = new StillStream()
  let sink: StreamSink | undefined
  const made = bridge(local, [], (its) => ((sink = its), stream), { clock: world.clock, ...options })
  client.end()
  await world.until(() => stream.calls.includes('end'))
  sink?.ended({ kind: 'failed', failure: failure('KPF_TUNNEL_LOST', 'lost'), podGone: false, untouched: true })
  const end = await made.done
  expect(end).toMatchObject({ kind: 'failed' })
  expect(end).not.toHaveProperty('replay')
  expect(local.destroyed).toBe(true)
})

test('a client with more than 64 KiB on its way is not given back', async () => {
  const world = new World()
  worlds.push({ world, pool: new Pool(world.parts()) })
  const { client, local } = await world.localPair()
  let sink: StreamSink | undefined
  const made = bridge(local, [Buffer.alloc(64 * 1024)], (its) => ((sink = its), new StillStream()), { clock: world.clock, ...options })
  client.write('x')
  await world.until(() => made.counters.bytesUp === 64 * 1024 + 1)
  sink?.ended({ kind: 'failed', failure: failure('KPF_TUNNEL_LOST', 'lost'), podGone: false, untouched: true })
  expect(await made.done).not.toHaveProperty('replay')
})
