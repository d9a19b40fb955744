import { expect, test } from 'vitest'
import { answerFailure, connectionFailure, retryAfter } from '../../src/cluster/failure.ts'

const coded = (code: string): Error => Object.assign(new Error('the text is not read'), { code })
const status = (reason: string, message: string): string => JSON.stringify({ kind: 'Status', status: 'Failure', reason, message })

test.each([
  ['ECONNREFUSED', 'KPF_CLUSTER_UNREACHABLE', 'connection'],
  ['ECONNRESET', 'KPF_CLUSTER_UNREACHABLE', 'connection'],
  ['EHOSTUNREACH', 'KPF_CLUSTER_UNREACHABLE', 'connection'],
  ['ETIMEDOUT', 'KPF_CLUSTER_TIMEOUT', 'connection'],
  ['ENOTFOUND', 'KPF_CLUSTER_DNS', 'connection'],
  ['EAI_AGAIN', 'KPF_CLUSTER_DNS', 'connection'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'KPF_TLS_VERIFY', 'config'],
  ['CERT_HAS_EXPIRED', 'KPF_TLS_VERIFY', 'config'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'KPF_TLS_VERIFY', 'config'],
  ['EPROTO', 'KPF_TLS_FAILED', 'connection'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'KPF_TLS_FAILED', 'connection'],
  // The API server ended the handshake because of who we are.
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'KPF_AUTH_REFUSED', 'auth'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'KPF_AUTH_REFUSED', 'auth'],
  // A certificate or key in the kubeconfig that is none.
  ['ERR_OSSL_PEM_NO_START_LINE', 'KPF_KUBECONFIG', 'config'],
])('%s is %s, of class %s', (code, expected, expectedClass) => {
  expect(connectionFailure(coded(code), 'k8s:6443')).toMatchObject({ code: expected, class: expectedClass })
})

test('when every address of a name fails the first error speaks', () => {
  expect(connectionFailure(new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]), 'k8s:6443').message).toBe(
    'cluster unreachable (ECONNREFUSED k8s:6443)',
  )
})

test.each([
  [401, status('Unauthorized', 'Unauthorized'), 'KPF_AUTH_REFUSED: the credentials were refused (401)'],
  [
    403,
    status('Forbidden', 'pods is forbidden: User "dev" cannot list resource "pods"'),
    'KPF_FORBIDDEN: not allowed to list pods in namespace "shop" (pods is forbidden: User "dev" cannot list resource "pods")',
  ],
  [403, '', 'KPF_FORBIDDEN: not allowed to list pods in namespace "shop"'],
  [404, status('NotFound', 'pods "x" not found'), 'KPF_OBJECT_MISSING: pods "x" not found'],
  [429, 'Too many requests', 'KPF_CLUSTER_BUSY: the API server is busy (429)'],
  [503, status('ServiceUnavailable', 'apiserver is shutting down'), 'KPF_CLUSTER_ERROR: the API server answered 503: apiserver is shutting down'],
  [302, '<html>', 'KPF_CLUSTER_ERROR: the API server answered 302'],
])('an answer %i %j', (code, body, expected) => {
  const made = answerFailure(code, {}, body, { what: 'list pods in namespace "shop"', rule: 'x' })
  expect(`${made.code}: ${made.message}`).toBe(expected)
})

test('what a server says is shown without its control characters', () => {
  expect(answerFailure(404, {}, status('NotFound', 'gone\u001b[2J\r\u202e'), { what: 'x', rule: 'x' }).message).toBe('gone\\u{1b}[2J\\u{d}\\u{202e}')
})

test.each([
  ['3', 3_000],
  ['3600', 60_000],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  [undefined, undefined],
])('a Retry-After of %j is %j ms', (header, expected) => {
  expect(retryAfter(header)).toBe(expected)
})
