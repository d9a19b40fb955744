/**
 * The control API on its socket: HTTP within limits, so that no client, slow, broken or
 * hostile, costs more than its own connection.
 *
 * Who may connect is decided by the folder (0700) and the socket (0600): Node tells
 * nothing about the process at the other end.
 */
import { chmod } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '../system/clock.ts'
import type { History } from './history.ts'
import { answer, type Answer, type Controlled, refusal } from './routes.ts'
import { API_VERSION } from './shapes.ts'
import { SharedStatus } from './shared-status.ts'
import { type EventStream, streamEvents, streamLogs } from './streams.ts'

/** At once; each costs a descriptor that a forward may need. */
const MAX_CONNECTIONS = 512
const MAX_HEADER_BYTES = 16 * 1024
/** The largest file that kpf reads, as JSON text. */
const MAX_BODY_BYTES = 4 * 1024 * 1024
/** For a client to read its answer. A stream has its heartbeat instead. */
const READ_MS = 30_000
/** For answers that are still being written when everything ends. */
const LAST_ANSWERS_MS = 1_000
const LIMITS: Limits = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 1_000, connectionsCheckingInterval: 1_000 }

/** How long a client may take, in ms (nodejs.org/api/http.html, `http.createServer`). */
interface Limits {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
  readonly connectionsCheckingInterval: number
}

/** What the server speaks for. */
export interface ServerParts {
  readonly clock: Clock
  readonly controlled: Controlled
  readonly history: History
  /** Instead of the usual times, for tests. */
  readonly limits?: Partial<Limits>
}

/** A server that listens. */
export interface ControlServer {
  /** Takes no more connections; ends those that are open once their answers are out. */
  close(): Promise<void>
}

/** Listens on the socket; whoever calls has the lock of it, and has removed what a dead one left. */
export async function serveControl(path: string, parts: ServerParts): Promise<ControlServer> {
  const streams = new Set<EventStream>()
  const shared = new SharedStatus(parts.controlled, parts.clock)
  const server = createServer({ ...LIMITS, ...parts.limits, maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    const opened = (stream: EventStream): void => {
      streams.add(stream)
      response.once('close', () => streams.delete(stream))
    }
    void respond(request, response, { ...parts, shared, opened })
  })
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', (_error, socket) => {
    // Whatever was wrong with the request: the socket may be gone already.
    // One that reads nothing must not keep its half of the connection open either.
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', () => socket.destroy())
    else socket.destroy()
  })
  await listening(server, path)
  // The folder keeps others out until then; on Windows the pipe's own list of rights does.
  if (!path.startsWith('\\\\')) await chmod(path, 0o600)
  return {
    close: () => {
      shared.close()
      return closed(server, parts.clock, streams)
    },
  }
}

function listening(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, () => {
    server.off('error', reject)
    // Later ones are of single connections (no descriptor left): they are refused, the rest goes on.
    server.on('error', () => {})
    resolve()
  })
  return promise
}

async function closed(server: Server, clock: Clock, streams: ReadonlySet<EventStream>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = new AbortController()
  server.close(() => resolve())
  server.closeIdleConnections()
  // Streams have no end of their own; they have been told everything.
  for (const stream of streams) stream.end()
  void clock.sleep(LAST_ANSWERS_MS, done.signal).then((isLate) => {
    if (isLate) server.closeAllConnections()
  })
  await promise
  done.abort()
}

interface Answering extends ServerParts {
  readonly shared: SharedStatus
  readonly opened: (stream: EventStream) => void
}

async function respond(request: IncomingMessage, response: ServerResponse, parts: Answering): Promise<void> {
  const { controlled, history, clock, shared, opened } = parts
  response.on('error', () => {})
  response.setHeader('kpf-version', controlled.version)
  response.setHeader('kpf-api', `${API_VERSION}`)
  const url = URL.parse(request.url ?? '/', 'http://kpf')
  const route = `${request.method} ${url?.pathname}`
  const asked = { query: url?.searchParams ?? new URLSearchParams(), lastEventId: textOf(request.headers['last-event-id']), clock, opened }
  try {
    if (route === 'GET /v1/events' || route === 'GET /v1/logs') {
      const wrong = route === 'GET /v1/events' ? streamEvents(history, response, asked) : streamLogs(history, response, asked)
      if (wrong) write(response, clock, refusal(controlled, wrong.error.endsWith('kept') ? 410 : 400, wrong))
      return
    }
    if (route === 'GET /v1/status') return send(response, clock, 200, shared.now())
    if (route === 'GET /v1/drift') return send(response, clock, 200, await shared.withDrift())
    const body = request.method === 'POST' ? await jsonBody(request) : {}
    if (body === 'too-large') {
      response.setHeader('connection', 'close')
      return write(response, clock, refusal(controlled, 413, { error: `the body is larger than ${MAX_BODY_BYTES} bytes`, hint: 'send less' }))
    }
    const answered = await answer(controlled, route, body)
    shared.forget()
    write(response, clock, answered)
  } catch (error) {
    // The client left in the middle of its request, or of the answer.
    if (response.destroyed || response.headersSent) return void response.destroy()
    write(
      response,
      clock,
      refusal(controlled, 500, {
        error: `the supervisor failed at ${route}: ${reasonOf(error)}`,
        hint: 'see: kpf logs; if kpf was updated: kpf down, then kpf up',
      }),
    )
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'an unknown error'
}

function write(response: ServerResponse, clock: Clock, { code, body }: Answer): void {
  send(response, clock, code, Buffer.from(JSON.stringify(body)))
}

function send(response: ServerResponse, clock: Clock, code: number, text: Buffer): void {
  const closed = new AbortController()
  // Without a reason an exception with its stack is made, for every answer.
  response.once('close', () => closed.abort('sent'))
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
  void clock.sleep(READ_MS, closed.signal).then((isLate) => {
    if (isLate) response.destroy()
  })
}

/** What was sent; `undefined` when it is no JSON. */
async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY_BYTES) return 'too-large'
    chunks.push(bytes)
  }
  if (size === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}
