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

/** Keeps the connections of one route, and makes new ones as they are needed. */
export function agentFor(Agent: typeof HttpAgent | typeof HttpsAgent, route: Route, clock: Clock): HttpAgent | HttpsAgent {
  // No limit on sockets: each watch has one for itself, and a dial that waited for one of theirs would wait for ever.
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 15_000 })
  let session: Buffer | undefined
  const open = async ({ waiting: { onPhase, signal } }: { readonly waiting: Waiting }): Promise<Socket> => {
    const tls = route.tls && { ...route.tls, ...(session && { session }) }
    const socket = await connect({ ...route, ...(tls && { tls }) }, { clock, onPhase, signal })
    // Of every connection: a session may be resumed once (RFC 8446, section C.4).
    socket.on('session', (offered: Buffer) => {
      session = offered
    })
    return socket
  }
  const settle = async (options: { readonly waiting: Waiting }, callback: Created): Promise<void> => {
    let socket: Socket
    try {
      socket = await open(options)
    } catch (error) {
      return callback(error instanceof Error ? error : new Error('no connection', { cause: error }))
    }
    return callback(null, socket)
  }
  const createConnection = (options: { readonly waiting: Waiting }, callback: Created): void => void settle(options, callback)
  return Object.assign(agent, { createConnection })
}

/** Connections that nobody uses end now, the others when they are given back. */
export function retire(agent: HttpAgent | HttpsAgent): void {
  agent.maxFreeSockets = 0
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy()
}
