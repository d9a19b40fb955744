import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { probePort } from '../../src/system/probe-port.ts'

test('a port is free, busy while somebody has it, and free again', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const endpoint = { address: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 }
  expect(await probePort(endpoint)).toBe('EADDRINUSE')
  server.close()
  await once(server, 'close')
  expect(await probePort(endpoint)).toBeUndefined()
  expect(await probePort(endpoint)).toBeUndefined()
})

test('an address that the machine does not have is told', async () => {
  expect(await probePort({ address: '192.0.2.1', port: 0 })).toBe('EADDRNOTAVAIL')
})
