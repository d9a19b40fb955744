/**
 * What went wrong on the way to the API server, or what it answered, as failures. Pure.
 *
 * Errors enter here once: by errno, TLS code, HTTP status and Status reason.
 */
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { readStatus } from '../tunnel/refusal-status.ts'

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

/** A connection that could not be made or broke before an answer. `server` is `host:port`. */
export function connectionFailure(error: unknown, server: string): Failure {
  const code = codeOf(error)
  if (TLS_VERIFY.has(code)) {
    return failure('KPF_TLS_VERIFY', `the certificate of ${server} cannot be verified (${code})`, {
      hint: 'check certificate-authority and tls-server-name of this cluster in the kubeconfig',
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

/** An HTTP answer that is no success. `what` is what was asked: `list pods in namespace "shop"`. */
export function answerFailure(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string, what: string): Failure {
  const told = escapeForeign(readStatus(body)?.message ?? '')
  const retryAfterMs = retryAfter(headers['retry-after'])
  const more = retryAfterMs === undefined ? {} : { retryAfterMs }
  switch (status) {
    case 401:
      return failure('KPF_AUTH_REFUSED', 'the credentials were refused (401)', { hint: 'log in again, then kpf goes on by itself' })
    case 403:
      return failure('KPF_FORBIDDEN', told === '' ? `not allowed to ${what}` : `forbidden: ${told}`, { hint: `ask for a role that may ${what}` })
    case 404:
      return failure('KPF_OBJECT_MISSING', told === '' ? `not found: ${what}` : told)
    case 429:
      return failure('KPF_CLUSTER_BUSY', 'the API server is busy (429)', more)
    default:
      return failure('KPF_CLUSTER_ERROR', `the API server answered ${status}${told === '' ? '' : `: ${told}`}`, more)
  }
}

/** `Retry-After` in seconds, as milliseconds, a minute at most (rule B4). */
export function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header)
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(60_000, seconds * 1000) : undefined
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
}
