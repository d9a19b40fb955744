/**
 * Tells what happens on the way of one request, for `kpf trace`: facts, nothing secret.
 *
 * Only listens: whether anybody is told changes nothing about the request.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { AnswerPhase, CredentialPhase, DialPhase, TlsPhase } from '../tunnel/dialer.ts'
import { certificateEndMs, tokenEndMs } from './credential-end.ts'
import type { Credential } from './credentials.ts'
import { certificateTimeMs } from './time.ts'

/** Hears of each phase. */
export type OnPhase = (phase: DialPhase) => void

/** Who asks, with the end that the credential itself names. */
export function credentialPhase({ origin, authorization, certificate }: Credential): CredentialPhase {
  const ends = [origin.expiresMs, authorization && tokenEndMs(authorization), certificate && certificateEndMs(certificate)]
  const expiresMs = ends.find((end) => typeof end === 'number')
  return { kind: 'credential', ...origin, ...(expiresMs !== undefined && { expiresMs }) }
}

/** Tells of the request, once it has its connection, and of its answer. */
export function tellRequest(request: ClientRequest, onPhase: OnPhase): void {
  request.once('socket', () => onPhase(requestPhase(request)))
  request.once('response', (response) => onPhase(answerPhase(response)))
  request.once('upgrade', (response) => onPhase(answerPhase(response)))
}

/** What was agreed on. */
export function tlsPhase(socket: TLSSocket): TlsPhase {
  const peer: Partial<PeerCertificate> = socket.getPeerCertificate()
  const validToMs = certificateTimeMs(peer.valid_to)
  // Node gives `false` for a connection without a server name, which its types do not know.
  const serverName: unknown = 'servername' in socket ? socket.servername : undefined
  return {
    kind: 'tls',
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    subject: nameText(peer.subject),
    issuer: nameText(peer.issuer),
    ...(validToMs !== undefined && { validToMs }),
    ...(typeof serverName === 'string' && { serverName }),
    resumed: socket.isSessionReused(),
    verified: socket.authorized,
  }
}

/** `CN=kube-apiserver,O=k8s` */
function nameText(name: object | undefined): string {
  return Object.entries(name ?? {})
    .map(([field, value]) => `${field}=${String(value)}`)
    .join(',')
}

function requestPhase(request: ClientRequest): DialPhase {
  const headers = flatHeaders(request.getHeaders())
  const { authorization } = headers
  const shown = authorization === undefined ? headers : { ...headers, authorization: authorization.replace(/ .*$/s, ' …') }
  return { kind: 'request', method: request.method, path: request.path, headers: shown, reused: request.reusedSocket }
}

function answerPhase(response: IncomingMessage): AnswerPhase {
  const { 'set-cookie': _secret, ...headers } = flatHeaders(response.headers)
  const subprotocol = headers['sec-websocket-protocol'] ?? headers['x-stream-protocol-version']
  return { kind: 'answer', status: response.statusCode ?? 0, headers, ...(subprotocol !== undefined && { subprotocol }) }
}

/** Headers by lower-case name, each as one text. */
export function flatHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), String(value)]])))
}
