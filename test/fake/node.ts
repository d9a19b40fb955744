/** A node on loopback: bare SPDY sessions, and in each pod a program that echoes after its name. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { SpdyServer } from '../../src/sandbox/spdy-server.ts'
import type { Upgraded } from '../../src/tunnel/dialer.ts'
import type { HandClock } from './clock.ts'

export class FakeNode {
  /** Texts of pods that have ended: every stream to them is refused so. */
  readonly gone = new Set<string>()
  /** Pods in which nothing listens. */
  readonly deaf = new Set<string>()
  refused = 0
  /** What each pod has received, by name. */
  readonly received = new Map<string, string>()
  readonly #clock: HandClock
  readonly #servers: Promise<Server>[] = []
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Map<string, Set<Socket>>()

  constructor(clock: HandClock) {
    this.#clock = clock
  }

  async upgrade(pod: string): Promise<Upgraded> {
    const server = await this.#listen((socket) => this.#session(pod, socket))
    const socket = this.#keep(connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true, noDelay: true }))
    await once(socket, 'connect')
    socket.pause()
    return { kind: 'upgraded', transport: 'spdy', socket, head: Buffer.alloc(0), encrypted: true }
  }

  /** Cuts the tunnels of a pod. */
  cut(pod: string): void {
    for (const socket of this.#sessions.get(pod) ?? []) socket.destroy()
  }

  close(): void {
    for (const server of this.#servers) void server.then((one) => one.close())
    for (const socket of this.#sockets) socket.destroy()
  }

  #session(pod: string, socket: Socket): void {
    const sessions = this.#sessions.get(pod) ?? new Set()
    this.#sessions.set(pod, sessions.add(socket))
    const spdy = new SpdyServer({
      clock: this.#clock,
      dial: () => this.#dial(pod),
      goneText: () => (this.gone.has(pod) ? 'error forwarding port 8080 to pod x, uid : network namespace for sandbox "x" is closed' : undefined),
      send: (bytes) => socket.write(bytes),
      hold: (isHeld) => (isHeld ? socket.pause() : socket.resume()),
      end: () => socket.end(),
    })
    socket
      .on('data', (bytes: Buffer) => spdy.receive(bytes))
      .on('drain', () => spdy.drained())
      .on('close', () => {
        sessions.delete(socket)
        spdy.close()
      })
  }

  async #dial(pod: string): Promise<Socket> {
    if (this.deaf.has(pod)) this.refused++
    if (this.deaf.has(pod))
      throw new Error('failed to connect to localhost:8080 inside namespace "x", IPv4: dial tcp4 127.0.0.1:8080: connect: connection refused')
    const server = await this.#listen((socket) => {
      socket.write(`${pod}:`)
      socket.on('data', (bytes: Buffer) => {
        this.received.set(pod, `${this.received.get(pod) ?? ''}${String(bytes)}`)
        socket.write(bytes)
      })
      socket.on('end', () => socket.end())
    })
    const socket = this.#keep(connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true, noDelay: true }))
    await once(socket, 'connect')
    return socket
  }

  async #listen(accepted: (socket: Socket) => void): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accepted(this.#keep(socket)))
    const listening = (async () => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    })()
    this.#servers.push(listening)
    return listening
  }

  #keep(socket: Socket): Socket {
    socket.on('error', () => {})
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}

function portOf(server: Server): number {
  // A server on TCP that listens has an address of this kind.
  return (server.address() as AddressInfo).port
}
