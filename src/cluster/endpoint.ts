/**
 * The way to one API server: its address, its TLS, its connections, and the
 * user's credential on every request.
 *
 * A stream of bytes is all it gives; what they mean is for `requests.ts`, `watch.ts`
 * and `upgrade.ts`.
 */
// `node:http` as an ES module loads undici for its exports, 8 ms that a server over TLS need not pay: it is read when it is needed.
import type { Agent as HttpAgent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { Clock } from '../system/clock.ts'
import { errnoOf } from '../system/errno.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { clusterContext, proxyContext } from './authorities.ts'
import { Connections, type Waiting } from './connect.ts'
import type { Credential, Credentials } from './credentials.ts'
import { connectionFailure, credentialsRefused } from './failure.ts'
import { impersonationHeaders } from './impersonation.ts'
import type { ResolvedContext } from './kubeconfig.ts'
import { credentialPhase, type OnPhase, tellRequest } from './phases.ts'
import { bareHost, proxyFor } from './proxy-choice.ts'

/** What is asked. */
export interface Ask {
  readonly method: 'GET' | 'POST'
  /** With its query, below the server's own path. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly onPhase?: OnPhase | undefined
  readonly signal: AbortSignal
}

/** What came back: an answer whose body is still to be read, or an upgraded socket. */
export type Answer =
  | { readonly kind: 'answer'; readonly response: IncomingMessage; readonly status: number }
  | { readonly kind: 'upgraded'; readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly clock: Clock
  readonly readFile: (path: string) => Promise<Buffer>
  readonly userAgent: string
  /** For the proxy. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly credentials: Credentials
}

/** One API server. */
export class ApiEndpoint {
  readonly #url: URL
  #context: ResolvedContext
  readonly #parts: EndpointParts
  #connections: Connections | undefined
  #connectionsKey = ''
  #isUpgradeComing = false

  constructor(context: ResolvedContext, parts: EndpointParts) {
    this.#context = context
    this.#parts = parts
    this.#url = new URL(context.cluster.server)
  }

  /** `host:port`, for messages. */
  get server(): string {
    return `${this.#url.hostname}:${this.#url.port || (this.isEncrypted ? '443' : '80')}`
  }

  get isEncrypted(): boolean {
    return this.#url.protocol === 'https:'
  }

  /** Sends the request; a 401 is asked again once, if there is another credential to be had. */
  async send(ask: Ask): Promise<Answer | Failure> {
    const { credentials } = this.#parts
    const credential = await credentials.get()
    if (credential.kind === 'failure') return credential
    const first = await this.#sendWith(ask, credential)
    if (first.kind !== 'answer' || first.status !== 401) return first
    const renewed = await credentials.renew(credential)
    if (renewed === undefined) return this.#whyRefused(credential, first)
    first.response.resume()
    return renewed.kind === 'failure' ? renewed : this.#sendWith(ask, renewed)
  }

  /**
   * The answer as it is, unless the credential says itself that it is over: API servers take
   * a client certificate that has ended in the handshake, and then know nobody.
   */
  #whyRefused(credential: Credential, answer: Answer & { readonly kind: 'answer' }): Answer | Failure {
    const { credential: kind, source, expiresMs } = credentialPhase(credential)
    const agoMs = this.#parts.clock.wallMs() - (expiresMs ?? Number.POSITIVE_INFINITY)
    if (agoMs < 0) return answer
    answer.response.resume()
    return credentialsRefused({ what: `${kind} of ${source}`, agoMs })
  }

  /** The same server, of which the kubeconfig now says something else: the next connection takes it. */
  update(context: ResolvedContext): void {
    this.#context = context
  }

  /** Ends idle connections; those in use end with their users. */
  close(): void {
    this.#connections?.close()
    this.#connections = undefined
  }

  /** Beside the next request a connection is made for the upgrade that follows it. */
  expectUpgrade(): void {
    this.#isUpgradeComing = true
  }

  async #sendWith(ask: Ask, credential: Credential): Promise<Answer | Failure> {
    ask.onPhase?.(credentialPhase(credential))
    if (!this.isEncrypted && !isLoopback(this.#url.hostname) && !this.#parts.credentials.isAnonymous) {
      return failure('KPF_KUBECONFIG', `the server ${this.server} is plain http: the credentials would travel in the clear`, {
        hint: 'use https, or http on loopback only',
      })
    }
    try {
      const { Agent, request } = this.isEncrypted ? { Agent: HttpsAgent, request: httpsRequest } : await import('node:http')
      const connections = await this.#connectionsFor(credential, Agent)
      if ('code' in connections) return connections
      const answer = this.#exchange(ask, credential, (options, waiting) => request({ ...options, agent: connections.agentFor(waiting) }))
      if (this.#isUpgradeComing) connections.makeAhead()
      this.#isUpgradeComing = false
      return await answer
    } catch (error) {
      // A kept-alive connection may have been closed while the request was on its way: the request was not seen.
      if (error instanceof StaleConnection && !ask.signal.aborted) return this.#sendWith(ask, credential)
      return connectionFailure(error, this.server)
    }
  }

  get #address(): { readonly host: string; readonly port: number } {
    return { host: bareHost(this.#url), port: Number(this.#url.port) || (this.isEncrypted ? 443 : 80) }
  }

  #exchange(ask: Ask, credential: Credential, send: (options: RequestOptions, waiting: Waiting) => ClientRequest): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const prefix = this.#url.pathname.replace(/\/$/, '')
    const headers = {
      'user-agent': this.#parts.userAgent,
      accept: 'application/json',
      ...(credential.authorization !== undefined && { authorization: credential.authorization }),
      ...(ask.body !== undefined && { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(ask.body)}` }),
      ...(this.#context.impersonate && impersonationHeaders(this.#context.impersonate)),
      ...ask.headers,
    }
    const waiting: Waiting = { onPhase: ask.onPhase, signal: ask.signal, isUpgrade: ask.headers?.['upgrade'] !== undefined }
    const options = {
      ...this.#address,
      method: ask.method,
      path: `${prefix}${ask.path}`,
      headers,
      signal: ask.signal,
      // For `createConnection` of the agent.
      waiting,
    }
    const request = send(options, waiting)
    if (ask.onPhase) tellRequest(request, ask.onPhase)
    request.on('error', (error) =>
      reject((request.reusedSocket || waiting.isMadeAhead) && isReset(error) ? new StaleConnection('stale', { cause: error }) : error),
    )
    request.on('response', (response) => resolve({ kind: 'answer', response, status: response.statusCode ?? 0 }))
    request.on('upgrade', (response, socket, head) => resolve({ kind: 'upgraded', response, socket, head }))
    request.end(ask.body)
    return promise
  }

  async #authority(): Promise<Buffer | Failure | undefined> {
    const { cluster, contextName } = this.#context
    if (cluster.caData) return Buffer.from(cluster.caData, 'base64')
    if (!cluster.caFile) return undefined
    try {
      return await this.#parts.readFile(cluster.caFile)
    } catch (error) {
      return failure('KPF_KUBECONFIG', `the certificate-authority of context "${contextName}" cannot be read: ${cluster.caFile}`, { cause: error })
    }
  }

  /** The same until the certificates change: then all that is new is made with the new ones. */
  async #connectionsFor(credential: Credential, Agent: typeof HttpAgent | typeof HttpsAgent): Promise<Connections | Failure> {
    const { cluster } = this.#context
    const ca = await this.#authority()
    if (ca !== undefined && 'code' in ca) return ca
    const proxy = proxyFor(this.#url, cluster.proxyUrl, this.#parts.env)
    if (proxy !== undefined && 'code' in proxy) return proxy
    const key = [ca, credential.certificate, credential.key, cluster.tlsServerName, `${cluster.skipTLSVerify}`, JSON.stringify(proxy)]
      .map((part) => part?.toString('base64') ?? '')
      .join(' ')
    if (this.#connections && this.#connectionsKey === key) return this.#connections
    const route = {
      ...this.#address,
      proxy,
      ...(this.isEncrypted && { tls: this.#tlsOptions(credential, ca) }),
      ...(proxy?.kind === 'https' && { proxyContext: proxyContext(ca) }),
    }
    this.#connections?.retire()
    this.#connectionsKey = key
    this.#connections = new Connections(Agent, route, this.#parts.clock)
    return this.#connections
  }

  #tlsOptions(credential: Credential, ca: Buffer | undefined): ConnectionOptions {
    const { tlsServerName, skipTLSVerify } = this.#context.cluster
    const { host } = this.#address
    const servername = tlsServerName ?? (isIP(host) > 0 ? undefined : host)
    return {
      secureContext: clusterContext(credential, ca),
      ...(servername !== undefined && { servername }),
      rejectUnauthorized: !skipTLSVerify,
      // An upgrade exists in HTTP/1.1 only.
      ALPNProtocols: ['http/1.1'],
    }
  }
}

class StaleConnection extends Error {}

function isReset(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(errnoOf(error))
}

/** Where clear text leaves the machine for nobody. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.')
}
