/**
 * What went wrong on the way to the API server, or what it answered, as failures. Pure.
 *
 * Errors enter here once: by errno, TLS code, HTTP status and Status reason.
 */
import { errnoOf } from '../system/errno.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { readStatus } from '../tunnel/refusal-status.ts'
import type { Proxy } from './proxy-choice.ts'

const TLS_VERIFY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_SIGNATURE_FAILURE',
])

/** What to do about a certificate that does not hold. A cluster that was rebuilt has a new authority. */
function verifyHint(code: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return "renew the server's certificate, or correct the clock of this machine"
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'it is for another name: check server and tls-server-name of this cluster in the kubeconfig'
    default:
      return 'check certificate-authority of this cluster in the kubeconfig; if the cluster was rebuilt, fetch its kubeconfig again: kpf sees it and goes on'
  }
}

/** A failure that was classified where it arose, on its way through code that knows exceptions only. */
export class CarriedFailure extends Error {
  readonly failure: Failure

  constructor(told: Failure) {
    super(told.message, { cause: told.cause })
    this.failure = told
  }
}

/** A connection that could not be made or broke before an answer. `server` is `host:port`. */
export function connectionFailure(error: unknown, server: string): Failure {
  if (error instanceof CarriedFailure) return error.failure
  const code = codeOf(error)
  if (TLS_VERIFY.has(code)) {
    return failure('KPF_TLS_VERIFY', `the certificate of ${server} cannot be verified (${code}${otherName(error)})`, {
      hint: verifyHint(code),
      cause: error,
    })
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return failure('KPF_CLUSTER_DNS', `the name of ${server} cannot be resolved (${code})`, {
      hint: 'check the network or VPN, and the server of this cluster in the kubeconfig',
      cause: error,
    })
  }
  // What ended the handshake was who we are, not how we came: RFC 8446, section 6.2.
  if (/ALERT_(CERTIFICATE_|BAD_CERTIFICATE|UNKNOWN_CA)/.test(code))
    return failure('KPF_AUTH_REFUSED', `${server} refused the client certificate (${code})`, { hint: 'renew it, then kpf goes on by itself', cause: error })
  if (code.startsWith('ERR_OSSL'))
    return failure('KPF_KUBECONFIG', `a certificate or key for ${server} cannot be understood (${code})`, {
      hint: 'check the client certificate, its key and the certificate-authority in the kubeconfig',
      cause: error,
    })
  // Only deadlines abort a request whose answer is still waited for.
  if (error instanceof Error && 'step' in error && 'limitMs' in error)
    return failure('KPF_CLUSTER_TIMEOUT', `${server} did not answer in time: ${timeText(error)}`, { hint: 'check the network or VPN', cause: error })
  if (code === 'ETIMEDOUT' || code === 'KPF_TIMEOUT' || code === 'ABORT_ERR')
    return failure('KPF_CLUSTER_TIMEOUT', `${server} did not answer in time`, { hint: 'check the network or VPN', cause: error })
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') {
    return failure('KPF_TLS_FAILED', `TLS with ${server} failed (${code})`, {
      hint: 'check that the server speaks TLS on this port, and the client certificate',
      cause: error,
    })
  }
  return failure('KPF_CLUSTER_UNREACHABLE', `cluster unreachable (${code} ${server})`, {
    hint: 'check that the cluster runs, and the network or VPN',
    cause: error,
  })
}

/** For a certificate of another name: which name was looked for. Node's own errors carry it. */
function otherName(error: unknown): string {
  return error instanceof Error && 'host' in error && typeof error.host === 'string' ? `: it is not for ${error.host}` : ''
}

/** A proxy that cannot be reached, or breaks off before it answers. */
export function proxyUnreachable(proxy: Proxy, error: unknown): Failure {
  const why = error instanceof Error && 'step' in error && 'limitMs' in error ? timeText(error) : codeOf(error)
  return failure('KPF_PROXY_UNREACHABLE', `the proxy ${named(proxy)} cannot be used (${why})`, {
    hint: `check the proxy, or ${proxy.from}`,
    cause: error,
  })
}

/** A proxy that answered, but gave no way to `address`; SOCKS answers come with the HTTP status of the same meaning. */
export function proxyRefusal(proxy: Proxy, address: string, { status, text }: { readonly status: number; readonly text: string }): Failure {
  const answer = proxy.kind === 'socks5' ? escapeForeign(text) : escapeForeign(`${status} ${text}`)
  switch (status) {
    // tinyproxy answers 401 to a login that is wrong, and 407 to none.
    case 401:
    case 407:
      return failure('KPF_PROXY_AUTH', `the proxy ${named(proxy)} wants a user and a password${proxy.login ? ', others than it was given' : ''} (${answer})`, {
        hint: `write them into ${proxy.from}: ${proxy.url.replace('//', '//USER:PASSWORD@')}`,
      })
    case 502:
    case 503:
    case 504:
      return failure('KPF_PROXY_GATEWAY', `the proxy ${named(proxy)} cannot reach ${address} (${answer})`, {
        hint: 'check that the cluster runs, and that the proxy can see it',
      })
    default:
      return failure('KPF_PROXY_REFUSED', `the proxy ${named(proxy)} does not let us through to ${address} (${answer})`, {
        hint: proxy.from === 'proxy-url' ? 'ask who runs the proxy' : 'ask who runs the proxy, or add the server to NO_PROXY if it can be reached directly',
      })
  }
}

function named({ url, from }: Proxy): string {
  return `${escapeForeign(url)} of ${from}`
}

function timeText({ step, limitMs }: { readonly step: unknown; readonly limitMs: unknown }): string {
  return `${String(step)} took more than ${Number(limitMs) / 1000} s`
}

/** What was asked. */
export interface AskedFor {
  /** `list pods in namespace "shop"` */
  readonly what: string
  /** The RBAC rule that it takes. */
  readonly rule: string
}

/** An HTTP answer that is no success. */
export function answerFailure(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  { what, rule }: AskedFor,
): Failure {
  const told = escapeForeign(readStatus(body)?.message ?? '')
  const retryAfterMs = retryAfter(headers['retry-after'])
  const more = retryAfterMs === undefined ? {} : { retryAfterMs }
  switch (status) {
    case 401:
      return credentialsRefused()
    case 403:
      // Our words say what kpf wanted; the server's say who is meant, or that it was no role but a webhook.
      return failure('KPF_FORBIDDEN', `not allowed to ${what}${told === '' ? '' : ` (${told})`}`, { hint: `ask for the rule ${rule}` })
    case 404:
      return failure('KPF_OBJECT_MISSING', told === '' ? `not found: ${what}` : told)
    case 429:
      return failure('KPF_CLUSTER_BUSY', 'the API server is busy (429)', more)
    default:
      return failure('KPF_CLUSTER_ERROR', `the API server answered ${status}${told === '' ? '' : `: ${told}`}`, more)
  }
}

/** A 401. `ended` is a credential that is over by its own word, which is then why. */
export function credentialsRefused(ended?: { readonly what: string; readonly agoMs: number }): Failure {
  const why = ended === undefined ? '' : `: the ${ended.what} ended ${agoText(ended.agoMs)}`
  const hint =
    ended?.what.startsWith('client certificate') === true ? 'renew the certificate, then kpf goes on by itself' : 'log in again, then kpf goes on by itself'
  return failure('KPF_AUTH_REFUSED', `the credentials were refused (401)${why}`, { hint })
}

/** `3 days ago`, `12 min ago`. */
function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 120) return `${minutes} min ago`
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} hours ago` : `${Math.floor(minutes / 60 / 24)} days ago`
}

/** `Retry-After` in seconds, as milliseconds, a minute at most (rule B4). */
export function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header)
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(60_000, seconds * 1000) : undefined
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return errnoOf(error)
}
