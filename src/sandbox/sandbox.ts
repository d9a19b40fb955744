/**
 * A sample cluster in this process: an API server with TLS and a token, lists, watches
 * and port-forwards, and pods that answer.
 *
 * Modelled on what a control plane of 1.36 was seen to do; where the two differ, this
 * one is wrong.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { generate } from 'selfsigned'
import type { Clock } from '../system/clock.ts'
import { acceptUpgrade, type Serves } from './node-connection.ts'
import { answerReview } from './reviews.ts'
import { Objects, type SandboxObject } from './objects.ts'
import { type App, Workloads } from './workloads.ts'

/** How a sandbox is made. */
export interface SandboxOptions {
  readonly clock: Clock
  readonly namespace: string
  readonly apps: readonly App[]
  readonly serves?: Serves
}

const TOKEN = 'sample-token'
const BOOKMARK_MS = 30_000

/** A running sample cluster. */
export class Sandbox {
  readonly objects = new Objects()
  readonly workloads: Workloads
  /** What the user is told not to be allowed, when asked: `create pods/portforward`. */
  readonly denied = new Set<string>()
  readonly #options: SandboxOptions
  readonly #tls: { readonly private: string; readonly cert: string }
  readonly #sockets = new Set<Socket | Duplex>()
  readonly #closed = new AbortController()
  #server: Server | undefined
  #port = 0

  private constructor(options: SandboxOptions, tls: { readonly private: string; readonly cert: string }) {
    this.#options = options
    this.#tls = tls
    this.workloads = new Workloads(this.objects, options.clock, options.namespace)
  }

  /** Starts the API server and the pods. */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const names = [
      { type: 2 as const, value: 'localhost' },
      { type: 7 as const, ip: '127.0.0.1' },
    ]
    const tls = await generate([{ name: 'commonName', value: 'kpf sample cluster' }], { extensions: [{ name: 'subjectAltName', altNames: names }] })
    const sandbox = new Sandbox(options, tls)
    for (const app of options.apps) await sandbox.workloads.deploy(app)
    await sandbox.startServer()
    return sandbox
  }

  get server(): string {
    return `https://127.0.0.1:${this.#port}`
  }

  /** Open connections to the API server, tunnels among them. */
  get connections(): number {
    return this.#sockets.size
  }

  /** A kubeconfig for it, as JSON, which is YAML too. */
  get kubeconfig(): string {
    const cluster = { server: this.server, 'certificate-authority-data': Buffer.from(this.#tls.cert).toString('base64') }
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'sample',
      contexts: [{ name: 'sample', context: { cluster: 'sample', user: 'sample', namespace: this.#options.namespace } }],
      clusters: [{ name: 'sample', cluster }],
      users: [{ name: 'sample', user: { token: TOKEN } }],
    })
  }

  /** The API server again, on its port. */
  async startServer(): Promise<void> {
    const server = createServer({ key: this.#tls.private, cert: this.#tls.cert, ALPNProtocols: ['http/1.1'] }, (request, response) =>
      this.#answer(request, response),
    )
    server.on('connection', (socket: Socket) => this.#keep(socket))
    server.on('upgrade', (request, socket) => this.#upgrade(request, socket))
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
    this.#server = server
  }

  /** Ends the API server as SIGKILL would: every connection is cut. The pods run on. */
  killServer(): void {
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.killServer()
    this.workloads.close()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return status(response, 401, 'Unauthorized')
    if (answerReview(request, response, (what) => this.denied.has(what))) return
    const url = new URL(request.url ?? '/', this.server)
    if (url.pathname === '/readyz') {
      response.end('ok')
      return
    }
    const match = /^\/api(?:s\/[^/]+)?\/v1\/namespaces\/([^/]+)\/([^/]+)$/.exec(url.pathname)
    const [, namespace, plural] = match ?? []
    if (namespace === undefined || plural === undefined) return status(response, 404, 'the server could not find the requested resource')
    const name = /^metadata\.name=(.+)$/.exec(url.searchParams.get('fieldSelector') ?? '')?.[1]
    const fits = (object: SandboxObject): boolean => name === undefined || object.metadata.name === name
    if (url.searchParams.get('watch') === 'true') return this.#watch(response, { plural, namespace, fits })
    sendJson(response, { kind: 'List', metadata: { resourceVersion: this.objects.version }, items: this.objects.list(plural, namespace).filter(fits) })
  }

  #watch(response: ServerResponse, { plural, namespace, fits }: { plural: string; namespace: string; fits: (object: SandboxObject) => boolean }): void {
    response.setHeader('content-type', 'application/json')
    response.flushHeaders()
    const ended = new AbortController()
    const stop = this.objects.watch(plural, namespace, (event) => {
      if (fits(event.object)) response.write(`${JSON.stringify(event)}\n`)
    })
    response.on('close', () => {
      stop()
      ended.abort()
    })
    void this.#bookmarks(response, AbortSignal.any([ended.signal, this.#closed.signal]))
  }

  async #bookmarks(response: ServerResponse, signal: AbortSignal): Promise<void> {
    while (await this.#options.clock.sleep(BOOKMARK_MS, signal)) {
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { kind: 'Bookmark', metadata: { resourceVersion: this.objects.version } } })}\n`)
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/portforward/.exec(request.url ?? '') ?? []
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return refuse(socket, 401, 'Unauthorized')
    if (namespace === undefined || name === undefined || this.objects.get('pods', namespace, name) === undefined)
      return refuse(socket, 404, `pods "${name}" not found`)
    acceptUpgrade(request, socket, {
      podName: name,
      workloads: this.workloads,
      clock: this.#options.clock,
      serves: this.#options.serves ?? new Set(['websocket', 'spdy']),
    })
  }
}

function sendJson(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value))
}

function status(response: ServerResponse, code: number, message: string): void {
  response.statusCode = code
  response.setHeader('content-type', 'application/json')
  response.end(statusBody(code, message))
}

function refuse(socket: Duplex, code: number, message: string): void {
  const body = statusBody(code, message)
  socket.end(`HTTP/1.1 ${code} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`)
}

/** meta/v1 Status. */
function statusBody(code: number, message: string): string {
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: code === 401 ? 'Unauthorized' : 'NotFound',
    code,
  })
}
