/** The causes that a port-forward is known to fail for, and what kpf makes of each: code, class, state, what it says and advises. */
import { expect, test } from 'vitest'
import { answerFailure, connectionFailure, credentialsRefused, proxyRefusal } from '../../src/cluster/failure.ts'
import { describe, type ForwardFacts } from '../../src/supervisor/describe.ts'
import type { Transport } from '../../src/tunnel/dialer.ts'
import { type Failure, failure } from '../../src/tunnel/failure.ts'
import { classifyRefusal, classifyStreamError } from '../../src/tunnel/refusals.ts'

const pod = { namespace: 'shop', name: 'api', uid: 'u' }
const asked = { what: 'list pods in namespace "shop"', rule: 'X' }
const server = 'k8s:6443'

function status(message: string): string {
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message })
}

function refused(code: number, body: string, headers: Readonly<Record<string, string>> = {}, transport: Transport = 'websocket'): Failure {
  return classifyRefusal({ kind: 'refused', status: code, headers, body }, transport, pod).failure
}

function errno(code: string): Failure {
  return connectionFailure(Object.assign(new Error('not read'), { code }), server)
}

function stream(text: string): Failure {
  return classifyStreamError(text).failure
}

const proxy = { kind: 'http', host: 'proxy', port: 3128, url: 'http://proxy:3128', from: 'HTTPS_PROXY' } as const

/** What a forward shows that is kept from its first dial by this. */
function shown(why: Failure): string {
  const facts: ForwardFacts = {
    lifecycle: 'running',
    openConnections: 0,
    endpoints: [{ address: '127.0.0.1', port: 8080, state: { kind: 'bound', port: 8080 } }],
    clusterFailure: undefined,
    gate: undefined,
    target: { kind: 'picked', pod: 'api' },
    lane: { state: 'backoff', sinceMs: 0, attempt: 1, openStreams: 0, bytesIn: 0, bytesOut: 0, failure: why },
    switching: false,
    refusedInARow: 0,
    wasOpen: false,
  }
  const { state, phase } = describe(facts)
  return `${state} ${phase}`
}

const forbiddenToList = status('pods is forbidden: User "dev" cannot list resource "pods" in API group "" in the namespace "shop"')
const cannotGet = status('pods "api" is forbidden: User "dev" cannot get resource "pods/portforward" in API group "" in the namespace "shop"')
const webhook = status('admission webhook "deny.example.com" denied the request: no port-forwards on Friday')
const policy = status(`pods "api" is forbidden: ValidatingAdmissionPolicy 'no-exec' with binding 'all' denied request: not here`)

const auth = 'auth: failed auth'
const rbac = 'rbac: failed forbidden'
const config = 'config: failed config'
const again = 'connection: waiting backoff'
const resolve = 'resolve: waiting backoff'
const alone = 'stream: waiting backoff'

/** Cause, what comes of it, and a word of what is advised; undefined where kpf does all there is to do. */
const rows: readonly (readonly [string, Failure, string, RegExp | undefined])[] = [
  ['401 on a request', answerFailure(401, {}, status('Unauthorized'), asked), `KPF_AUTH_REFUSED ${auth}`, /log in again/],
  ['401 on an upgrade', refused(401, status('Unauthorized')), `KPF_AUTH_REFUSED ${auth}`, /log in again/],
  ['403 on a list', answerFailure(403, {}, forbiddenToList, asked), `KPF_FORBIDDEN ${rbac}`, /ask for the rule/],
  ['403 on the tunnel: no get', refused(403, cannotGet), `KPF_FORBIDDEN ${rbac}`, /get and create/],
  ['403 on the tunnel: no create, since 1.35', refused(403, status('pods "api" is forbidden: ')), `KPF_FORBIDDEN ${rbac}`, /get and create/],
  ['403 on the tunnel: anything else', refused(403, status('pods "api" is forbidden: quota')), `KPF_FORBIDDEN ${rbac}`, /ask for a role/],
  [
    'protocol mismatch',
    refused(403, 'no', { 'x-accepted-stream-protocol-versions': 'v9' }),
    'KPF_TRANSPORT_REFUSED protocol: failed config',
    /transport at auto/,
  ],
  ['pod absent', refused(404, status('pods "api" not found')), `KPF_POD_GONE ${resolve}`, undefined],
  ['pod without node', refused(400, status('pod api does not have a host assigned')), `KPF_POD_NOT_RUNNING ${resolve}`, /describe pod/],
  ['pod not started', refused(500, 'pod not found ("api_shop")'), `KPF_POD_NOT_RUNNING ${resolve}`, /describe pod/],
  ['sandbox not running', refused(500, 'sandbox container is not running'), `KPF_POD_NOT_RUNNING ${resolve}`, /describe pod/],
  ['pod unknown to its kubelet yet', refused(404, 'pod does not exist'), `KPF_NODE_UNREACHABLE ${again}`, /get nodes/],
  ['container port closed', stream('dial tcp4 127.0.0.1:81: connect: connection refused'), `KPF_STREAM_REFUSED ${alone}`, /remote port/],
  ['app resets', stream('read: connection reset by peer'), `KPF_STREAM_RESET ${alone}`, /kubectl logs/],
  ['pod deleted mid-stream', stream('network namespace for sandbox "a" is closed'), `KPF_POD_GONE ${resolve}`, undefined],
  ['node dead', refused(500, status('error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout')), `KPF_NODE_UNREACHABLE ${again}`, /get nodes/],
  ['kubelet restarting', refused(500, status('error dialing backend: connect: connection refused')), `KPF_NODE_UNREACHABLE ${again}`, /get nodes/],
  ['API server restarting: refused', errno('ECONNREFUSED'), `KPF_CLUSTER_UNREACHABLE ${again}`, /cluster runs/],
  ['API server restarting: cut', errno('ECONNRESET'), `KPF_CLUSTER_UNREACHABLE ${again}`, /cluster runs/],
  ['API server shutting down', refused(503, status('apiserver is shutting down'), { 'retry-after': '1' }), `KPF_CLUSTER_BUSY ${again}`, /waits/],
  ['API server shutting down, by 429', refused(429, 'The apiserver is shutting down', { 'retry-after': '5' }), `KPF_CLUSTER_BUSY ${again}`, /waits/],
  ['network gone', errno('EHOSTUNREACH'), `KPF_CLUSTER_UNREACHABLE ${again}`, /network/],
  ['silence', errno('ETIMEDOUT'), `KPF_CLUSTER_TIMEOUT ${again}`, /network/],
  ['client certificate refused in the handshake', errno('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'), `KPF_AUTH_REFUSED ${auth}`, /renew/],
  [
    'client certificate that has ended',
    credentialsRefused({ what: 'client certificate of user "dev"', agoMs: 259_200_000 }),
    `KPF_AUTH_REFUSED ${auth}`,
    /renew the certificate/,
  ],
  ['token that has ended', credentialsRefused({ what: 'token of user "dev"', agoMs: 60_000 }), `KPF_AUTH_REFUSED ${auth}`, /log in again/],
  ['server CA changed', errno('SELF_SIGNED_CERT_IN_CHAIN'), `KPF_TLS_VERIFY ${config}`, /rebuilt/],
  ['server CA changed, of one step', errno('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), `KPF_TLS_VERIFY ${config}`, /rebuilt/],
  ['server certificate has ended', errno('CERT_HAS_EXPIRED'), `KPF_TLS_VERIFY ${config}`, /clock/],
  ['server certificate of another name', errno('ERR_TLS_CERT_ALTNAME_INVALID'), `KPF_TLS_VERIFY ${config}`, /tls-server-name/],
  ['429 of the API server', answerFailure(429, { 'retry-after': '3' }, '', asked), `KPF_CLUSTER_BUSY ${again}`, undefined],
  [
    '429 of the runtime',
    refused(429, 'rpc error: code = ResourceExhausted desc = maximum number of in-flight requests exceeded', { 'retry-after': '60' }),
    `KPF_CLUSTER_BUSY ${again}`,
    /waits/,
  ],
  ['konnectivity without an agent', refused(500, status('No agent available')), `KPF_NODE_UNREACHABLE ${again}`, /konnectivity/],
  ['konnectivity without an agent, by 503', refused(503, status('error dialing backend: No agent available')), `KPF_NODE_UNREACHABLE ${again}`, /konnectivity/],
  ['konnectivity hangs', refused(500, status('error dialing backend: context deadline exceeded')), `KPF_NODE_UNREACHABLE ${again}`, /konnectivity/],
  ['proxy wants a login', proxyRefusal(proxy, server, { status: 407, text: 'Proxy Authentication Required' }), `KPF_PROXY_AUTH ${auth}`, /USER:PASSWORD/],
  ['proxy says no', proxyRefusal(proxy, server, { status: 403, text: 'Forbidden' }), `KPF_PROXY_REFUSED ${again}`, /NO_PROXY/],
  ['proxy sees no server', proxyRefusal(proxy, server, { status: 502, text: 'Bad Gateway' }), `KPF_PROXY_GATEWAY ${again}`, /cluster runs/],
  ['proxy drops the upgrade', refused(200, '<html>'), 'KPF_TRANSPORT_REFUSED protocol: failed config', /pass upgrades/],
  ['proxy drops the upgrade, by 426', refused(426, ''), 'KPF_TRANSPORT_REFUSED protocol: failed config', /pass upgrades/],
  ['admission webhook, 400', refused(400, webhook), `KPF_ADMISSION_DENIED ${rbac}`, /no role helps/],
  ['admission webhook, 403', refused(403, webhook), `KPF_ADMISSION_DENIED ${rbac}`, /no role helps/],
  ['admission webhook, 418', refused(418, webhook, {}, 'spdy'), `KPF_ADMISSION_DENIED ${rbac}`, /no role helps/],
  ['admission policy', refused(422, policy), `KPF_ADMISSION_DENIED ${rbac}`, /no role helps/],
  ['stream creation hangs', stream('timed out waiting for streams'), `KPF_STREAM_TIMEOUT ${alone}`, /runtime/],
  ['DNS has no such name', errno('ENOTFOUND'), `KPF_CLUSTER_DNS ${again}`, /VPN/],
  ['DNS does not answer', errno('EAI_AGAIN'), `KPF_CLUSTER_DNS ${again}`, /VPN/],
  ['tunnel cut', failure('KPF_TUNNEL_LOST', 'the tunnel was cut (ECONNRESET)'), `KPF_TUNNEL_LOST ${again}`, undefined],
  ['node silent', failure('KPF_TUNNEL_SILENT', 'no answer'), `KPF_TUNNEL_SILENT ${again}`, undefined],
]

test.each(rows)('%s', (_cause, why, expected, advice) => {
  expect(`${why.code} ${why.class}: ${shown(why)}`).toBe(expected)
  expect(why.message).toMatch(/^[^\n]+[^.\n]$/)
  if (advice === undefined) expect(why.hint).toBeUndefined()
  else expect(why.hint).toMatch(advice)
})

test('what a webhook or the runtime says is told', () => {
  expect(refused(400, webhook).message).toBe(
    'the cluster denies port-forwards to pod "shop/api": admission webhook "deny.example.com" denied the request: no port-forwards on Friday',
  )
  expect(refused(429, 'maximum number of in-flight requests exceeded', { 'retry-after': '60' })).toMatchObject({
    message: 'the node of pod "shop/api" has too many port-forwards waiting (HTTP 429: maximum number of in-flight requests exceeded)',
    retryAfterMs: 60_000,
  })
})

test('a webhook is not asked again by another transport, and its words do not pass for a missing pod', () => {
  expect(classifyRefusal({ kind: 'refused', status: 404, headers: {}, body: webhook }, 'websocket', pod)).toMatchObject({ next: 'stop' })
  expect(classifyRefusal({ kind: 'refused', status: 404, headers: {}, body: webhook }, 'websocket', pod).podGone).toBeUndefined()
})

test('a credential that has ended is told with its name and since when', () => {
  const message = (what: string, agoMs: number): string => credentialsRefused({ what, agoMs }).message
  expect(message('client certificate of user "dev"', 3 * 86_400_000)).toBe(
    'the credentials were refused (401): the client certificate of user "dev" ended 3 days ago',
  )
  expect(message('token of user "dev"', 90 * 60_000)).toContain('ended 90 min ago')
  expect(message('token of user "dev"', 5 * 3_600_000)).toContain('ended 5 hours ago')
})
