/** Whether a local endpoint can be bound, found out by binding it for a moment. */
import { createServer } from 'node:net'
import { errnoOf } from './errno.ts'

/** Undefined when it can be bound, else the errno. */
export async function probePort({ address, port }: { readonly address: string; readonly port: number }): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  // As the forward's own listener does it.
  const server = createServer().listen({ host: address, port, exclusive: true })
  server.on('error', (error) => resolve(errnoOf(error)))
  server.on('listening', () => server.close(() => resolve(undefined)))
  return promise
}
