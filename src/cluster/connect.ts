/**
 * Makes one connection to an API server: TCP, the leave of a proxy, TLS.
 *
 * What a proxy needs is loaded when there is one.
 */
import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { ConnectionOptions, SecureContext } from 'node:tls'
import type { Clock } from '../system/clock.ts'
import { type OnPhase, tlsPhase } from './phases.ts'
import type { Proxy } from './proxy-choice.ts'
import { openTcp, openTls, type StepParts } from './sockets.ts'

/** The way to a server. */
export interface Route {
  /** An IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  /** Absent for plain http. */
  readonly tls?: ConnectionOptions
  readonly proxy?: Proxy | undefined
  /** For a proxy that is spoken to over TLS. */
  readonly proxyContext?: SecureContext
}

/** Who waits for a connection; an agent passes it on with the options of the request. */
export interface Waiting {
  readonly onPhase?: OnPhase | undefined
  readonly signal: AbortSignal
  /** What a connection is made ahead for. */
  readonly isUpgrade?: boolean
  /** Set when the connection was there before the request: like a kept one it may have been closed meanwhile. */
  isMadeAhead?: boolean
}

/** The connection, ready for a request. */
export async function connect(route: Route, parts: StepParts): Promise<Socket> {
  const { host, tls } = route
  const socket = await openWay(route, parts)
  if (tls === undefined) return socket
  const secure = await openTls(socket, { ...tls, host }, parts)
  parts.onPhase?.(tlsPhase(secure))
  return secure
}

/** Most have no proxy. */
export const readProxyWay = (): Promise<typeof import('./proxy-connect.ts')> => import('./proxy-connect.ts')

async function openWay({ host, port, proxy, proxyContext }: Route, parts: StepParts): Promise<Socket> {
  if (proxy === undefined) return openTcp({ host, port }, parts)
  const { openThrough } = await readProxyWay()
  return openThrough({ ...proxy, secureContext: proxyContext }, { host, port }, parts)
}

type Created = (error: Error | null, socket?: Socket) => void

/** How long a connection that was made ahead is kept for its request. */
const AHEAD_MS = 10_000

/** The connections of one route: kept, made as they are needed, and one made ahead. */
export class Connections {
  readonly #kept: HttpAgent | HttpsAgent
  /** For the upgrade that has a connection already: it would take the one of a list, and the watch that follows it would have to make another. */
  readonly #upgrade: HttpAgent | HttpsAgent
  readonly #route: Route
  readonly #clock: Clock
  #session: Buffer | undefined
  #ahead: { readonly opening: Promise<Socket>; readonly over: AbortController } | undefined

  constructor(Agent: typeof HttpAgent | typeof HttpsAgent, route: Route, clock: Clock) {
    this.#route = route
    this.#clock = clock
    const from =
      (open: (waiting: Waiting) => Promise<Socket>) =>
      ({ waiting }: { readonly waiting: Waiting }, callback: Created): void =>
        void settle(open(waiting), callback)
    // No limit on sockets: each watch has one for itself, and a dial that waited for one of theirs would wait for ever.
    this.#kept = Object.assign(new Agent({ keepAlive: true, keepAliveMsecs: 15_000 }), { createConnection: from((waiting) => this.#open(waiting)) })
    this.#upgrade = Object.assign(new Agent(), { createConnection: from(async (waiting) => (await this.#takeAhead(waiting)) ?? this.#open(waiting)) })
  }

  /** What gives a request its connection. Whoever wants to see one made has it made. */
  agentFor({ isUpgrade, onPhase }: Waiting): HttpAgent | HttpsAgent {
    return isUpgrade === true && this.#ahead && !onPhase ? this.#upgrade : this.#kept
  }

  /**
   * Makes a connection for an upgrade that is to come: to a server that is 50 ms away that is
   * 100 ms less to wait for. A failure is left for that request to find.
   */
  makeAhead(): void {
    if (this.#ahead) return
    const over = new AbortController()
    const opening = this.#open({ signal: over.signal })
    this.#ahead = { opening, over }
    opening.catch(() => {})
    void this.#clock.sleep(AHEAD_MS, over.signal).then((isLate) => isLate && this.#dropAhead())
  }

  /** Connections that nobody uses end now, the others when they are given back. */
  retire(): void {
    this.#dropAhead()
    this.#kept.maxFreeSockets = 0
    for (const socket of Object.values(this.#kept.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy()
  }

  /** All end. */
  close(): void {
    this.#dropAhead()
    this.#kept.destroy()
  }

  #dropAhead(): void {
    const ahead = this.#ahead
    this.#ahead = undefined
    ahead?.over.abort()
    void ahead?.opening.then(
      (socket) => socket.destroy(),
      () => {},
    )
  }

  /** Undefined when there is none that could be used. */
  async #takeAhead(waiting: Waiting): Promise<Socket | undefined> {
    const ahead = this.#ahead
    if (ahead === undefined) return undefined
    this.#ahead = undefined
    try {
      const socket = await ahead.opening
      ahead.over.abort()
      if (socket.destroyed || !socket.writable) return undefined
      waiting.isMadeAhead = true
      return socket
    } catch {
      ahead.over.abort()
      return undefined
    }
  }

  async #open({ onPhase, signal }: Waiting): Promise<Socket> {
    const tls = this.#route.tls && { ...this.#route.tls, ...(this.#session && { session: this.#session }) }
    const socket = await connect({ ...this.#route, ...(tls && { tls }) }, { clock: this.#clock, onPhase, signal })
    // Of every connection: a session may be resumed once (RFC 8446, section C.4).
    socket.on('session', (offered: Buffer) => {
      this.#session = offered
    })
    return socket
  }
}

async function settle(opening: Promise<Socket>, callback: Created): Promise<void> {
  let socket: Socket
  try {
    socket = await opening
  } catch (error) {
    return callback(error instanceof Error ? error : new Error('no connection', { cause: error }))
  }
  return callback(null, socket)
}
