/** A port that a forward could have, on each of its addresses. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { freePorts, isFreePort } from '../../src/system/free-ports.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close()
    await once(server, 'close')
  }
})

test('a port is free when nobody has it on any of the addresses', async () => {
  const [port = 0] = await freePorts(1)
  expect(await isFreePort(port, ['127.0.0.1', '127.0.0.2'])).toBe(true)
  const server = createServer().listen(port, '127.0.0.2')
  servers.push(server)
  await once(server, 'listening')
  expect(await isFreePort(port, ['127.0.0.1'])).toBe(true)
  expect(await isFreePort(port, ['127.0.0.1', '127.0.0.2'])).toBe(false)
})

test('an address that the machine does not have says nothing against a port', async () => {
  const [port = 0] = await freePorts(1)
  // Of the block for documents (RFC 5737): nobody has it.
  expect(await isFreePort(port, ['192.0.2.1', '127.0.0.1'])).toBe(true)
})
