/** What is held against the file, and what many forwards have in common. */
import { expect, test } from 'vitest'
import type { ClusterFacts, ForwardFacts } from '../../src/doctor/facts.ts'
import { type Fault, liveFaults } from '../../src/doctor/live-rules.ts'
import { failure } from '../../src/tunnel/failure.ts'
import { forward } from '../supervisor/forwards.ts'

const server: ClusterFacts = {
  contextName: 'dev',
  server: '10.0.0.1:6443',
  version: { kind: 'version', text: 'v1.35.0', minor: 35 },
  self: { kind: 'self', user: 'ada', groups: [] },
}

function facts(name: string, more: Partial<ForwardFacts> = {}): ForwardFacts {
  return { forward: forward(name, 8080), namespace: 'shop', contextName: 'dev', server, isReached: true, minor: 35, permissions: [], ...more }
}

function told(forwards: readonly ForwardFacts[]): readonly string[] {
  return liveFaults({ timeMs: 0, ports: [], forwards }).map(text)
}

const text = ({ forward: name, aspect, code, message, trouble }: Fault): string =>
  `${name} ${typeof aspect === 'object' ? `${aspect.end} port ${aspect.port}` : aspect} ${code} (${trouble}): ${message}`

test('a namespace that is not there is one fault, and hides what is missing in it', () => {
  const gone = {
    hasNamespace: false,
    picked: failure('KPF_OBJECT_MISSING', 'no service'),
    wrongPorts: [{ index: 0, failure: failure('KPF_PORT_UNKNOWN', 'no port') }],
  }
  expect(told([facts('a', gone), facts('b', gone)])).toEqual(['a namespace KPF_OBJECT_MISSING (resolve): namespace "shop" does not exist (needed by a, b)'])
})

test('credentials that are refused are one fault of their cluster, and its forwards are not asked about', () => {
  const refused = { ...server, self: failure('KPF_AUTH_REFUSED', 'the server does not know the user (401)') }
  const away = failure('KPF_AUTH_REFUSED', 'the server does not know the user (401)')
  const one = { server: refused, picked: away }
  expect(told([facts('a', one), facts('b', one)])).toEqual([
    'a context KPF_AUTH_REFUSED (auth): cluster of context "dev" (10.0.0.1:6443): the server does not know the user (401)',
  ])
})

test('a port is wrong also while there is no pod, and each wrong one is told', () => {
  const picked = { kind: 'no-pod', reason: 'no pod matches the selector', coming: false, rejected: [] } as const
  const wrong = [0, 2].map((index) => ({ index, failure: failure('KPF_PORT_UNKNOWN', `the service has no port ${index}`) }))
  expect(told([facts('a', { picked, wrongPorts: wrong })])).toEqual([
    'a target KPF_NO_POD (resolve): forward "a": no pod matches the selector',
    'a remote port 0 KPF_PORT_UNKNOWN (config): forward "a": the service has no port 0',
    'a remote port 2 KPF_PORT_UNKNOWN (config): forward "a": the service has no port 2',
  ])
})

test('contexts that give no cluster are told once each', () => {
  const unknown = failure('KPF_CONTEXT_UNKNOWN', 'context "x" is not there')
  const other = failure('KPF_CLUSTER_UNEXPECTED', 'leads elsewhere')
  const of = (why: typeof unknown): Partial<ForwardFacts> => ({ failure: why, isReached: false })
  const { server: _server, ...without } = facts('a')
  const forwards = [unknown, unknown, other].map((why, index) => ({ ...without, ...of(why), forward: forward(`f${index}`, 8080) }))
  expect(told(forwards)).toEqual([
    'f0 context KPF_CONTEXT_UNKNOWN (config): context "x" is not there',
    'f2 expect KPF_CLUSTER_UNEXPECTED (config): leads elsewhere',
  ])
})

test('of many forwards three names are told', () => {
  const gone = { hasNamespace: false }
  expect(told(['a', 'b', 'c', 'd', 'e'].map((name) => facts(name, gone)))).toEqual([expect.stringMatching(/needed by a, b, c and 2 more\)$/)])
})
