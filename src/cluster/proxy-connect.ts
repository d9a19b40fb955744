/**
 * A connection through a proxy: CONNECT (RFC 9110, section 9.3.6) or SOCKS 5 (RFC 1928).
 *
 * Loaded only when there is a proxy. CONNECT is used for plain http too: the request is
 * then the same as without a proxy, and an upgrade passes.
 */
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { isIP, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Proxy } from './proxy-choice.ts'
import { CarriedFailure, proxyRefusal, proxyUnreachable } from './failure.ts'
import { openTcp, openTls, type StepParts, within } from './sockets.ts'

/** The proxy itself connects, which may take it as long as us. */
const PROXY_MS = 10_000

/** A proxy, and what TLS with it stands on. */
interface Door extends Proxy {
  readonly secureContext: SecureContext | undefined
}

/** Where to. */
interface Destination {
  readonly host: string
  readonly port: number
}

/** The connection, on which the first byte is for the destination. Rejects with {@link CarriedFailure}. */
export async function openThrough(proxy: Door, to: Destination, parts: StepParts): Promise<Socket> {
  const address = `${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`
  try {
    const socket = await openProxy(proxy, parts)
    const done = proxy.kind === 'socks5' ? socks(proxy, to, socket) : tunnel(proxy, address, socket)
    const answer = await within(socket, { name: 'the answer of the proxy', limitMs: PROXY_MS, done }, parts)
    if (answer !== undefined) throw new CarriedFailure(proxyRefusal(proxy, address, answer))
    parts.onPhase?.({ kind: 'proxy', url: proxy.url, proxy: proxy.kind })
    return socket
  } catch (error) {
    throw error instanceof CarriedFailure || parts.signal.aborted ? error : new CarriedFailure(proxyUnreachable(proxy, error))
  }
}

async function openProxy({ kind, host, port, secureContext }: Door, parts: StepParts): Promise<Socket> {
  const socket = await openTcp({ host, port }, parts)
  if (kind !== 'https') return socket
  // The proxy is not the cluster: `insecure-skip-tls-verify` does not say who may see its password.
  return openTls(socket, { host, ...(secureContext && { secureContext }), ...(isIP(host) === 0 && { servername: host }) }, parts)
}

/** A refusal as the proxy said it, or undefined when the way is free. */
export type ProxyAnswer = { readonly status: number; readonly text: string } | undefined

async function tunnel({ login }: Proxy, address: string, socket: Socket): Promise<ProxyAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ProxyAnswer>()
  const basic = login && Buffer.from(`${login.user}:${login.password}`).toString('base64')
  const request = httpRequest({
    method: 'CONNECT',
    path: address,
    headers: { host: address, ...(basic !== undefined && { 'proxy-authorization': `Basic ${basic}` }) },
    createConnection: () => socket,
  })
  request.once('error', reject)
  request.once('connect', ({ statusCode = 0, statusMessage = '' }: IncomingMessage, _socket, head) => {
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy()
      return resolve({ status: statusCode, text: statusMessage })
    }
    if (head.length > 0) socket.unshift(head)
    return resolve(undefined)
  })
  request.end()
  return promise
}

/** The statuses of HTTP that mean the same; the library has no more than a text. */
const SOCKS_ANSWERS: readonly (readonly [RegExp, number])[] = [
  [/authentication/i, 407],
  [/NotAllowed/, 403],
  [/Unreachable|ConnectionRefused|TTLExpired|- Failure/, 502],
]

/** A tenth of all code, for the few that have such a proxy. */
export const readSocks = (): Promise<typeof import('socks')> => import('socks')

async function socks({ host, port, login }: Proxy, to: Destination, socket: Socket): Promise<ProxyAnswer> {
  const { SocksClient } = await readSocks()
  try {
    await SocksClient.createConnection({
      proxy: { host, port, type: 5, ...(login && { userId: login.user, password: login.password }) },
      command: 'connect',
      destination: to,
      existing_socket: socket,
    })
    return undefined
  } catch (error) {
    const text = error instanceof Error ? error.message : ''
    const status = SOCKS_ANSWERS.find(([pattern]) => pattern.test(text))?.[1]
    socket.destroy()
    if (status === undefined) throw error
    return { status, text }
  }
}
