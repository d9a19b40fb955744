import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Listener, type ListenerParts } from '../../src/supervisor/listener.ts'
import type { ListenerState } from '../../src/supervisor/listener-machine.ts'
import { HandClock } from '../fake/clock.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const thing of open.splice(0)) thing.close()
})

test('a port that frees up is taken over at the next retry; a release leaves accepted sockets alone', async () => {
  const squatter = await listenAnywhere()
  const port = portOf(squatter)
  const world = new World()
  const listener = world.listen(port)
  expect(await world.next('busy')).toMatchObject({ holder: { command: 'squatter' } })

  squatter.close()
  await world.clock.advance(2_000)
  await world.next('bound')

  const client = connect(port, '127.0.0.1')
  open.push({ close: () => client.destroy() })
  await once(client, 'connect')
  listener.release()
  client.write('still there?')
  const [socket] = world.sockets
  expect(String((await once(socket as Socket, 'data'))[0])).toBe('still there?')
})

test('a released listener asks for its port no more', async () => {
  const squatter = await listenAnywhere()
  const world = new World()
  const listener = world.listen(portOf(squatter))
  await world.next('busy')
  listener.release()
  await world.clock.advance(60_000)
  expect(world.states.at(-1)).toEqual({ kind: 'released' })
  expect(world.clock.waiting).toBe(0)
})

test('an address that the machine lacks is asked for again every 30 s, however often it is kicked meanwhile', async () => {
  const world = new World()
  // Of a block for documentation (RFC 5737, section 3): no machine has it.
  const listener = world.listen(0, '192.0.2.1')
  await world.next('refused')
  for (let kick = 1; kick <= 5; kick++) {
    listener.networkChanged()
    await world.refusals(kick + 1)
  }
  expect(world.clock.waiting).toBe(1)
  await world.clock.advance(30_000)
  await world.refusals(7)
  await world.clock.advance(29_000)
  expect([world.states.at(-1), world.clock.waiting]).toEqual([{ kind: 'refused', errno: 'EADDRNOTAVAIL' }, 1])
  expect(world.states.filter(({ kind }) => kind === 'refused')).toHaveLength(7)
  listener.release()
  expect(world.clock.waiting).toBe(0)
})

/** A listener's surroundings: a clock by hand, a holder to find, a record of all states. */
class World implements ListenerParts {
  readonly clock = new HandClock()
  readonly states: ListenerState[] = []
  #wake: () => void = () => {}

  readonly findHolder = async () => ({ pid: 1, command: 'squatter' })
  readonly sockets: Socket[] = []
  readonly accepted = (socket: Socket): void => {
    this.sockets.push(socket)
    open.push({ close: () => socket.destroy() })
  }
  readonly changed = (state: ListenerState): void => {
    this.states.push(state)
    this.#wake()
  }

  listen(port: number, address = '127.0.0.1'): Listener {
    const listener = new Listener({ address, port }, this)
    open.push({ close: () => listener.release() })
    listener.start()
    return listener
  }

  /** Resolves when it was refused so often. */
  async refusals(count: number): Promise<void> {
    while (this.states.filter(({ kind }) => kind === 'refused').length < count) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** Resolves with the first state of that kind, past or future. */
  async next(kind: ListenerState['kind']): Promise<ListenerState> {
    for (;;) {
      const found = this.states.find((state) => state.kind === kind)
      if (found) return found
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

async function listenAnywhere(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  open.push(server)
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port
}
