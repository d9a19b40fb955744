import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Transport } from '../../src/tunnel/dialer.ts'
import { classifyRefusal, classifyStreamError } from '../../src/tunnel/refusals.ts'

const pod = { namespace: 'shop', name: 'api', uid: 'u' }

function status(message: string, details?: object): string {
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, ...(details && { details }) })
}

const cannotGet = status('pods "api" is forbidden: User "u" cannot get resource "pods/portforward" in API group "" in the namespace "shop"')
const cannotCreate = status('pods "api" is forbidden: User "u" cannot create resource "pods/portforward" in API group "" in the namespace "shop"')

interface Row {
  readonly what: string
  readonly transport?: Transport
  readonly answer: { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  readonly next: 'transport' | 'stop'
  readonly code: string
  readonly more?: object
}

const rows: readonly Row[] = [
  {
    what: 'an old kubelet without the port',
    answer: { status: 400, body: 'query parameter "port" is required' },
    next: 'transport',
    code: 'KPF_TRANSPORT_REFUSED',
  },
  {
    what: 'a proxy that took the Upgrade away',
    answer: { status: 400, body: status('Upgrade request required') },
    next: 'transport',
    code: 'KPF_TRANSPORT_REFUSED',
  },
  { what: 'a pod without a node', answer: { status: 400, body: status('pod api does not have a host assigned') }, next: 'stop', code: 'KPF_POD_NOT_RUNNING' },
  {
    what: 'an admission webhook',
    answer: { status: 400, body: status('admission webhook "no" denied the request: no') },
    next: 'stop',
    code: 'KPF_ADMISSION_DENIED',
  },
  { what: 'credentials', answer: { status: 401, body: status('Unauthorized') }, next: 'stop', code: 'KPF_AUTH_REFUSED' },
  { what: 'a role without get, over WebSocket', answer: { status: 403, body: cannotGet }, next: 'transport', code: 'KPF_FORBIDDEN' },
  { what: 'a role without create, over SPDY', transport: 'spdy', answer: { status: 403, body: cannotCreate }, next: 'stop', code: 'KPF_FORBIDDEN' },
  { what: 'a role with get only, since 1.35', answer: { status: 403, body: status('pods "api" is forbidden: ') }, next: 'stop', code: 'KPF_FORBIDDEN' },
  {
    what: 'a webhook of admission',
    answer: { status: 403, body: status('admission webhook "no" denied the request') },
    next: 'stop',
    code: 'KPF_ADMISSION_DENIED',
  },
  { what: 'an old server that knows no such subprotocol', answer: { status: 403, body: '' }, next: 'transport', code: 'KPF_TRANSPORT_REFUSED' },
  {
    what: 'a list of other protocols',
    answer: { status: 403, body: 'no', headers: { 'x-accepted-stream-protocol-versions': 'a' } },
    next: 'transport',
    code: 'KPF_TRANSPORT_REFUSED',
  },
  { what: 'a request that is wrong', answer: { status: 400, body: status('no such thing') }, next: 'stop', code: 'KPF_CLUSTER_ERROR' },
  { what: 'a pod that is gone', answer: { status: 404, body: status('pods "api" not found') }, next: 'stop', code: 'KPF_POD_GONE', more: { podGone: true } },
  { what: 'a kubelet just come back', answer: { status: 404, body: 'pod does not exist' }, next: 'stop', code: 'KPF_NODE_UNREACHABLE' },
  { what: 'a path unknown to a proxy', answer: { status: 404, body: '<html>' }, next: 'transport', code: 'KPF_TRANSPORT_REFUSED' },
  { what: 'a method refused', answer: { status: 405 }, next: 'transport', code: 'KPF_TRANSPORT_REFUSED' },
  { what: 'a wrong subprotocol', answer: { status: 101 }, next: 'transport', code: 'KPF_TRANSPORT_REFUSED' },
  { what: 'a page instead of an upgrade', answer: { status: 200, body: '<html>' }, next: 'transport', code: 'KPF_TRANSPORT_REFUSED' },
  { what: 'a conflict', answer: { status: 409, body: status('conflict') }, next: 'stop', code: 'KPF_CLUSTER_ERROR' },
  {
    what: 'too many requests',
    answer: { status: 429, headers: { 'retry-after': '5' } },
    next: 'stop',
    code: 'KPF_CLUSTER_BUSY',
    more: { failure: { retryAfterMs: 5_000 } },
  },
  {
    what: 'a server shutting down',
    answer: { status: 503, body: status('apiserver is shutting down', { retryAfterSeconds: 1 }) },
    next: 'stop',
    code: 'KPF_CLUSTER_BUSY',
    more: { failure: { retryAfterMs: 1_000 } },
  },
  {
    what: 'a node out of reach',
    answer: { status: 500, body: status('error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout') },
    next: 'stop',
    code: 'KPF_NODE_UNREACHABLE',
  },
  { what: 'no konnectivity agent', answer: { status: 500, body: status('No agent available') }, next: 'stop', code: 'KPF_NODE_UNREACHABLE' },
  { what: 'a pod unknown to the runtime', answer: { status: 500, body: 'pod not found ("api_shop")' }, next: 'stop', code: 'KPF_POD_NOT_RUNNING' },
  { what: 'a sandbox that does not run', answer: { status: 500, body: 'sandbox container is not running' }, next: 'stop', code: 'KPF_POD_NOT_RUNNING' },
  { what: 'anything else at 500', answer: { status: 500, body: 'oops' }, next: 'stop', code: 'KPF_CLUSTER_ERROR' },
  { what: 'not implemented', answer: { status: 501 }, next: 'transport', code: 'KPF_TRANSPORT_REFUSED' },
  { what: 'a gateway page', answer: { status: 502, body: '<html>Bad Gateway' }, next: 'transport', code: 'KPF_CLUSTER_ERROR' },
  { what: 'a gateway that speaks for the server', answer: { status: 504, body: status('timeout') }, next: 'stop', code: 'KPF_CLUSTER_ERROR' },
  { what: 'a number nobody knows', answer: { status: 599 }, next: 'stop', code: 'KPF_CLUSTER_ERROR' },
]

test.each(rows)('$what: $next, $code', ({ transport = 'websocket', answer, next, code, more }) => {
  const refusal = classifyRefusal({ kind: 'refused', headers: {}, body: '', ...answer }, transport, pod)
  expect(refusal).toMatchObject({ next, failure: { code }, ...more })
  expect(refusal.podGone ?? false).toBe(code === 'KPF_POD_GONE')
})

test('the missing verb is named, and the text of the server is made harmless', () => {
  const { failure } = classifyRefusal({ kind: 'refused', status: 403, headers: {}, body: status('pods "api" is forbidden: ') }, 'websocket', pod)
  expect(failure.message).toBe('forbidden: needs create on pods/portforward for pod "shop/api"')
  const hostile = classifyRefusal({ kind: 'refused', status: 500, headers: {}, body: '\u001b[2Jboo\u202e' }, 'websocket', pod)
  expect(hostile.failure.message).toBe(String.raw`the API server refused the tunnel (HTTP 500: \u{1b}[2Jboo\u{202e})`)
})

test.each([
  [
    'error forwarding port 81 to pod abc, uid : failed to execute portforward in network namespace "/var/run/netns/cni-1": failed to connect to localhost:81 inside namespace "abc", IPv4: dial tcp4 127.0.0.1:81: connect: connection refused IPv6 dial tcp6 [::1]:81: connect: connection refused ',
    { code: 'KPF_STREAM_REFUSED', neverDialled: true, podGone: false },
  ],
  ['error forwarding port 80 to pod abc, uid : network namespace for sandbox "abc" is closed', { code: 'KPF_POD_GONE', neverDialled: true, podGone: true }],
  ['failed to find sandbox "abc" in store: not found', { code: 'KPF_POD_GONE', neverDialled: true, podGone: true }],
  ['sandbox abc is not running', { code: 'KPF_POD_GONE', neverDialled: true, podGone: true }],
  ['write tcp: read: connection reset by peer', { code: 'KPF_STREAM_RESET', neverDialled: false, podGone: false }],
  ['write: broken pipe', { code: 'KPF_STREAM_RESET', neverDialled: false, podGone: false }],
  ['(conn=&{}, request=7) timed out waiting for streams', { code: 'KPF_STREAM_TIMEOUT', neverDialled: false, podGone: false }],
  ['something new', { code: 'KPF_STREAM_FAILED', neverDialled: false, podGone: false }],
])('the error stream %j', (text, { code, ...more }) => {
  expect(classifyStreamError(text)).toMatchObject({ failure: { code }, ...more })
})

test('no answer and no text makes classification throw', () => {
  fc.assert(
    fc.property(
      fc.nat(700),
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"kind":"Status","message":${json},"details":${json}}`),
      ),
      (code, body) => {
        for (const transport of ['websocket', 'spdy', 'channel'] as const) classifyRefusal({ kind: 'refused', status: code, headers: {}, body }, transport, pod)
        classifyStreamError(body)
      },
    ),
  )
})
