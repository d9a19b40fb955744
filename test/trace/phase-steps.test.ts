/** Phases as steps, and the step that a failure belongs to. */
import { expect, test } from 'vitest'
import { failedWay, hostPort, phaseStep, throughProxies } from '../../src/trace/phase-steps.ts'
import type { DialPhase, TlsPhase } from '../../src/tunnel/dialer.ts'
import { failure, type FailureCode } from '../../src/tunnel/failure.ts'
import { step } from './accounts.ts'

const tls: TlsPhase = { kind: 'tls', version: 'TLSv1.3', cipher: 'AES', subject: 'CN=kube-apiserver', issuer: 'CN=ca', resumed: false, verified: true }
const isoTime = (ms: number): string => `at ${ms}`

test.each<[Parameters<typeof phaseStep>[0], string]>([
  [{ kind: 'credential', credential: 'token', source: 'dev', tookMs: 1 }, 'kpf -> files: credential of dev: token'],
  [
    { kind: 'credential', credential: 'client certificate', source: 'dev', tookMs: 1, expiresMs: 5 },
    'kpf -> files: credential of dev: client certificate, until at 5',
  ],
  [
    { kind: 'credential', credential: 'exec plugin', source: 'dev', tookMs: 1, plugin: { command: 'aws', from: 'run' } },
    'kpf -> plugin: credential of dev: aws was run',
  ],
  [
    { kind: 'credential', credential: 'exec plugin', source: 'dev', tookMs: 1, plugin: { command: 'aws', from: 'cache' } },
    'kpf -> files: credential of dev: aws, from its last run',
  ],
  [{ kind: 'lookup', host: 'api.test', addresses: ['10.0.0.1', '::1'] }, 'kpf -> dns: look up api.test: 10.0.0.1, ::1'],
  [{ kind: 'lookup', host: 'api.test', addresses: [] }, 'kpf -> dns: look up api.test: no address'],
  [{ kind: 'tcp', address: '::1', port: 443 }, 'kpf -> server: TCP connection: [::1]:443'],
  [{ kind: 'proxy', url: 'http://proxy:3128', proxy: 'http' }, 'kpf -> proxy: through the http proxy http://proxy:3128: connected'],
  [tls, 'kpf -> server: TLS handshake: TLSv1.3, CN=kube-apiserver'],
  [{ ...tls, subject: '', resumed: true }, 'kpf -> server: TLS handshake (resumed): TLSv1.3'],
  [{ ...tls, verified: false }, 'kpf -> server: TLS handshake: TLSv1.3, CN=kube-apiserver, not verified (warned)'],
  [{ ...tls, subject: 'CN=\u202eevil\n' }, String.raw`kpf -> server: TLS handshake: TLSv1.3, CN=\u{202e}evil`],
])('%o is told in one line', (phase, line) => {
  const { from, to, what, answer, result } = phaseStep(phase, isoTime)
  expect(`${from} -> ${to}: ${what}: ${answer}${result === undefined ? '' : ` (${result})`}`).toBe(line)
})

test.each<[FailureCode, DialPhase['kind'] | undefined, string]>([
  ['KPF_AUTH_PLUGIN', undefined, 'credential: kpf -> plugin: get the credential'],
  ['KPF_CREDENTIAL_EXPIRED', undefined, 'credential: kpf -> files: get the credential'],
  ['KPF_CLUSTER_DNS', 'credential', "dns: kpf -> dns: look up the server's name"],
  ['KPF_CLUSTER_UNREACHABLE', undefined, 'tcp: kpf -> server: TCP connection'],
  ['KPF_CLUSTER_UNREACHABLE', 'credential', 'tcp: kpf -> server: TCP connection'],
  ['KPF_CLUSTER_TIMEOUT', 'lookup', 'tcp: kpf -> server: TCP connection'],
  ['KPF_CLUSTER_TIMEOUT', 'tcp', 'tls: kpf -> server: TLS handshake'],
  ['KPF_CLUSTER_TIMEOUT', 'tls', 'upgrade: kpf -> server: GET portforward'],
  ['KPF_CLUSTER_TIMEOUT', 'request', 'upgrade: kpf -> server: GET portforward'],
  ['KPF_TLS_VERIFY', 'tcp', 'tls: kpf -> server: TLS handshake'],
  ['KPF_TLS_FAILED', 'proxy', 'tls: kpf -> server: TLS handshake'],
  ['KPF_PROXY_AUTH', 'tcp', 'proxy: kpf -> proxy: through the proxy'],
  ['KPF_AUTH_REFUSED', 'answer', 'authentication: kpf -> server: GET portforward, with the credential'],
  ['KPF_FORBIDDEN', 'answer', 'authorization: kpf -> server: GET portforward'],
])('%s after %s is told where it arose', (code, last, line) => {
  const { id, from, to, what } = failedWay(failure(code, 'it failed'), last, { id: 'upgrade', what: 'GET portforward' })
  expect(`${id}: ${from} -> ${to}: ${what}`).toBe(line)
})

test('a connection that goes on through a proxy is one to the proxy, and others are not', () => {
  const tcp = step(['access', 'tcp', 'kpf', 'server', 'TCP connection'])
  const proxy = step(['access', 'proxy', 'kpf', 'proxy', 'through the proxy'])
  expect(throughProxies([tcp, proxy, tcp]).map(({ id, to }) => `${id} ${to}`)).toEqual(['tcp proxy', 'proxy proxy', 'tcp server'])
})

test('an IPv6 address stands in brackets', () => {
  expect([hostPort('10.0.0.1', 80), hostPort('::1', 80)]).toEqual(['10.0.0.1:80', '[::1]:80'])
})
