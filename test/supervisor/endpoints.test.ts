import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type Claim, type EndpointOwner, Endpoints } from '../../src/supervisor/endpoints.ts'
import type { ListenerState } from '../../src/supervisor/listener-machine.ts'
import { Sockets } from './sockets.ts'

let sockets = new Sockets()
afterEach(() => {
  sockets.close()
  sockets = new Sockets()
})

test('a port moves to a new owner without being closed, and back when that one lets go', async () => {
  const endpoints = registry()
  const port = await sockets.freePort()
  const [first, second] = [new Owner(), new Owner()]
  const old = claimed(endpoints, port, first)
  await sockets.until(() => old.state.kind === 'bound')
  const waiting = await sockets.client(port)
  await sockets.until(() => first.count === 1)

  const newer = claimed(endpoints, port, second)
  expect(second.states).toEqual([{ kind: 'bound', port }])
  await sockets.client(port)
  await sockets.until(() => second.count === 1)
  newer.release()
  await sockets.client(port)
  await sockets.until(() => first.count === 2)
  expect(waiting.end()).toBe('open')

  old.release()
  expect(endpoints.size).toBe(0)
  expect((await sockets.client(port)).end()).toBe('ECONNREFUSED')
})

test('the old owner may let go first: the port stays open all the while', async () => {
  const endpoints = registry()
  const port = await sockets.freePort()
  const [first, second] = [new Owner(), new Owner()]
  const old = claimed(endpoints, port, first)
  await sockets.until(() => old.state.kind === 'bound')
  const newer = claimed(endpoints, port, second)
  old.release()
  old.release()
  expect(endpoints.size).toBe(1)
  await sockets.client(port)
  await sockets.until(() => second.count === 1)
  expect(first.count).toBe(0)
  newer.release()
})

test('a claim that is given back while it binds leaves no port open', async () => {
  const endpoints = registry()
  const port = await sockets.freePort()
  const owner = new Owner()
  claimed(endpoints, port, owner).release()
  await sockets.settle()
  expect(endpoints.size).toBe(0)
  expect((await sockets.client(port)).end()).toBe('ECONNREFUSED')
  expect(owner.states).toEqual([{ kind: 'binding' }])
})

test('port 0 is another port for each claim', async () => {
  const endpoints = registry()
  const claims = [1, 2].map(() => claimed(endpoints, 0, new Owner()))
  await sockets.until(() => claims.every(({ state }) => state.kind === 'bound'))
  expect(new Set(claims.map(({ state }) => (state.kind === 'bound' ? state.port : 0))).size).toBe(2)
})

test('an address that this machine lacks is asked for again when somebody says so', async () => {
  const endpoints = registry()
  const owner = new Owner()
  const claim = claimed(endpoints, 18_080, owner, '203.0.113.1')
  await sockets.until(() => claim.state.kind === 'refused')
  endpoints.retry()
  await sockets.until(() => owner.states.length === 4)
  expect(owner.states.map(({ kind }) => kind)).toEqual(['binding', 'refused', 'binding', 'refused'])
})

function registry(): Endpoints {
  return new Endpoints({ clock: sockets.clock, findHolder: async () => undefined })
}

function claimed(endpoints: Endpoints, port: number, owner: Owner, address = '127.0.0.1'): Claim {
  const claim = endpoints.claim({ address, port }, owner)
  sockets.keep({ close: () => claim.release() })
  return claim
}

class Owner implements EndpointOwner {
  count = 0
  readonly states: ListenerState[] = []
  readonly accepted = (socket: Socket): void => {
    this.count++
    sockets.keep({ close: () => socket.destroy() })
  }
  readonly changed = (state: ListenerState): void => {
    this.states.push(state)
  }
}
