/** A small API server on loopback for one test: answers what it is told to, and records what it was asked. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach } from 'vitest'
import type { HandClock } from '../fake/clock.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
type Upgrade = (request: IncomingMessage, socket: Duplex) => void

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close()
})

/** Closes `thing` when the test ends. */
export function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing)
  return thing
}

export class LoopbackServer {
  /** `GET /path?query`, in order. */
  readonly asked: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly #sockets = new Set<Duplex>()
  readonly #server: Server
  answer: Answer = (_request, response) => void response.writeHead(404).end()
  upgrade: Upgrade = (_request, socket) => void socket.destroy()

  constructor(server: Server = createServer()) {
    this.#server = server
    const record = (request: IncomingMessage): void => {
      this.asked.push(`${request.method} ${request.url}`)
      this.headers.push(request.headers)
    }
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      record(request)
      this.answer(request, response)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      record(request)
      // An HTTP server's sockets stay half open, and one that is not read does not hear of the end.
      socket
        .on('error', () => {})
        .on('end', () => socket.end())
        .resume()
      this.upgrade(request, socket)
    })
    server.on('connection', (socket: Duplex) => {
      this.accepted++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(server?: Server): Promise<LoopbackServer> {
    const made = closing(new LoopbackServer(server))
    await once(made.#server.listen(0, '127.0.0.1'), 'listening')
    return made
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address')
    return address.port
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** How many were made, those that have ended too. */
  accepted = 0

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cutAll()
    this.#server.close()
  }
}

/** Answers with a JSON body. */
export function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

/** Lets real sockets do what they are at until `isSo` holds; the test's own limit ends it otherwise. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate()
}

/** Moves the clock on by `stepMs` again and again until `isSo` holds. */
export async function advanceUntil(clock: HandClock, stepMs: number, isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns++) {
    await setImmediate()
    if (turns % 50 === 49) await clock.advance(stepMs)
  }
}
