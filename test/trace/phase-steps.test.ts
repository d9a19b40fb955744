/** Phases as steps, and the step that a failure belongs to. */
import { expect, test } from 'vitest'
import { failedStep, hostPort, partyOf, phaseStep } from '../../src/trace/phase-steps.ts'
import type { DialPhase, TlsPhase } from '../../src/tunnel/dialer.ts'
import { failure, type FailureCode } from '../../src/tunnel/failure.ts'

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
  ['KPF_AUTH_PLUGIN', undefined, 'credential files'],
  ['KPF_CREDENTIAL_EXPIRED', undefined, 'credential files'],
  ['KPF_CLUSTER_DNS', 'credential', 'dns dns'],
  ['KPF_CLUSTER_UNREACHABLE', undefined, 'tcp server'],
  ['KPF_CLUSTER_UNREACHABLE', 'credential', 'tcp server'],
  ['KPF_CLUSTER_TIMEOUT', 'lookup', 'tcp server'],
  ['KPF_CLUSTER_TIMEOUT', 'tcp', 'tls server'],
  ['KPF_CLUSTER_TIMEOUT', 'tls', 'version server'],
  ['KPF_CLUSTER_TIMEOUT', 'request', 'version server'],
  ['KPF_TLS_VERIFY', 'tcp', 'tls server'],
  ['KPF_TLS_FAILED', 'tcp', 'tls server'],
  ['KPF_PROXY_AUTH', 'tcp', 'proxy proxy'],
  ['KPF_AUTH_REFUSED', 'answer', 'authentication server'],
  ['KPF_FORBIDDEN', 'answer', 'authorization server'],
])('%s after %s belongs to the step %s', (code, last, step) => {
  const id = failedStep(failure(code, 'it failed'), last)
  expect(`${id} ${partyOf(id)}`).toBe(step)
})

test('an IPv6 address stands in brackets', () => {
  expect([hostPort('10.0.0.1', 80), hostPort('::1', 80)]).toEqual(['10.0.0.1:80', '[::1]:80'])
})
