/** Small proxies on loopback for one test: every way they are asked for leads to one port of this machine. */
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { closing } from './loopback-server.ts'

function tied(a: Duplex, b: Duplex): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy())
  a.pipe(b).pipe(a)
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {})))
  closing({
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

export interface TestProxy {
  readonly port: number
  /** What was asked for: `CONNECT k8s.test:6443 Basic …`. */
  readonly asked: string[]
}

/** An HTTP proxy; `refuse` is the answer to give instead of a way. */
export async function httpProxy(target: () => number, refuse?: string, server: HttpServer = createHttpServer()): Promise<TestProxy> {
  const asked: string[] = []
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? 'nobody'}`)
    socket.on('error', () => {})
    if (refuse !== undefined) return socket.end(`HTTP/1.1 ${refuse}\r\nContent-Length: 4\r\n\r\ntext`)
    const onward = connect(target(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      tied(socket, onward)
    })
    return onward.on('error', () => socket.destroy())
  })
  return { port: await listening(server), asked }
}

/** A SOCKS 5 proxy (RFC 1928, 1929): wants `login` if there is one, and answers with `reply`. */
export async function socksProxy(target: () => number, { login, reply = 0 }: { login?: string; reply?: number } = {}): Promise<TestProxy> {
  const asked: string[] = []
  const serve = async (socket: Socket): Promise<void> => {
    const next = async (): Promise<Buffer> => {
      const [chunk]: Buffer[] = await once(socket, 'data')
      return chunk ?? Buffer.alloc(0)
    }
    const methods = (await next()).subarray(2)
    const method = login === undefined ? 0 : 2
    if (!methods.includes(method)) return void socket.end(Buffer.from([5, 0xff]))
    socket.write(Buffer.from([5, method]))
    if (login !== undefined) {
      const told = await next()
      const userLength = told[1] ?? 0
      const isRight = `${told.subarray(2, 2 + userLength).toString()}:${told.subarray(3 + userLength).toString()}` === login
      if (!isRight) return void socket.end(Buffer.from([1, 1]))
      socket.write(Buffer.from([1, 0]))
    }
    const request = await next()
    const name = request[3] === 3 ? request.subarray(5, -2).toString() : request.subarray(4, -2).join('.')
    asked.push(`${request[1]} ${name}:${request.readUInt16BE(request.length - 2)}`)
    const answer = Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])
    if (reply !== 0) return void socket.end(answer)
    const onward = connect(target(), '127.0.0.1', () => {
      socket.write(answer)
      tied(socket, onward)
    })
    return undefined
  }
  return { port: await listening(createTcpServer((socket) => void serve(socket).catch(() => socket.destroy()))), asked }
}
