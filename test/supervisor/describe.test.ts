import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describe, type EndpointFacts, endpointText, type ForwardFacts, type TargetFacts } from '../../src/supervisor/describe.ts'
import type { Phase, State } from '../../src/supervisor/events.ts'
import { type Failure, type FailureCode, failure, failureClasses } from '../../src/tunnel/failure.ts'
import type { LaneFacts } from '../../src/tunnel/pool.ts'

const bound: EndpointFacts = { address: '127.0.0.1', port: 8080, state: { kind: 'bound', port: 8080 } }
const picked: TargetFacts = { kind: 'picked', pod: 'api-1', image: 'shop/api:1' }
const away = failure('KPF_CLUSTER_UNREACHABLE', 'connection refused by 10.0.0.1:6443')
const lost = failure('KPF_TUNNEL_LOST', 'the tunnel was lost')

function lane(state: LaneFacts['state'], more: Partial<LaneFacts> = {}): LaneFacts {
  return { state, sinceMs: 0, attempt: 0, openStreams: 0, bytesIn: 0, bytesOut: 0, ...more }
}

const good: ForwardFacts = {
  lifecycle: 'running',
  openConnections: 2,
  endpoints: [bound],
  clusterFailure: undefined,
  gate: undefined,
  target: picked,
  lane: lane('open'),
  switching: false,
  refusedInARow: 0,
  wasOpen: true,
}
const at = (kind: 'busy' | 'binding', address = '127.0.0.1'): EndpointFacts =>
  kind === 'busy' ? { address, port: 8080, state: { kind, holder: { pid: 7, command: 'redis' } } } : { address, port: 8080, state: { kind } }
const refused = (errno: string): EndpointFacts => ({ address: '127.0.0.1', port: 80, state: { kind: 'refused', errno } })
const noLane = { ...good, lane: undefined, wasOpen: false }

/** The rows of semantics 2.2 that this version has, in their order; each beats those below it. */
const rows: readonly (readonly [string, Partial<ForwardFacts>, string])[] = [
  ['down, connections left', { lifecycle: 'draining' }, 'stopping draining: 2 open'],
  ['stopped', { lifecycle: 'stopped' }, 'stopped stopped'],
  ['restarts used up', { lifecycle: 'gave-up', lane: lane('backoff', { failure: lost }) }, 'failed gave-up KPF_RESTARTS_USED_UP: gave up: the tunnel was lost'],
  ['listener busy', { endpoints: [at('busy')] }, 'waiting port-busy KPF_PORT_BUSY: 127.0.0.1:8080 is used by redis (pid 7); taken over when it is free'],
  ['listener not permitted', { endpoints: [refused('EACCES')] }, 'failed bind KPF_BIND_REFUSED: cannot listen on 127.0.0.1:80: not permitted (EACCES)'],
  [
    'no such address',
    { endpoints: [refused('EADDRNOTAVAIL')] },
    'failed bind KPF_BIND_REFUSED: cannot listen on 127.0.0.1:80: this machine does not have that address',
  ],
  ['still binding', { endpoints: [bound, at('binding', '::1')] }, 'starting dialing'],
  ['ping overdue', { lane: lane('suspect') }, 'degraded suspect KPF_TUNNEL_SILENT: the tunnel has not answered a ping in time'],
  ['3 refused in a row', { refusedInARow: 3 }, 'degraded refused KPF_STREAM_REFUSED: nothing listens on the port in api-1 (last 3 connections refused)'],
  ['2 refused in a row', { refusedInARow: 2 }, 'ready ready'],
  ['pod unready', { target: { ...picked, unready: 'pod "api-1" is not ready' } }, 'degraded unhealthy KPF_POD_NOT_RUNNING: pod "api-1" is not ready'],
  ['open and answered', {}, 'ready ready'],
  ['the next pod is dialled', { switching: true }, 'ready switching'],
  ['open, though the role is gone', { clusterFailure: failure('KPF_FORBIDDEN', 'no'), gate: { failure: away, nextTryMs: 5 } }, 'ready ready'],
  [
    'context wrong',
    { ...noLane, target: { kind: 'unknown' }, clusterFailure: failure('KPF_CONTEXT_UNKNOWN', 'no context "x"') },
    'failed config KPF_CONTEXT_UNKNOWN: no context "x"',
  ],
  ['port name wrong', { ...noLane, target: failure('KPF_PORT_UNKNOWN', 'no port "http"') }, 'failed config KPF_PORT_UNKNOWN: no port "http"'],
  [
    'credentials refused',
    { lane: lane('refused', { failure: failure('KPF_AUTH_REFUSED', '401'), nextRetryAtMs: 9 }) },
    'failed auth KPF_AUTH_REFUSED: 401 at 9',
  ],
  ['forbidden', { lane: lane('refused', { failure: failure('KPF_FORBIDDEN', '403'), nextRetryAtMs: 9 }) }, 'failed forbidden KPF_FORBIDDEN: 403 at 9'],
  ['no transport', { lane: lane('refused', { failure: failure('KPF_TRANSPORT_REFUSED', '426') }) }, 'failed config KPF_TRANSPORT_REFUSED: 426'],
  [
    'gate open',
    { lane: lane('backoff', { failure: lost }), gate: { failure: away, nextTryMs: 5 } },
    `waiting cluster-down KPF_CLUSTER_UNREACHABLE: ${away.message} at 5`,
  ],
  ['never reached', { ...noLane, target: away }, `waiting cluster-down KPF_CLUSTER_UNREACHABLE: ${away.message}`],
  ['object missing', { ...noLane, target: failure('KPF_OBJECT_MISSING', 'no service "api"') }, 'waiting no-pod KPF_OBJECT_MISSING: no service "api"'],
  ['no usable pod', { ...noLane, target: { kind: 'none', reason: 'no pod', coming: true } }, 'waiting no-pod KPF_NO_POD: no pod'],
  ['looking', { ...noLane, target: { kind: 'unknown' } }, 'starting resolving'],
  ['dialling', { ...noLane, lane: lane('dialing') }, 'starting dialing'],
  ['looking again', { lane: undefined, target: { kind: 'unknown' } }, 'waiting resolving'],
  ['dialling the next pod', { lane: lane('dialing') }, 'waiting dialing'],
  ['tunnel lost', { lane: lane('backoff', { failure: lost, nextRetryAtMs: 9 }) }, 'waiting backoff KPF_TUNNEL_LOST: the tunnel was lost at 9'],
  ['dialling once more', { ...noLane, lane: lane('dialing', { failure: lost, attempt: 2 }) }, 'waiting backoff KPF_TUNNEL_LOST: the tunnel was lost'],
  [
    'first dial failed',
    { ...noLane, lane: lane('backoff', { failure: away, attempt: 1, nextRetryAtMs: 9 }) },
    `waiting backoff KPF_CLUSTER_UNREACHABLE: ${away.message} at 9`,
  ],
]

test.each<[string, string | undefined, string]>([
  ['a forward of a file', 'api', 'ask for a rule; all that is needed is printed by: kpf rbac api'],
  ['a forward that cannot be named', undefined, 'ask for a rule; all that is needed is printed by: kpf rbac'],
])('who is refused is told how to get all that is needed: %s', (_what, role, hint) => {
  const forbidden = failure('KPF_FORBIDDEN', 'not allowed to list pods', { hint: 'ask for a rule' })
  expect(describe({ ...good, ...noLane, target: forbidden, role })).toMatchObject({ state: 'failed', phase: 'forbidden', hint })
  const gone = failure('KPF_AUTH_REFUSED', '401', { hint: 'log in again' })
  expect(describe({ ...good, ...noLane, target: gone, role })).toMatchObject({ hint: 'log in again' })
})

test.each(rows)('%s', (_what, facts, expected) => {
  const { state, phase, reason, message, nextRetryAtMs } = describe({ ...good, ...facts })
  const words = [state, phase, reason].filter((word) => word !== undefined).join(' ')
  expect(`${words}${message === undefined ? '' : `: ${message}`}${nextRetryAtMs === undefined ? '' : ` at ${nextRetryAtMs}`}`).toBe(expected)
})

test('every row that needs a remedy has one', () => {
  const hints = rows.flatMap(([what, facts]) => {
    const { hint } = describe({ ...good, ...facts })
    return hint === undefined ? [] : [`${what}: ${hint}`]
  })
  expect(hints.join('\n')).toMatchInlineSnapshot(`
    "restarts used up: press r, or change the file or the kubeconfig, to begin again
    listener busy: stop that program, or choose another localPort
    listener not permitted: choose a local port of 1024 or above
    no such address: choose an address of this machine
    3 refused in a row: check the remote port, and that the program in the pod is up
    forbidden: all that is needed is printed by: kpf rbac"
  `)
})

test('only what is bound is listed, with the pod in use', () => {
  const v6: EndpointFacts = { address: '::1', port: 0, state: { kind: 'bound', port: 8080 } }
  expect(describe({ ...good, endpoints: [bound, v6] })).toEqual({
    state: 'ready',
    phase: 'ready',
    attempt: 0,
    pod: 'api-1',
    image: 'shop/api:1',
    listeners: ['127.0.0.1:8080', '[::1]:8080'],
  })
  expect(endpointText('::', 1)).toBe('[::]:1')
})

const phasesOf: Readonly<Record<State, readonly Phase[]>> = {
  starting: ['resolving', 'dialing'],
  ready: ['ready', 'switching'],
  degraded: ['suspect', 'refused', 'unhealthy'],
  waiting: ['pending', 'port-busy', 'cluster-down', 'no-pod', 'backoff', 'resolving', 'dialing'],
  failed: ['gave-up', 'bind', 'config', 'auth', 'forbidden'],
  stopping: ['draining'],
  stopped: ['stopped'],
}
// The table's keys are exactly the codes.
const codes = Object.keys(failureClasses) as FailureCode[]
const anyFailure: fc.Arbitrary<Failure> = fc.constantFrom(...codes).map((code) => failure(code, `because of ${code}`))
const maybe = <T>(what: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(what, { nil: undefined })
const anyFacts: fc.Arbitrary<ForwardFacts> = fc.record({
  lifecycle: fc.constantFrom('running', 'draining', 'stopped', 'gave-up'),
  openConnections: fc.nat(3),
  endpoints: fc.array(
    fc.constantFrom(bound, at('busy'), at('binding'), refused('EACCES'), refused('EIO'), { ...bound, state: { kind: 'released' as const } }),
    { maxLength: 2 },
  ),
  clusterFailure: maybe(anyFailure),
  gate: maybe(anyFailure.map((why) => ({ failure: why, nextTryMs: 5 }))),
  target: fc.oneof(
    anyFailure,
    fc.constantFrom<TargetFacts>(
      { kind: 'unknown' },
      picked,
      { ...picked, unready: 'not ready' },
      { kind: 'none', reason: 'none', coming: false, hint: 'scale it up' },
    ),
  ),
  lane: maybe(
    fc
      .tuple(fc.constantFrom('idle', 'dialing', 'open', 'suspect', 'lost', 'backoff', 'refused', 'gone'), maybe(anyFailure))
      .map(([state, why]) => lane(state, why && { failure: why })),
  ),
  switching: fc.boolean(),
  refusedInARow: fc.nat(4),
  wasOpen: fc.boolean(),
})

test('any facts give one row, a state with a phase of its own, and a word for what is wrong', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { state, phase, reason, message } = describe(facts)
      expect(phasesOf[state]).toContain(phase)
      if (state === 'degraded' || state === 'failed') expect([reason, message]).not.toContain(undefined)
      if (state === 'ready') expect(facts.lane?.state).toBe('open')
    }),
    { numRuns: 2_000 },
  )
})

test('what a forward depends on stands before what its target says, and after a port that is taken: that is somebody else to ask', () => {
  expect(describe({ ...good, endpoints: [at('busy')], pending: ['db'] })).toMatchObject({ state: 'waiting', phase: 'port-busy' })
  expect(describe({ ...good, pending: ['db', 'cache'] })).toMatchObject({
    state: 'waiting',
    phase: 'pending',
    reason: 'KPF_PENDING',
    message: 'waits for "db", "cache" to be ready',
  })
  expect(describe({ ...good, lifecycle: 'draining', pending: ['db'] }).state).toBe('stopping')
})

test('a taken port fails the forward where the file says so', () => {
  expect(describe({ ...good, endpoints: [{ ...at('busy'), fails: true }] })).toMatchObject({
    state: 'failed',
    phase: 'port-busy',
    reason: 'KPF_PORT_BUSY',
    message: '127.0.0.1:8080 is used by redis (pid 7), and onConflict is fail',
  })
})
