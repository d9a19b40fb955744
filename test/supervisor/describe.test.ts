import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describe, type ForwardFacts } from '../../src/supervisor/describe.ts'
import { failure } from '../../src/tunnel/failure.ts'
import type { LaneFacts } from '../../src/tunnel/pool.ts'

const lane = (state: LaneFacts['state'], more: Partial<LaneFacts> = {}): LaneFacts => ({
  state,
  sinceMs: 0,
  attempt: 0,
  openStreams: 0,
  bytesIn: 0,
  bytesOut: 0,
  ...more,
})

const ready: ForwardFacts = {
  lifecycle: 'running',
  openConnections: 0,
  endpoints: [{ address: '127.0.0.1', port: 8080, state: { kind: 'bound', port: 8080 } }],
  clusterFailure: undefined,
  gate: undefined,
  target: { kind: 'picked', pod: 'api-1' },
  lane: lane('open'),
  switching: false,
  refusedInARow: 0,
  wasOpen: true,
}
const lost = failure('KPF_TUNNEL_LOST', 'the tunnel was cut')
const busy = { kind: 'busy', holder: { pid: 7, command: 'redis-server' } } as const

test.each<[string, Partial<ForwardFacts>]>([
  ['ready ready', {}],
  ['ready switching', { switching: true }],
  ['stopping draining', { lifecycle: 'draining', openConnections: 3 }],
  ['stopped stopped', { lifecycle: 'stopped' }],
  ['failed gave-up', { lifecycle: 'gave-up' }],
  ['waiting port-busy', { endpoints: [{ address: '127.0.0.1', port: 8080, state: busy }] }],
  ['starting dialing', { endpoints: [{ address: '127.0.0.1', port: 8080, state: { kind: 'binding' } }] }],
  ['failed bind', { endpoints: [{ address: '127.0.0.1', port: 80, state: { kind: 'refused', errno: 'EACCES' } }] }],
  ['degraded suspect', { lane: lane('suspect', { failure: failure('KPF_TUNNEL_SILENT', 'a ping is overdue') }) }],
  ['degraded refused', { refusedInARow: 3 }],
  ['ready ready', { refusedInARow: 2 }],
  ['degraded unhealthy', { target: { kind: 'picked', pod: 'api-1', unready: 'pod "api-1" is not ready' } }],
  ['ready ready', { gate: { failure: lost, nextTryMs: 5 } }],
  ['failed config', { clusterFailure: failure('KPF_CONTEXT_UNKNOWN', 'no such context'), lane: undefined, target: { kind: 'unknown' } }],
  ['failed config', { lane: undefined, target: failure('KPF_PORT_UNKNOWN', 'no such port') }],
  ['failed auth', { lane: lane('refused', { failure: failure('KPF_AUTH_REFUSED', 'refused'), nextRetryAtMs: 60 }) }],
  ['failed forbidden', { lane: lane('refused', { failure: failure('KPF_FORBIDDEN', 'forbidden') }) }],
  ['waiting cluster-down', { gate: { failure: lost, nextTryMs: 5 }, lane: lane('dialing') }],
  ['waiting no-pod', { lane: undefined, target: { kind: 'none', reason: 'no pod', coming: true } }],
  ['waiting no-pod', { lane: undefined, target: failure('KPF_OBJECT_MISSING', 'missing') }],
  ['starting resolving', { lane: undefined, wasOpen: false, target: { kind: 'unknown' } }],
  ['starting dialing', { lane: lane('dialing'), wasOpen: false }],
  ['waiting backoff', { lane: lane('dialing', { failure: lost }), wasOpen: false }],
  ['waiting backoff', { lane: lane('backoff', { failure: lost, nextRetryAtMs: 9 }) }],
])('%s', (shown, facts) => {
  const status = describe({ ...ready, ...facts })
  expect(`${status.state} ${status.phase}`).toBe(shown)
})

test('a busy port names its holder and what to do', () => {
  const { message, hint } = describe({ ...ready, endpoints: [{ address: '::1', port: 8080, state: busy }] })
  expect(`${message}; ${hint}`).toBe('[::1]:8080 is used by redis-server (pid 7); taken over when it is free; stop that program, or choose another localPort')
})

test('any facts have a row, and every state but the good ones has a reason or a word', () => {
  const failures = fc.constantFrom(
    undefined,
    lost,
    failure('KPF_FORBIDDEN', 'forbidden'),
    failure('KPF_AUTH_PLUGIN', 'plugin'),
    failure('KPF_TLS_VERIFY', 'tls'),
  )
  const states = fc.constantFrom(...(['idle', 'dialing', 'open', 'suspect', 'lost', 'backoff', 'gone', 'refused'] as const))
  fc.assert(
    fc.property(states, failures, failures, fc.boolean(), fc.boolean(), (state, laneFailure, clusterFailure, wasOpen, isKnown) => {
      const status = describe({
        ...ready,
        wasOpen,
        clusterFailure,
        lane: lane(state, laneFailure ? { failure: laneFailure } : {}),
        target: isKnown ? ready.target : { kind: 'unknown' },
      })
      expect(status.state).toMatch(/^(starting|ready|degraded|waiting|failed)$/)
      if (status.state === 'failed' || status.state === 'degraded') expect(status.message).toBeDefined()
    }),
  )
})
