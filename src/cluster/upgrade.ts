/**
 * Opens upgraded connections to pods: the HTTP step of each transport.
 *
 * It checks that a 101 is the one that was asked for; any other answer goes back as it
 * came, and `tunnel/refusals.ts` says what it means.
 * Source: kubernetes.io/docs/concepts/architecture/nodes (portforward), RFC 6455 section 4.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Dialer, Transport, UpgradeRefusal, UpgradeRequest, Upgraded } from '../tunnel/dialer.ts'
import type { Failure } from '../tunnel/failure.ts'
import { ACCEPT_GUID, CHANNEL_PROTOCOL, STREAM_PROTOCOL, TUNNEL_PROTOCOL } from '../tunnel/websocket.ts'
import type { ApiEndpoint, Ask } from './endpoint.ts'
import { connectionFailure } from './failure.ts'
import { flatHeaders } from './phases.ts'
import { readBody } from './requests.ts'

const MAX_REFUSAL_BYTES = 64 * 1024

/** The dialer of one API server. */
export function createDialer(endpoint: ApiEndpoint): Dialer {
  return { open: (request) => open(endpoint, request) }
}

async function open(endpoint: ApiEndpoint, request: UpgradeRequest): Promise<Upgraded | UpgradeRefusal | Failure> {
  const key = randomBytes(16).toString('base64')
  const ask = askFor(request, key)
  const answer = await endpoint.send(ask)
  if (answer.kind === 'failure') return answer
  if (answer.kind === 'answer') {
    try {
      return { kind: 'refused', status: answer.status, headers: flatHeaders(answer.response.headers), body: await readBody(answer.response, MAX_REFUSAL_BYTES) }
    } catch (error) {
      return connectionFailure(error, endpoint.server)
    }
  }
  const { response, socket, head } = answer
  if (request.signal.aborted || !isAsAsked(request.transport, response, key)) {
    socket.on('error', () => {})
    socket.destroy()
    return { kind: 'refused', status: 101, headers: flatHeaders(response.headers), body: '' }
  }
  socket.pause()
  if (socket instanceof Socket) socket.setNoDelay(true).setKeepAlive(true, 15_000)
  return { kind: 'upgraded', transport: request.transport, socket, head, encrypted: endpoint.isEncrypted }
}

function askFor({ pod, transport, ports, onPhase, signal }: UpgradeRequest, key: string): Ask {
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/portforward`
  if (transport === 'spdy') {
    const headers = { accept: '*/*', connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': STREAM_PROTOCOL, 'content-length': '0' }
    return { method: 'POST', path, headers, onPhase, signal }
  }
  const headers = {
    // An Accept of JSON alone is answered 406 here: the handler offers no representation.
    accept: '*/*',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
    'sec-websocket-protocol': transport === 'websocket' ? TUNNEL_PROTOCOL : CHANNEL_PROTOCOL,
  }
  const query = transport === 'channel' ? `?${(ports ?? []).map((port) => `ports=${port}`).join('&')}` : ''
  return { method: 'GET', path: `${path}${query}`, headers, onPhase, signal }
}

function isAsAsked(transport: Transport, { headers }: IncomingMessage, key: string): boolean {
  const upgrade = (headers.upgrade ?? '').toLowerCase()
  if (transport === 'spdy') return upgrade === 'spdy/3.1' && headers['x-stream-protocol-version'] === STREAM_PROTOCOL
  const accept = createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64')
  const protocol = transport === 'websocket' ? TUNNEL_PROTOCOL : CHANNEL_PROTOCOL
  return upgrade === 'websocket' && headers['sec-websocket-accept'] === accept && headers['sec-websocket-protocol'] === protocol
}
