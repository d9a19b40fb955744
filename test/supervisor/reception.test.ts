import { afterEach, expect, test } from 'vitest'
import type { Forward } from '../../src/file/forward.ts'
import { Budget } from '../../src/supervisor/budget.ts'
import type { Route } from '../../src/supervisor/connection.ts'
import { Reception } from '../../src/supervisor/reception.ts'
import { failure } from '../../src/tunnel/failure.ts'
import type { StreamSink, TunnelStream } from '../../src/tunnel/stream.ts'
import { forward } from './forwards.ts'
import { type Client, portOf, Sockets } from './sockets.ts'

let sockets = new Sockets()
afterEach(() => {
  sockets.close()
  sockets = new Sockets()
})

const refused = { kind: 'failed', failure: failure('KPF_STREAM_REFUSED', 'refused'), podGone: false, untouched: true } as const
const gone = { kind: 'failed', failure: failure('KPF_POD_GONE', 'gone'), podGone: true, untouched: true } as const
const cut = { kind: 'failed', failure: failure('KPF_TUNNEL_LOST', 'lost'), podGone: false, untouched: false } as const

test('a connection that waits is served, with what it has said meanwhile', async () => {
  const door = await new Door().open()
  const client = await door.client()
  client.socket.write('hello')
  await sockets.settle()
  expect(door.traffic).toBe('0 open, 0 draining, 1 held, 0 served, 0 failed')
  door.route = 'a'
  door.reception.flush()
  expect(door.streams.map(({ log }) => log)).toEqual(['a: hello'])
  expect(door.traffic).toBe('1 open, 0 draining, 0 held, 0 served, 0 failed')

  door.streams[0]?.sink.data(Buffer.from('world'))
  door.streams[0]?.sink.ended({ kind: 'finished' })
  await sockets.until(() => client.end() !== 'open')
  expect([client.text(), client.end()]).toEqual(['world', 'fin'])
  client.socket.end()
  await sockets.until(() => door.reception.size === 0)
  expect(door.traffic).toBe('0 open, 0 draining, 0 held, 1 served, 0 failed')
  expect(sockets.clock.waiting).toBe(0)
})

test.each(['end', 'resetAndDestroy'] as const)('a client that leaves (%s) while it waits is dropped, and nothing of it reaches a pod', async (how) => {
  const door = await new Door().open()
  const client = await door.client()
  client.socket.write('POST')
  await sockets.settle()
  client.socket[how]()
  await sockets.until(() => door.reception.size === 0)
  door.route = 'a'
  door.reception.flush()
  expect(door.streams).toEqual([])
  expect(door.traffic).toBe('0 open, 0 draining, 0 held, 0 served, 0 failed')
  expect([door.budget.open, door.budget.held, sockets.clock.waiting]).toEqual([0, 0, 0])
})

test('a connection that has waited its time ends in a reset, never in a clean end', async () => {
  const door = await new Door().open()
  const client = await door.client()
  await sockets.clock.advance(9_999)
  await sockets.settle()
  expect(client.end()).toBe('open')
  await sockets.clock.advance(1)
  await sockets.until(() => client.end() !== 'open')
  expect(client.end()).toBe('ECONNRESET')
  expect(door.traffic).toBe('0 open, 0 draining, 0 held, 0 served, 1 failed')
  expect(door.waits).toEqual(['a connection was reset after it had waited 10 s, since nothing could serve it'])
})

test('the window of an outage begins with the loss, not with the first that waits; then all are reset at once', async () => {
  const door = await new Door().open()
  door.route = 'a'
  door.reception.flush()
  await sockets.clock.advance(60_000)
  door.route = undefined
  door.reception.flush()
  await sockets.clock.advance(29_000)
  const early = await door.client()
  expect(door.traffic).toContain('1 held')
  await sockets.clock.advance(1_000)
  const late = await door.client()
  await sockets.until(() => late.end() === 'ECONNRESET')
  expect(early.end()).toBe('open')
  expect(door.waits).toEqual(['nothing could serve connections for 30 s: new ones are reset at once'])

  door.reception.restartOutage()
  await door.client()
  expect(door.traffic).toContain('2 held')
})

test('when the forward has failed, those that wait are reset, and later ones at once', async () => {
  const door = await new Door().open()
  const waiting = await door.client()
  door.failed = true
  door.reception.flush()
  await sockets.until(() => waiting.end() === 'ECONNRESET')
  const late = await door.client()
  await sockets.until(() => late.end() === 'ECONNRESET')
  expect(door.traffic).toBe('0 open, 0 draining, 0 held, 0 served, 2 failed')
})

test('over a limit new ones are reset, and somebody is told', async () => {
  const door = await new Door({ maxConnections: 2, hold: { timeoutMs: 10_000, windowMs: 30_000, maxConnections: 1 } }, 3).open()
  const kept = await door.client()
  const unheld = await door.client()
  await sockets.until(() => unheld.end() === 'ECONNRESET')
  door.route = 'a'
  door.reception.flush()
  await door.client()
  const over = await door.client()
  await sockets.until(() => over.end() === 'ECONNRESET')
  kept.socket.resetAndDestroy()
  await sockets.until(() => door.reception.size === 1)
  while (door.budget.open < 3) door.budget.take()
  const overall = await door.client()
  await sockets.until(() => overall.end() === 'ECONNRESET')
  expect(door.limits).toEqual([
    '1 waiting connections of this forward',
    '2 connections of this forward',
    'more than 3 connections of the process at once: new ones are reset',
  ])
})

test('a connection with a socket of its own to the cluster takes the room of two, while it has it', async () => {
  const door = await new Door({}, 3).open()
  door.descriptors = 1
  const waiting = await door.client()
  expect(door.budget.open).toBe(1)
  door.route = 'a'
  door.reception.flush()
  expect(door.budget.open).toBe(2)
  door.streams[0]?.sink.ended(gone)
  await sockets.until(() => door.streams.length === 2)
  expect(door.budget.open).toBe(2)
  await door.client()
  expect(door.budget.open).toBe(4)
  const over = await door.client()
  await sockets.until(() => over.end() === 'ECONNRESET')
  waiting.socket.resetAndDestroy()
  await sockets.until(() => door.reception.size === 1)
  expect(door.budget.open).toBe(2)
  door.reception.close()
  await door.reception.whenEmpty()
  expect(door.budget.open).toBe(0)
})

test('hold: off resets at once and is no limit to be told of', async () => {
  const door = await new Door({ hold: { timeoutMs: 10_000, windowMs: 30_000, maxConnections: 0 } }).open()
  const client = await door.client()
  await sockets.until(() => client.end() === 'ECONNRESET')
  expect([...door.limits, ...door.waits]).toEqual([])
})

test('a pod that was never touched is no harm: its successor gets the same bytes, once', async () => {
  const door = await new Door().open()
  door.losesRoute = true
  door.route = 'a'
  const client = await door.client()
  client.socket.write('POST')
  await sockets.settle()
  door.streams[0]?.sink.ended(gone)
  await sockets.until(() => door.gone.length === 1)
  expect(door.traffic).toContain('1 held')
  door.route = 'b'
  door.reception.flush()
  expect(door.streams.map(({ log }) => log)).toEqual(['a: POST', 'b: POST'])
  expect(client.end()).toBe('open')
})

test('a stream whose bytes may have arrived is never sent again', async () => {
  const door = await new Door().open()
  door.route = 'a'
  const client = await door.client()
  client.socket.write('POST')
  await sockets.settle()
  door.streams[0]?.sink.ended(cut)
  await sockets.until(() => client.end() === 'ECONNRESET')
  expect(door.streams).toHaveLength(1)
  expect(door.traffic).toBe('0 open, 0 draining, 0 held, 0 served, 1 failed')
})

test('a connection is sent four times at most', async () => {
  const door = await new Door().open()
  door.route = 'a'
  const client = await door.client()
  for (let count = 1; count <= 4; count++) {
    await sockets.until(() => door.streams.length === count)
    door.streams.at(-1)?.sink.ended(gone)
  }
  await sockets.until(() => client.end() === 'ECONNRESET')
  expect(door.streams).toHaveLength(4)
})

test('a refusal counts after a second look, and a success clears the count', async () => {
  const door = await new Door().open()
  door.route = 'a'
  for (let count = 1; count <= 3; count++) {
    const client = await door.client()
    await sockets.until(() => door.streams.length === count)
    door.streams.at(-1)?.sink.ended(refused)
    await sockets.settle()
    expect(client.end()).toBe('open')
    await sockets.clock.advance(100)
    await sockets.until(() => client.end() === 'ECONNRESET')
    expect(door.reception.refusedInARow).toBe(count)
  }
  await door.client()
  await sockets.until(() => door.streams.length === 4)
  door.streams[3]?.sink.data(Buffer.from('yes'))
  door.streams[3]?.sink.ended({ kind: 'finished' })
  await sockets.clock.advance(0)
  await sockets.settle()
  await sockets.clock.advance(1_000)
  await sockets.until(() => door.reception.size === 0)
  expect(door.reception.refusedInARow).toBe(0)
})

test.each(['the first byte of an answer', 'a second without a refusal'])('%s clears the count of refusals; the connection need not end', async (what) => {
  const door = await new Door().open()
  door.route = 'a'
  const old = await door.client()
  await refuseThree(door)
  // What was opened before says nothing about who listens now.
  door.streams[0]?.sink.data(Buffer.from('still here'))
  await sockets.until(() => old.text() === 'still here')
  expect(door.reception.refusedInARow).toBe(3)
  const client = await door.client()
  await sockets.until(() => door.streams.length === 5)
  door.changes = 0
  if (what.startsWith('the first byte')) door.streams.at(-1)?.sink.data(Buffer.from('yes'))
  else {
    await sockets.clock.advance(1_000)
    expect(door.reception.refusedInARow, 'the node has not even taken it').toBe(3)
    door.streams.at(-1)?.sink.answered()
    await sockets.clock.advance(1_000)
  }
  expect([door.reception.refusedInARow, door.changes, client.end()]).toEqual([0, 1, 'open'])
})

test('refusals of one pod are not those of the next', async () => {
  const door = await new Door().open()
  door.route = 'a'
  await refuseThree(door)
  door.route = 'b'
  expect(door.reception.refusedInARow).toBe(0)
  await door.client()
  await sockets.until(() => door.streams.length === 4)
  door.streams.at(-1)?.sink.ended(refused)
  await sockets.settle()
  await sockets.clock.advance(100)
  expect(door.reception.refusedInARow).toBe(1)
})

test('a refusal by a pod that turns out to be ending is none: its successor is asked', async () => {
  const door = await new Door().open()
  door.route = 'a'
  const client = await door.client()
  door.streams[0]?.sink.ended(refused)
  await sockets.settle()
  door.leaving = true
  door.route = 'b'
  await sockets.clock.advance(100)
  await sockets.until(() => door.streams.length === 2)
  expect([door.gone, door.reception.refusedInARow, client.end()]).toEqual([['a'], 0, 'open'])
})

test('a client that leaves while a refusal is looked at again is sent nowhere and has not failed', async () => {
  const door = await new Door().open()
  door.route = 'a'
  const client = await door.client()
  door.streams[0]?.sink.ended(refused)
  await sockets.settle()
  client.socket.resetAndDestroy()
  await sockets.settle()
  door.leaving = true
  await sockets.clock.advance(100)
  await sockets.until(() => door.reception.size === 0)
  expect(door.streams).toHaveLength(1)
  expect(door.traffic).toBe('0 open, 0 draining, 0 held, 0 served, 0 failed')
})

test('a stop while a refusal is looked at again leaves nothing behind', async () => {
  const door = await new Door().open()
  door.route = 'a'
  await door.client()
  door.streams[0]?.sink.ended(refused)
  await sockets.settle()
  await sockets.clock.advance(50)
  door.route = undefined
  door.leaving = true
  door.reception.resetIdle()
  door.reception.close()
  await sockets.clock.advance(0)
  expect([door.reception.size, door.budget.held, door.budget.open, sockets.clock.waiting]).toEqual([0, 0, 0, 0])
})

test('a client that leaves with its answer is served; one that leaves without is nothing', async () => {
  const door = await new Door().open()
  door.route = 'a'
  const [answered, impatient] = [await door.client(), await door.client()]
  await sockets.until(() => door.streams.length === 2)
  door.streams[0]?.sink.data(Buffer.from('all of it'))
  await sockets.until(() => answered.text() === 'all of it')
  answered.socket.resetAndDestroy()
  impatient.socket.resetAndDestroy()
  await sockets.until(() => door.reception.size === 0)
  expect(door.traffic).toBe('0 open, 0 draining, 0 held, 1 served, 0 failed')
})

test('those on an old route drain for their time; later ones on a route of that name are not meant', async () => {
  const door = await new Door().open()
  door.route = 'a'
  const old = await door.client()
  door.route = 'b'
  const other = await door.client()
  expect(door.traffic).toBe('1 open, 1 draining, 0 held, 0 served, 0 failed')
  void door.reception.drain(30_000, 'a')
  await sockets.clock.advance(10_000)
  door.route = 'a'
  const back = await door.client()
  await sockets.clock.advance(20_000)
  await sockets.until(() => old.end() === 'ECONNRESET')
  await sockets.settle()
  expect([other.end(), back.end()]).toEqual(['open', 'open'])
  expect(door.traffic).toBe('1 open, 1 draining, 0 held, 0 served, 1 failed')
})

test('a stop resets what waits and what is idle, then the rest, and counts each once', async () => {
  const door = await new Door().open()
  door.route = 'a'
  const [idle, busy] = [await door.client(), await door.client()]
  await sockets.until(() => door.streams.length === 2)
  await sockets.clock.advance(1_000)
  door.streams[1]?.sink.data(Buffer.from('more'))
  door.route = undefined
  const held = await door.client()
  // What waits is reset by a stop, so it is not busy.
  expect(door.reception.busy).toBe(1)
  door.reception.resetIdle()
  await sockets.until(() => idle.end() === 'ECONNRESET' && held.end() === 'ECONNRESET')
  expect(busy.end()).toBe('open')
  door.reception.close()
  door.reception.close()
  await door.reception.whenEmpty()
  await sockets.until(() => busy.end() === 'ECONNRESET')
  expect([door.reception.wasReset, door.traffic]).toEqual([3, '0 open, 0 draining, 0 held, 0 served, 0 failed'])
  expect([door.budget.open, door.budget.held, sockets.clock.waiting]).toEqual([0, 0, 0])
})

async function refuseThree(door: Door): Promise<void> {
  for (let count = 1; count <= 3; count++) {
    const before = door.streams.length
    const client = await door.client()
    await sockets.until(() => door.streams.length > before)
    door.streams.at(-1)?.sink.ended(refused)
    await sockets.settle()
    await sockets.clock.advance(100)
    await sockets.until(() => client.end() === 'ECONNRESET')
  }
  expect(door.reception.refusedInARow).toBe(3)
}

interface FakeStream extends TunnelStream {
  readonly sink: StreamSink
  readonly log: string
}

/** A reception on a port, with a route that the test names. */
class Door {
  readonly streams: FakeStream[] = []
  readonly limits: string[] = []
  readonly gone: string[] = []
  readonly waits: string[] = []
  readonly budget: Budget
  readonly reception: Reception
  route: string | undefined
  failed = false
  leaving = false
  changes = 0
  descriptors = 0
  /** Whether a pod that is gone takes the route with it. */
  losesRoute = false
  readonly #spec: Forward
  #port = 0

  constructor(more: Partial<Forward> = {}, maxOpen = 100) {
    this.#spec = forward('api', 8080, more)
    this.budget = new Budget(maxOpen, { clock: sockets.clock, warn: ({ code, message }) => code === 'KPF_CONNECTION_LIMIT' && this.limits.push(message) })
    this.reception = new Reception(this.#spec, {
      clock: sockets.clock,
      budget: this.budget,
      route: () => (this.route === undefined ? undefined : this.#routeTo(this.route)),
      outlook: () => ({ failed: this.failed, nonComing: false, wasOpen: false }),
      podGone: (key) => {
        this.gone.push(key)
        if (this.losesRoute) this.route = undefined
      },
      isLeaving: () => this.leaving,
      accepted: () => {},
      changed: () => this.changes++,
      overLimit: (what) => this.limits.push(what),
      waitedTooLong: (what) => this.waits.push(what),
    })
  }

  get traffic(): string {
    return Object.entries(this.reception.traffic)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')
  }

  async open(): Promise<this> {
    const server = await sockets.listen(0)
    this.#port = portOf(server)
    const [mapping] = this.#spec.ports
    server.on('connection', (socket) => mapping && this.reception.accept(socket, mapping))
    sockets.keep({ close: () => this.reception.close() })
    return this
  }

  async client(): Promise<Client> {
    const before = this.#accepted()
    const client = await sockets.client(this.#port)
    await sockets.until(() => this.#accepted() > before || client.end() !== 'open')
    return client
  }

  #accepted(): number {
    return this.reception.size + this.reception.traffic.failed
  }

  #routeTo(key: string): Route {
    return {
      key,
      descriptors: this.descriptors,
      open: (early, sink) => {
        let log = `${key}: ${early.map(String).join('')}`
        const stream: FakeStream = {
          sink,
          get log() {
            return log
          },
          write: (bytes) => {
            log += String(bytes)
            return true
          },
          end: () => {},
          reset: () => {},
          pause: () => {},
          resume: () => {},
        }
        this.streams.push(stream)
        return stream
      },
    }
  }
}
