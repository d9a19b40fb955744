import { expect, test } from 'vitest'
import { pick, type PickQuery } from '../../src/cluster/pick.ts'
import type { Picture, PodFacts, ServiceFacts } from '../../src/cluster/picture.ts'
import { failure } from '../../src/tunnel/failure.ts'

const http = { remotePort: 8080, meaning: 'target' as const }
const query: PickQuery = { target: { kind: 'deployment', name: 'api' }, ports: [http], requireReady: true }

function pod(name: string, more: Partial<PodFacts> = {}): PodFacts {
  const base = { namespace: 'shop', name, uid: `uid-${name}`, createdMs: 1_000, phase: 'Running', ready: true, terminating: false, restarts: 0, ports: [] }
  return { ...base, ...more }
}

function line(picked: ReturnType<typeof pick>): string {
  switch (picked.kind) {
    case 'backend':
      return `${picked.pod.name}${picked.leaving ? ' (leaving)' : ''} ${[...picked.ports].map(([from, to]) => `${from}->${to}`).join(' ')}`
    case 'no-pod':
      return `none, ${picked.coming ? 'coming' : 'not coming'}: ${picked.reason}`
    case 'failure':
      return `${picked.code}: ${picked.message} (${picked.hint ?? ''})`
  }
}

const choose = (pods: readonly PodFacts[], more: Partial<PickQuery> = {}, replicas?: number): string =>
  line(pick({ ...query, ...more }, { kind: 'seen', pods, ...(replicas !== undefined && { replicas }) }))

test('a ready pod wins over one that only runs, an older one over a newer', () => {
  expect(choose([pod('new', { createdMs: 3_000 }), pod('old', { createdMs: 2_000 })])).toBe('old 8080->8080')
  expect(choose([pod('running', { ready: false, createdMs: 1 }), pod('ready', { createdMs: 9_000 })], { requireReady: false })).toBe('ready 8080->8080')
})

test('the pod in use is kept while it is usable, however old the others are', () => {
  expect(choose([pod('old'), pod('used', { createdMs: 9_000 })], { currentUid: 'uid-used' })).toBe('used 8080->8080')
  expect(choose([pod('old'), pod('used', { ready: false })], { currentUid: 'uid-used' })).toBe('old 8080->8080')
})

test('a pod of the same name with another UID is another pod', () => {
  expect(choose([pod('db-0', { uid: 'second' })], { currentUid: 'first' })).toBe('db-0 8080->8080')
})

test('a terminating pod gives way to any usable one, and serves on when there is none', () => {
  expect(choose([pod('leaves', { terminating: true }), pod('stays')], { currentUid: 'uid-leaves' })).toBe('stays 8080->8080')
  expect(choose([pod('leaves', { terminating: true })], { currentUid: 'uid-leaves' })).toBe('leaves (leaving) 8080->8080')
  expect(choose([pod('leaves', { terminating: true })], {}, 1)).toBe('none, coming: no ready pod: leaves terminating')
})

test.each<[string, readonly PodFacts[], number | undefined, string]>([
  [
    'a pod that crashes',
    [pod('api-1', { ready: false, trouble: 'CrashLoopBackOff, exit 1, 4 restarts' })],
    1,
    'none, coming: no ready pod: api-1 CrashLoopBackOff, exit 1, 4 restarts',
  ],
  ['a pod that starts', [pod('api-1', { phase: 'Pending', ready: false })], 1, 'none, coming: no ready pod: api-1 Pending'],
  ['no pod yet', [], 2, 'none, coming: no pod is there'],
  ['nothing wanted', [], 0, 'none, not coming: no pod: none is asked for'],
  ['nothing wanted, the last pod is ending', [pod('api-1', { terminating: true })], 0, 'none, not coming: no pod: none is asked for'],
  ['a job that is done', [pod('job-1', { phase: 'Succeeded', ready: false })], undefined, 'none, not coming: no pod is there: 1 finished'],
])('nothing to dial: %s', (_what, pods, replicas, expected) => {
  expect(choose(pods, {}, replicas)).toBe(expected)
})

const place = { context: 'my dev', namespace: 'shop' }
const where = "-n shop --context 'my dev'"

test.each<[string, PickQuery['target'], Extract<Picture, { kind: 'seen' }>, string, string]>([
  [
    'a deployment that is scaled to 0',
    { kind: 'deployment', name: 'api' },
    { kind: 'seen', pods: [], replicas: 0, scaledDown: { kind: 'deployment', name: 'api' } },
    'no pod: scaled to 0 replicas',
    `scale it up: kubectl scale deployment/api --replicas=1 ${where}`,
  ],
  [
    'a name with a star',
    { kind: 'prefix', of: 'statefulset', prefix: 'db-' },
    { kind: 'seen', pods: [], replicas: 0, scaledDown: { kind: 'statefulset', name: 'db-main' } },
    'no pod: scaled to 0 replicas',
    `scale it up: kubectl scale statefulset/db-main --replicas=1 ${where}`,
  ],
  [
    'a service of a deployment that is scaled to 0',
    { kind: 'service', name: 'web' },
    { kind: 'seen', pods: [], scaledDown: { kind: 'deployment', name: 'api' } },
    'no pod: deployment "api" is scaled to 0 replicas',
    `scale it up: kubectl scale deployment/api --replicas=1 ${where}`,
  ],
  [
    'a replicaset that its deployment has left behind',
    { kind: 'replicaset', name: 'api-77' },
    { kind: 'seen', pods: [], replicas: 0, scaledDown: { kind: 'replicaset', name: 'api-77', owner: 'deployment/api' } },
    'no pod: scaled to 0 replicas',
    'forward to deployment/api, which this replicaset is of',
  ],
  [
    'a job that is over',
    { kind: 'job', name: 'migrate' },
    { kind: 'seen', pods: [pod('migrate-1', { phase: 'Succeeded', ready: false })], replicas: 0 },
    'no pod: the job has ended, or is suspended: 1 finished',
    `see: kubectl describe job migrate ${where}`,
  ],
  [
    'a service that selects nothing',
    { kind: 'service', name: 'web' },
    { kind: 'seen', pods: [] },
    'no pod matches the selector',
    `see: kubectl describe service web ${where}; kubectl get pods --show-labels ${where}`,
  ],
  [
    'labels that no pod has',
    { kind: 'selector', labelSelector: 'app=web' },
    { kind: 'seen', pods: [] },
    'no pod matches the selector',
    `see: kubectl get pods --show-labels ${where}`,
  ],
  [
    'a deployment whose pods cannot be made',
    { kind: 'deployment', name: 'api' },
    { kind: 'seen', pods: [], replicas: 2 },
    'no pod is there',
    `see: kubectl describe deployment api ${where}`,
  ],
  [
    'a pod that crashes',
    { kind: 'deployment', name: 'api' },
    { kind: 'seen', pods: [pod('api-1', { ready: false, trouble: 'CrashLoopBackOff' })], replicas: 1 },
    'no ready pod: api-1 CrashLoopBackOff',
    `see: kubectl logs -p api-1 ${where}`,
  ],
])('%s is told with a command that can be pasted', (_what, target, picture, reason, hint) => {
  expect(pick({ ...query, target, place }, picture)).toMatchObject({ kind: 'no-pod', reason, hint })
})

test('a failure in the picture is the answer; an unknown picture is waited for', () => {
  const missing = failure('KPF_OBJECT_MISSING', 'deployment "api" does not exist')
  expect(pick(query, missing)).toBe(missing)
  expect(line(pick(query, { kind: 'unknown' }))).toBe('none, coming: looking for a pod')
})

const service: ServiceFacts = {
  headless: false,
  ports: [
    { name: 'web', port: 80, targetPort: 8080, protocol: 'TCP' },
    { name: 'admin', port: 81, targetPort: 'manage', protocol: 'TCP' },
    { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, targetPort: 5354, protocol: 'TCP' },
    { name: 'log', port: 514, targetPort: 514, protocol: 'UDP' },
  ],
}

test.each<[number | string, 'target' | 'container', boolean, string]>([
  // remote port, meaning, headless, picked
  [80, 'target', false, 'api-1 80->8080'],
  ['web', 'target', false, 'api-1 web->8080'],
  [81, 'target', false, 'api-1 81->9000'],
  [80, 'target', true, 'api-1 80->80'],
  [8080, 'container', false, 'api-1 8080->8080'],
  ['manage', 'container', false, 'api-1 manage->9000'],
  [53, 'target', false, 'api-1 53->5354'],
])('port %s of a service, as %s, headless %s', (remotePort, meaning, headless, expected) => {
  const pods = [pod('api-1', { ports: [{ name: 'manage', container: 'app', port: 9000, protocol: 'TCP' }] })]
  const target = { kind: 'service', name: 'api' } as const
  expect(line(pick({ ...query, target, ports: [{ remotePort, meaning }] }, { kind: 'seen', pods, service: { ...service, headless } }))).toBe(expected)
})

test('a port that the service has not, or has for UDP only, is told with those it has', () => {
  const at = (remotePort: number | string): string =>
    line(
      pick({ ...query, target: { kind: 'service', name: 'api' }, ports: [{ remotePort, meaning: 'target' }] }, { kind: 'seen', pods: [pod('api-1')], service }),
    )
  expect(at(8080)).toMatchInlineSnapshot(
    `"KPF_PORT_UNKNOWN: the service has no port 8080 (its ports: 80 (web), 81 (admin), 53 (dns), 53 (dns-tcp), 514 (log))"`,
  )
  expect(at(514)).toMatchInlineSnapshot(`"KPF_PORT_UNKNOWN: port 514 of the service is UDP, which cannot be forwarded (forward a TCP port)"`)
})

test('a number that a pod declares for UDP only cannot be forwarded; one it does not declare can', () => {
  const pods = [pod('dns-1', { ports: [{ name: 'dns', container: 'dns', port: 53, protocol: 'UDP' }] })]
  expect(choose(pods, { ports: [{ remotePort: 53, meaning: 'target' }] })).toMatchInlineSnapshot(
    `"KPF_PORT_UNKNOWN: port 53 of pod "dns-1" is UDP, which cannot be forwarded (forward a TCP port)"`,
  )
  expect(choose(pods, { ports: [{ remotePort: 54, meaning: 'target' }] })).toBe('dns-1 54->54')
})

test('a named port is looked up in each pod anew, in the container if one is named', () => {
  const ports = [
    { name: 'http', container: 'proxy', port: 1, protocol: 'TCP' },
    { name: 'http', container: 'app', port: 2, protocol: 'TCP' },
  ]
  const named: Partial<PickQuery> = { ports: [{ remotePort: 'http', meaning: 'target' }] }
  expect(choose([pod('api-1', { ports })], named)).toBe('api-1 http->1')
  expect(choose([pod('api-1', { ports })], { ...named, target: { kind: 'pod', name: 'api-1', container: 'app' } })).toBe('api-1 http->2')
  expect(choose([pod('api-1', { ports })], { ports: [{ remotePort: 'grpc', meaning: 'target' }] })).toMatchInlineSnapshot(
    `"KPF_PORT_UNKNOWN: pod "api-1" has no port named "grpc" (named ports there: http (1), http (2))"`,
  )
})
