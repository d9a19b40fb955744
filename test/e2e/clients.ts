/** Clients of a local port: what a developer's programs do to a forward. */
import { once } from 'node:events'
import { get } from 'node:http'
import { connect, type Socket } from 'node:net'

/** GETs over a connection of its own; rejects for anything but a whole answer of status 200. */
export function fetchText(port: number, path = '/', timeoutMs = 15_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, headers: { connection: 'close' }, timeout: timeoutMs }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () =>
        response.complete && response.statusCode === 200 ? resolve(body) : reject(new Error(`status ${response.statusCode}, complete ${response.complete}`)),
      )
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('timed out')))
    request.on('error', reject)
  })
}

/** Resolves when the port has answered a request; it is asked every 2 ms, for 20 s at most. */
export async function answered(port: number): Promise<void> {
  const endMs = performance.now() + 20_000
  for (;;) {
    try {
      await fetchText(port)
      return
    } catch (error) {
      if (performance.now() > endMs) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A connected socket. */
export async function open(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** What comes back for a text through a connection to an echo. */
export async function echoed(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, 'data')
  socket.write(text)
  return String((await answer)[0])
}

/** Whether nobody accepts connections at a URL's host and port. */
export function isRefused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.on('error', () => resolve(true))
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}

/** What a load saw. */
export interface Hammered {
  readonly total: number
  readonly failed: number
  /** Of the failed ones: nobody listened. */
  readonly refused: number
  /** Of those that were answered. */
  readonly slowestMs: number
  /** The first few. */
  readonly errors: readonly string[]
  /** How many failed that began before or after that time, on the clock of `performance.now()`. */
  readonly lostOutside: (fromMs: number, toMs: number) => number
}

/** Opens a new connection every `everyMs` for `forMs` and counts what failed. */
export async function hammer(port: number, { everyMs, forMs, path = '/' }: { everyMs: number; forMs: number; path?: string }): Promise<Hammered> {
  const errors: string[] = []
  const lostAtMs: number[] = []
  const pending: Promise<void>[] = []
  let slowestMs = 0
  const beganMs = performance.now()
  const endMs = beganMs + forMs
  while (performance.now() < endMs) {
    const startMs = performance.now()
    pending.push(
      fetchText(port, path).then(
        () => {
          slowestMs = Math.max(slowestMs, performance.now() - startMs)
        },
        (error: unknown) => {
          lostAtMs.push(startMs)
          errors.push(`${String(error)}, begun at ${Math.round(startMs - beganMs)} ms, failed at ${Math.round(performance.now() - beganMs)} ms`)
        },
      ),
    )
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  await Promise.all(pending)
  const lostOutside = (fromMs: number, toMs: number): number => lostAtMs.filter((atMs) => atMs < fromMs || atMs > toMs).length
  const refused = errors.filter((error) => error.includes('ECONNREFUSED')).length
  return { total: pending.length, failed: errors.length, refused, slowestMs: Math.round(slowestMs), errors: errors.slice(0, 5), lostOutside }
}
