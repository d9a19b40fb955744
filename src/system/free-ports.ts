/** Local ports that nobody has at this moment. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { probePort } from './probe-port.ts'

/** So many different ports, free on 127.0.0.1; somebody else may take one before its use. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(
    servers.map((server) => {
      server.close()
      return once(server, 'close')
    }),
  )
  return ports
}

/** Whether nobody has a port on any of the addresses at this moment. An address that the machine does not have is no reason against a port. */
export async function isFreePort(port: number, addresses: readonly string[]): Promise<boolean> {
  for (const host of addresses) if (!(await isFreeOn(host, port))) return false
  return true
}

async function isFreeOn(address: string, port: number): Promise<boolean> {
  const errno = await probePort({ address, port })
  return errno !== 'EADDRINUSE' && errno !== 'EACCES'
}
