/** Real sockets on loopback for the tests of this folder; time is moved by hand. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { HandClock } from '../fake/clock.ts'
import { freePort } from '../fake/free-port.ts'

/** A client of ours, and what has become of it. */
export interface Client {
  readonly socket: Socket
  readonly text: () => string
  /** `open`, `fin`, or the error's code. */
  readonly end: () => string
}

/** Everything that was opened is closed; call {@link Sockets.close} after each test. */
export class Sockets {
  readonly clock = new HandClock()
  readonly #open: { close(): unknown }[] = []

  close(): void {
    for (const thing of this.#open.splice(0)) thing.close()
  }

  keep<T extends { close(): unknown }>(thing: T): T {
    this.#open.push(thing)
    return thing
  }

  /** Waits for something that real sockets bring about. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.clock.advance(0)
  }

  /** Lets what is under way arrive: loopback is a queue, and all ends are in this process. */
  async settle(): Promise<void> {
    const server = await this.listen(0)
    server.on('connection', (socket: Socket) => socket.pipe(socket))
    const { socket } = await this.client(portOf(server))
    for (let round = 0; round < 4; round++) {
      socket.write('.')
      await once(socket, 'data')
      await this.clock.advance(0)
    }
    socket.destroy()
    server.close()
  }

  async listen(port: number, address = '127.0.0.1'): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    server.on('connection', (socket: Socket) => this.keep({ close: () => socket.destroy() }))
    server.listen(port, address)
    await once(server, 'listening')
    return this.keep(server)
  }

  /** A port that nobody has, on both loopbacks. */
  freePort(): Promise<number> {
    return freePort()
  }

  /** A client that is connected, or was refused. */
  async client(port: number, host = '127.0.0.1'): Promise<Client> {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
    this.keep({ close: () => socket.destroy() })
    let [text, end] = ['', 'open']
    socket.on('data', (bytes: Buffer) => (text += String(bytes)))
    socket.on('end', () => (end = 'fin'))
    socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? 'error'))
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    return { socket, text: () => text, end: () => end }
  }
}

export function portOf(server: Server): number {
  // A server on TCP that listens has an address of this kind.
  return (server.address() as AddressInfo).port
}
