import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { PortMapping } from '../../src/file/forward.ts'
import { endpointText } from '../../src/supervisor/describe.ts'
import { Endpoints } from '../../src/supervisor/endpoints.ts'
import { BoundMapping } from '../../src/supervisor/mapping.ts'
import { mapping, onLocalhost } from './forwards.ts'
import { portOf, Sockets } from './sockets.ts'

let sockets = new Sockets()
afterEach(() => {
  sockets.close()
  sockets = new Sockets()
})

test('localhost is both loopbacks', async () => {
  const desk = new Desk()
  const port = await sockets.freePort()
  const bound = desk.bind(onLocalhost(port))
  await sockets.until(() => bound.isBound)
  expect(facts(bound)).toBe(`127.0.0.1:${port} bound, [::1]:${port} bound`)
  await sockets.client(port, '::1')
  await sockets.until(() => desk.accepted === 1)
})

test('::1 that is taken makes 127.0.0.1 be given back, until it is free', async () => {
  const desk = new Desk()
  const port = await sockets.freePort()
  const other = await sockets.listen(port, '::1')
  const bound = desk.bind(onLocalhost(port))
  await sockets.until(() => facts(bound).includes('busy'))
  expect(facts(bound)).toBe(`127.0.0.1:${port} binding, [::1]:${port} busy`)
  expect((await sockets.client(port)).end()).toBe('ECONNREFUSED')

  // While it is asked for again it is still busy, to whoever looks.
  const looks: string[] = []
  desk.onChange = () => looks.push(facts(bound))
  await sockets.clock.advance(2_000)
  expect(facts(bound)).toBe(`127.0.0.1:${port} binding, [::1]:${port} busy`)
  await sockets.settle()
  other.close()
  await sockets.clock.advance(2_000)
  await sockets.until(() => bound.isBound)
  expect(facts(bound)).toBe(`127.0.0.1:${port} bound, [::1]:${port} bound`)
  expect(looks.filter((look) => !look.includes('busy'))).toEqual([
    `127.0.0.1:${port} binding, [::1]:${port} bound`,
    `127.0.0.1:${port} bound, [::1]:${port} bound`,
  ])
})

test('127.0.0.1 that is taken keeps ::1 from being asked for', async () => {
  const desk = new Desk()
  const other = await sockets.listen(0)
  const bound = desk.bind(onLocalhost(portOf(other)))
  await sockets.until(() => facts(bound).includes('busy'))
  expect(desk.endpoints.size).toBe(1)
})

test('with onConflict: fail a taken port is given up, until it is asked to try again', async () => {
  const desk = new Desk()
  const other = await sockets.listen(0)
  const bound = desk.bind({ ...mapping(portOf(other)), onConflict: 'fail' })
  await sockets.until(() => facts(bound).includes('busy'))
  expect(bound.facts[0]?.fails).toBe(true)
  expect(desk.endpoints.size).toBe(0)
  other.close()
  await sockets.clock.advance(10_000)
  expect(facts(bound)).toContain('busy')
  bound.retry()
  await sockets.until(() => bound.isBound)
})

test('where one is enough, the taken one is left out', async () => {
  const desk = new Desk()
  const port = await sockets.freePort()
  await sockets.listen(port, '::1')
  const bound = desk.bind(onLocalhost(port), true)
  await sockets.until(() => desk.changes > 1)
  expect(facts(bound)).toBe(`127.0.0.1:${port} bound`)
  expect(bound.isBound).toBe(true)
})

test('an address that is absent and need not be there is left out', async () => {
  const desk = new Desk()
  const port = await sockets.freePort()
  const absent = { address: '203.0.113.1', ifPresent: true }
  const bound = desk.bind({ ...mapping(port), addresses: [absent, { address: '127.0.0.1', ifPresent: false }] })
  await sockets.until(() => bound.isBound)
  expect(facts(bound)).toBe(`127.0.0.1:${port} bound`)
})

test('any free port is the same one on both', async () => {
  const bound = new Desk().bind(onLocalhost(0))
  await sockets.until(() => bound.isBound)
  const ports = bound.facts.map(({ port }) => port)
  expect(new Set(ports).size).toBe(1)
  expect(ports).not.toContain(0)
})

test('a mapping of endpoints that are bound already has all of them at once', async () => {
  const desk = new Desk()
  const port = await sockets.freePort()
  const old = desk.bind(onLocalhost(port))
  await sockets.until(() => old.isBound)
  const newer = desk.bind(onLocalhost(port))
  expect(newer.isBound).toBe(true)
  old.release()
  expect(desk.endpoints.size).toBe(2)
})

test('a mapping that is released while it binds leaves nothing', async () => {
  const desk = new Desk()
  const port = await sockets.freePort()
  desk.bind(onLocalhost(port)).release()
  await sockets.settle()
  expect(desk.endpoints.size).toBe(0)
  for (const host of ['127.0.0.1', '::1']) expect((await sockets.client(port, host)).end()).toBe('ECONNREFUSED')
  expect(sockets.clock.waiting).toBe(0)
})

class Desk {
  readonly endpoints = new Endpoints({ clock: sockets.clock, findHolder: async () => undefined })
  accepted = 0
  changes = 0
  onChange: () => void = () => {}

  bind(port: PortMapping, oneIsEnough = false): BoundMapping {
    const bound = new BoundMapping(port, this.endpoints, {
      accepted: (socket: Socket) => {
        this.accepted++
        socket.destroy()
      },
      changed: () => {
        this.changes++
        this.onChange()
      },
      oneIsEnough,
    })
    sockets.keep({ close: () => bound.release() })
    bound.start()
    return bound
  }
}

function facts(bound: BoundMapping): string {
  return bound.facts.map(({ address, port, state }) => `${endpointText(address, port)} ${state.kind}`).join(', ')
}
