/** An API server on loopback with one pod behind it, for the tests of `tunnel/`. Sockets are real; time is moved by hand. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { Receiver } from 'ws'
import { SpdyServer } from '../../src/sandbox/spdy-server.ts'
import type { Dialer, PodRef, Transport, Upgraded, UpgradeRefusal, UpgradeRequest } from '../../src/tunnel/dialer.ts'
import type { Failure } from '../../src/tunnel/failure.ts'
import type { DialGate, TransportMemory } from '../../src/tunnel/gate.ts'
import type { LaneFacts, PoolParts } from '../../src/tunnel/pool.ts'
import type { StreamEnd, StreamSink } from '../../src/tunnel/stream.ts'
import { HandClock } from '../fake/clock.ts'

export const pod: PodRef = { namespace: 'shop', name: 'api-7c9', uid: 'uid-1' }

/** One upgraded connection as the server sees it. */
export interface ServerSide {
  readonly transport: Transport
  readonly socket: Socket
  readonly spdy: SpdyServer | undefined
  /** Sends one WebSocket message, or plain bytes on bare SPDY. */
  send(bytes: Buffer): void
  /** Sends a WebSocket close. */
  closeMessage(code: number): void
  /** Whether WebSocket pings are answered. */
  isPonging: boolean
}

/** How a dial is to be answered instead of with an upgrade. */
export type Script = UpgradeRefusal | Failure | 'hang'

/** The whole surroundings of a pool. */
export class World implements Dialer, DialGate, TransportMemory {
  readonly clock = new HandClock()
  readonly dials: UpgradeRequest[] = []
  /** Answers of the next dials, first come first served; afterwards every dial is upgraded. */
  readonly script: Script[] = []
  readonly sides: ServerSide[] = []
  readonly outcomes: string[] = []
  readonly states: LaneFacts[] = []
  readonly warnings: Failure[] = []
  /** Sockets the pod has accepted. */
  readonly inPod: Socket[] = []
  remembered: Transport | undefined
  gone: string | undefined
  /** How an upgraded socket says whether it is inside TLS. */
  encrypted = false
  chance = 0.5
  readonly #servers = new Map<Transport | number, Server>()
  readonly #open = new Set<Socket>()

  /** Everything that was opened is closed; call after each test. */
  close(): void {
    for (const server of this.#servers.values()) server.close()
    for (const socket of this.#open) socket.destroy()
  }

  parts(more: Partial<PoolParts> = {}): PoolParts {
    return {
      pod,
      dialer: this,
      gate: this,
      transports: this,
      clock: this.clock,
      chance: () => this.chance,
      mode: 'auto',
      backoff: { initialMs: 200, factor: 2, maxMs: 15_000, jitter: 0.5, resetAfterMs: 30_000 },
      pingIntervalMs: 10_000,
      dialMs: 15_000,
      streamMs: 10_000,
      changed: (facts) => this.states.push(facts),
      warn: (failure) => this.warnings.push(failure),
      ...more,
    }
  }

  /** Lets the pod listen; half-open sockets are the app's own affair. */
  async listen(port: number, app: (socket: Socket) => void): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.keep(socket)
      this.inPod.push(socket)
      app(socket)
    })
    this.#servers.set(port, await listening(server))
  }

  /** Waits for something that real sockets bring about. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.clock.advance(0)
  }

  /**
   * Lets what is under way arrive. All ends are in this process and loopback is a queue, so
   * what was written before a byte of ours is there before it; an inflater needs its thread.
   */
  async settle(): Promise<void> {
    const server = await listening(createServer((socket) => this.keep(socket).pipe(socket)))
    const probe = this.keep(connect({ port: portOf(server), host: '127.0.0.1' }))
    for (let round = 0; round < 8; round++) {
      probe.write('.')
      await Promise.all([once(probe, 'data'), promisify(deflate)('.')])
      await this.clock.advance(0)
    }
    probe.destroy()
    server.close()
  }

  /** Lets time pass while everybody gets to answer. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await this.clock.advance(Math.min(left, 500))
      await this.settle()
    }
  }

  /** A connected pair of local sockets: the client's and ours. */
  async localPair(): Promise<{ readonly client: Socket; readonly local: Socket }> {
    const server = await listening(createServer({ allowHalfOpen: true }))
    const accepted = once(server, 'connection')
    const client = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
    // `connection` hands over exactly one socket.
    const [local] = (await accepted) as [Socket]
    await once(client, 'connect').catch(() => undefined)
    server.close()
    return { client: this.keep(client), local: this.keep(local) }
  }

  keep(socket: Socket): Socket {
    socket.on('error', () => {})
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    return socket
  }

  async open(request: UpgradeRequest): Promise<Upgraded | UpgradeRefusal | Failure> {
    this.dials.push(request)
    const scripted = this.script.shift()
    if (scripted === 'hang') return new Promise<never>(() => {})
    if (scripted !== undefined) return scripted
    const { transport } = request
    const server = this.#servers.get(transport) ?? (await this.#serve(transport, request.ports?.[0]))
    const socket = this.keep(connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true }))
    const seen = this.sides.length
    await once(socket, 'connect')
    await this.until(() => this.sides.length > seen)
    return { kind: 'upgraded', transport, socket, head: Buffer.alloc(0), encrypted: this.encrypted }
  }

  async enter(): Promise<boolean> {
    return true
  }

  done(outcome: 'reached' | 'unreachable'): void {
    this.outcomes.push(outcome)
  }

  recall(): Transport | undefined {
    return this.remembered
  }

  remember(transport: Transport): void {
    this.remembered = transport
  }

  async #serve(transport: Transport, port: number | undefined): Promise<Server> {
    const server = await listening(createServer((socket) => this.sides.push(this.#side(transport, this.keep(socket), port))))
    // A channel connection is for one port, so its server is for one dial.
    if (transport !== 'channel') this.#servers.set(transport, server)
    else this.#servers.set(-1 - this.#servers.size, server)
    return server
  }

  #side(transport: Transport, socket: Socket, port: number | undefined): ServerSide {
    const isBare = transport === 'spdy'
    const send = (bytes: Buffer): boolean => socket.write(isBare ? bytes : serverFrame(2, bytes))
    const spdy = transport === 'channel' ? undefined : this.#spdy(socket, send)
    const side: ServerSide = {
      transport,
      socket,
      spdy,
      isPonging: true,
      send,
      closeMessage: (code) => socket.end(serverFrame(8, Buffer.from([code >> 8, code & 0xff]))),
    }
    if (transport === 'channel' && port !== undefined) void this.#channel(side, port)
    if (isBare) socket.on('data', (bytes: Buffer) => spdy?.receive(bytes))
    else this.#messages(side)
    return side
  }

  #spdy(socket: Socket, send: (bytes: Buffer) => boolean): SpdyServer {
    const spdy = new SpdyServer({
      clock: this.clock,
      dial: (port) => this.#dialInPod(port),
      goneText: () => this.gone,
      send,
      hold: (isHeld) => (isHeld ? socket.pause() : socket.resume()),
      end: () => socket.end(),
    })
    socket.on('drain', () => spdy.drained()).on('close', () => spdy.close())
    return spdy
  }

  #messages(side: ServerSide): void {
    const receiver = new Receiver({ isServer: true })
    receiver.on('message', (bytes, isBinary) => {
      if (side.spdy && isBinary) side.spdy.receive(bytes)
      else side.socket.emit('channel-message', bytes)
    })
    receiver.on('ping', (bytes) => side.isPonging && side.socket.write(serverFrame(10, bytes)))
    receiver.on('conclude', () => side.socket.end())
    receiver.on('error', () => side.socket.destroy())
    side.socket.on('data', (bytes: Buffer) => receiver.write(bytes))
  }

  async #channel(side: ServerSide, port: number): Promise<void> {
    const number = Buffer.from([port & 0xff, port >> 8])
    const waiting: Buffer[] = []
    let inPod: Socket | undefined
    side.socket.on('channel-message', (message: Buffer) => (inPod ? inPod.write(message.subarray(1)) : waiting.push(message)))
    for (const channel of [0, 1]) side.send(Buffer.from([channel, ...number]))
    try {
      inPod = await this.#dialInPod(port)
    } catch (error) {
      side.send(Buffer.concat([Buffer.from([1]), Buffer.from(String(error))]))
      return side.closeMessage(1000)
    }
    const podSocket = inPod
    for (const message of waiting) podSocket.write(message.subarray(1))
    podSocket.on('data', (bytes: Buffer) => side.send(Buffer.concat([Buffer.from([0]), bytes])))
    podSocket.on('end', () => side.closeMessage(1000))
    side.socket.on('close', () => podSocket.destroy())
  }

  async #dialInPod(port: number): Promise<Socket> {
    const server = this.#servers.get(port)
    if (server === undefined) {
      throw new Error(`failed to connect to localhost:${port} inside namespace "x", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused`)
    }
    const socket = this.keep(connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true }))
    await once(socket, 'connect')
    return socket
  }
}

/** Remembers what a stream said. */
export class Record implements StreamSink {
  readonly chunks: Buffer[] = []
  answers = 0
  writables = 0
  isHalfClosed = false
  end: StreamEnd | undefined

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  answered(): void {
    this.answers++
  }

  data(bytes: Buffer): void {
    this.chunks.push(Buffer.from(bytes))
  }

  writable(): void {
    this.writables++
  }

  halfClosed(): void {
    this.isHalfClosed = true
  }

  ended(end: StreamEnd): void {
    if (this.end) throw new Error('a stream ends once')
    this.end = end
  }
}

export function echo(socket: Socket): void {
  socket.pipe(socket)
}

/** A server's frame: no mask. */
export function serverFrame(opcode: number, payload: Buffer): Buffer {
  const extra = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + extra)
  head[0] = 0x80 | opcode
  head[1] = extra === 0 ? payload.length : extra === 2 ? 126 : 127
  if (extra === 2) head.writeUInt16BE(payload.length, 2)
  if (extra === 8) head.writeUIntBE(payload.length, 4, 6)
  return Buffer.concat([head, payload])
}

async function listening(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address and a port')
  return address.port
}
