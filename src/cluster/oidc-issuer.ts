/**
 * Asks an OpenID Connect issuer for new tokens. Loaded when a token has ended.
 *
 * Source: OpenID Connect Discovery 1.0, section 4; RFC 6749, sections 2.3.1, 5.2 and 6;
 * client-go's plugin/pkg/client/auth/oidc for what kubectl asks.
 */
import { request as httpRequest } from 'node:http'
import { isIP } from 'node:net'
import type { Clock } from '../system/clock.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { clusterContext, proxyContext } from './authorities.ts'
import { connect } from './connect.ts'
import { CarriedFailure, connectionFailure } from './failure.ts'
import { isRecord } from './kube-object.ts'
import { bareHost, proxyFor } from './proxy-choice.ts'
import { readBody } from './requests.ts'

/** A client of an issuer, as the kubeconfig names it. */
export interface OidcClient {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  /** Whom the issuer is trusted by; without it as the machine trusts. */
  readonly authority?: Buffer
}

/** What an issuer gives. */
export interface OidcTokens {
  readonly idToken: string
  /** The next one, where the issuer rotates them. */
  readonly refreshToken: string
}

/** What asking needs. */
export interface IssuerParts {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 1024 * 1024

interface WebAnswer {
  readonly status: number
  readonly value: Readonly<Record<string, unknown>>
}

interface WebAsk {
  readonly url: string
  readonly authority: Buffer | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** A form; without it the request is a GET. */
  readonly form?: Readonly<Record<string, string>>
}

/** Trades a refresh token for new tokens; never rejects. */
export async function refreshTokens(client: OidcClient, refreshToken: string, parts: IssuerParts): Promise<OidcTokens | Failure> {
  const { issuer, authority } = client
  const discovery = await ask({ url: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, authority }, client, parts)
  if ('code' in discovery) return discovery
  const endpoint = discovery.value['token_endpoint']
  if (discovery.status !== 200 || typeof endpoint !== 'string')
    return issuerFailure(client, `its discovery document names no token endpoint (HTTP ${discovery.status})`)
  const grant = { grant_type: 'refresh_token', refresh_token: refreshToken }
  let answer = await ask({ url: endpoint, authority, ...authenticated(client, grant, 'header') }, client, parts)
  // Some issuers know a client by its form only; a refusal of the token itself would come again.
  if (client.clientSecret !== undefined && !('code' in answer) && answer.status >= 400 && answer.value['error'] !== 'invalid_grant')
    answer = await ask({ url: endpoint, authority, ...authenticated(client, grant, 'form') }, client, parts)
  return 'code' in answer ? answer : tokensOf(client, refreshToken, answer)
}

function authenticated(
  { clientId, clientSecret }: OidcClient,
  grant: Readonly<Record<string, string>>,
  how: 'header' | 'form',
): Pick<WebAsk, 'headers' | 'form'> {
  if (clientSecret === undefined) return { form: { ...grant, client_id: clientId } }
  if (how === 'form') return { form: { ...grant, client_id: clientId, client_secret: clientSecret } }
  const pair = [clientId, clientSecret].map(encodeURIComponent).join(':')
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: grant }
}

function tokensOf(client: OidcClient, refreshToken: string, { status, value }: WebAnswer): OidcTokens | Failure {
  const { id_token: idToken, refresh_token: next, error, error_description: description } = value
  if (status === 200 && typeof idToken === 'string') return { idToken, refreshToken: typeof next === 'string' && next !== '' ? next : refreshToken }
  if (status === 200) return issuerFailure(client, 'it answered without an id_token; ask for the scope openid when you log in')
  const told = [error, description].filter((text) => typeof text === 'string').join(': ')
  if (error === 'invalid_grant')
    return failure('KPF_CREDENTIAL_EXPIRED', `the issuer ${shown(client)} does not take the refresh token any more (${escapeForeign(told)})`, {
      hint: 'log in again with the tool that wrote it into the kubeconfig; kpf then goes on by itself',
    })
  return issuerFailure(client, `it refused new tokens (HTTP ${status}${told === '' ? '' : `: ${escapeForeign(told)}`})`)
}

async function ask(web: WebAsk, client: OidcClient, parts: IssuerParts): Promise<WebAnswer | Failure> {
  const deadline = new AbortController()
  const over = new AbortController()
  void parts.clock.sleep(TIMEOUT_MS, over.signal).then((slept) => slept && deadline.abort())
  try {
    const answer = await send(web, { ...parts, signal: AbortSignal.any([parts.signal, deadline.signal]) })
    return 'code' in answer ? answer : { status: answer.status, value: valueOf(answer.text) }
  } catch (error) {
    if (deadline.signal.aborted) return issuerFailure(client, `no answer within ${TIMEOUT_MS / 1000} s`)
    // The gate is about the API server: an issuer that is away is a matter of the credentials.
    if (error instanceof CarriedFailure) return { ...error.failure, class: 'auth' }
    return issuerFailure(client, connectionFailure(error, new URL(web.url).host).message, error)
  } finally {
    over.abort()
  }
}

function valueOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

/** One request on a connection of its own; a redirect is not followed. */
async function send({ url: text, authority, headers, form }: WebAsk, { clock, env, signal }: IssuerParts): Promise<{ status: number; text: string } | Failure> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isSafe(url))
    return failure('KPF_KUBECONFIG', `the OpenID issuer's address ${escapeForeign(text)} is no https URL: the tokens would travel in the clear`, {
      hint: 'correct idp-issuer-url in the kubeconfig',
    })
  const proxy = proxyFor(url, undefined, env)
  if (proxy !== undefined && 'code' in proxy) return proxy
  const host = bareHost(url)
  const isTls = url.protocol === 'https:'
  const tls = isTls ? { tls: { secureContext: clusterContext({}, authority), ...(isIP(host) === 0 && { servername: host }) } } : {}
  const door = proxy?.kind === 'https' ? { proxyContext: proxyContext(authority) } : {}
  const socket = await connect({ host, port: Number(url.port) || (isTls ? 443 : 80), proxy, ...tls, ...door }, { clock, signal })
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const body = form && new URLSearchParams(form).toString()
  const typed = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': `${Buffer.byteLength(body)}` }
  const request = httpRequest({
    method: body === undefined ? 'GET' : 'POST',
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, accept: 'application/json', connection: 'close', ...typed, ...headers },
    signal,
    createConnection: () => socket,
  })
  request.on('error', reject)
  request.on('response', (response) => void readBody(response, MAX_BYTES).then((read) => resolve({ status: response.statusCode ?? 0, text: read }), reject))
  request.end(body)
  return promise.finally(() => socket.destroy())
}

function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname))
}

function shown({ issuer }: OidcClient): string {
  return escapeForeign(issuer)
}

function issuerFailure(client: OidcClient, what: string, cause?: unknown): Failure {
  return failure('KPF_CREDENTIAL_ISSUER', `the OpenID issuer ${shown(client)} gave no new token: ${what}`, {
    hint: 'check the issuer and the network; kpf tries again by itself',
    ...(cause !== undefined && { cause }),
  })
}
