/** Local ports that nobody has at this moment. */
import { once } from 'node:events'
import { createServer } from 'node:net'

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

/** Whether nobody has a port on an address at this moment. */
export async function isFreePort(port: number, address: string): Promise<boolean> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  server.once('error', () => resolve(false))
  server.listen({ port, host: address, exclusive: true }, () => resolve(true))
  const isFree = await promise
  if (!isFree) return false
  server.close()
  await once(server, 'close')
  return true
}
