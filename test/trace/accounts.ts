/** Accounts as `kpf trace` makes them, with times that do not change. */
import type { Account, Facts, Step, StepFailure } from '../../src/trace/account.ts'

type Row = readonly [section: Step['section'], id: Step['id'], from: Step['from'], to: Step['to'], what: string, answer?: string]

/** A step of the way that was done, in 12.3 ms. */
export function step([section, id, from, to, what, answer]: Row, more: Partial<Step> = {}): Step {
  return { id, section, from, to, what, ...(answer !== undefined && { answer }), result: 'done', seen: true, atMs: 0, tookMs: 12.34, facts: {}, ...more }
}

function omitTime(timed: Step): Step {
  const { tookMs, ...rest } = timed
  return tookMs === undefined ? timed : rest
}

const failedWith = (failure: StepFailure, more: Partial<Step> = {}): Partial<Step> => ({ result: 'failed', failure, ...more })

const upgradeFacts: Facts = {
  transport: 'websocket',
  method: 'GET',
  path: '/api/v1/namespaces/shop/pods/api-7c9d2/portforward',
  request: ['authorization: Bearer', 'upgrade: websocket'],
  status: 101,
}

const access: readonly Step[] = [
  step(['initialization', 'file', 'kpf', 'files', 'read forwards.yaml', 'forward "api" in line 7'], { facts: { file: 'forwards.yaml', line: 7 } }),
  step(['initialization', 'kubeconfig', 'kpf', 'files', 'read ~/.kube/config', 'context dev, server 10.0.0.1:6443, namespace shop'], { tookMs: 3.2 }),
  step(['access', 'credential', 'kpf', 'plugin', 'credential of dev', 'aws was run, until 2026-01-01T01:00:00Z'], { tookMs: 1_234 }),
  step(['access', 'tcp', 'kpf', 'server', 'TCP connection', '10.0.0.1:6443'], { tookMs: 0.42 }),
  step(['access', 'tls', 'kpf', 'server', 'TLS handshake', 'TLSv1.3, CN=kube-apiserver']),
  step(['access', 'version', 'kpf', 'server', 'GET /version', 'v1.36.3']),
  step(['access', 'authentication', 'kpf', 'server', 'who am I? (SelfSubjectReview)', 'dev']),
]
const allowed = step(['access', 'authorization', 'kpf', 'server', 'may I? (SelfSubjectAccessReview)', 'yes: list and watch pods, create pods/portforward'])
const lookup: readonly Step[] = [
  step(['lookup', 'object', 'kpf', 'server', 'list what svc/api:http is, and the pods of namespace shop', 'found, 2 pods behind it']),
  step(['lookup', 'pods', 'kpf', 'kpf', 'choose a pod', 'api-7c9d2, port 8080, on node node-a'], { tookMs: 0.1, facts: { rejected: ['api-b41fe: Pending'] } }),
]
const tunnel: readonly Step[] = [
  step(['establishment', 'upgrade', 'kpf', 'server', 'GET portforward, upgrade to SPDY inside WebSocket', '101'], { facts: upgradeFacts }),
  step(['establishment', 'ping', 'kpf', 'runtime', 'SPDY ping through the tunnel', 'answered']),
  step(['node', 'stream', 'kpf', 'runtime', 'open a stream for port 8080', 'accepted']),
]
const dial = step(['node', 'node-dial', 'runtime', 'program', "connect to 127.0.0.1:8080 in the pod's network namespace"], { seen: false })

/** What the node did has no time of its own. */
const untimed: Step = omitTime(dial)

const begun = { v: 1, time: '2026-01-01T00:00:00.000Z', target: 'svc/api:http', context: 'dev', namespace: 'shop', server: '10.0.0.1:6443' } as const
const found = { pod: 'api-7c9d2', node: 'node-a', podPort: 8080, transport: 'websocket' } as const

const refusedPort: StepFailure = { code: 'KPF_STREAM_REFUSED', message: 'nothing listens on the port (connection refused)', hint: 'check the port in the pod' }
const forbidden: StepFailure = {
  code: 'KPF_FORBIDDEN',
  message: 'not allowed in namespace "shop": create pods/portforward',
  hint: 'ask for this role: kpf rbac',
}
const dead: StepFailure = {
  code: 'KPF_CLUSTER_UNREACHABLE',
  message: 'cluster unreachable (ECONNREFUSED 10.0.0.1:6443)',
  hint: 'check that the cluster runs, and the network or VPN',
}

export const accounts = {
  through: {
    ...begun,
    ...found,
    forward: 'api',
    steps: [
      ...access,
      allowed,
      ...lookup,
      ...tunnel,
      { ...untimed, answer: 'connected' },
      step(['session', 'first-byte', 'kpf', 'program', 'GET /', '"HTTP/1.1 200 OK"'], { facts: { bytes: 155 } }),
      step(['session', 'close', 'kpf', 'server', 'close the tunnel'], { tookMs: 0 }),
    ],
    outcome: { kind: 'through' },
    tookMs: 1_402,
  },
  refused: {
    ...begun,
    ...found,
    steps: [...access, allowed, ...lookup, ...tunnel, { ...dial, ...failedWith(refusedPort) }],
    outcome: { kind: 'broken', section: 'node', step: 'node-dial', failure: refusedPort },
    tookMs: 1_290,
  },
  forbidden: {
    ...begun,
    steps: [
      ...access,
      step(['access', 'authorization', 'kpf', 'server', 'may I? (SelfSubjectAccessReview)', 'no: create pods/portforward'], failedWith(forbidden)),
    ],
    outcome: { kind: 'broken', section: 'access', step: 'authorization', failure: forbidden },
    tookMs: 1_270,
  },
  dead: {
    ...begun,
    steps: [
      step(['initialization', 'kubeconfig', 'kpf', 'files', 'read ~/.kube/config', 'context dev, server 10.0.0.1:6443, namespace shop']),
      step(['access', 'credential', 'kpf', 'files', 'credential of dev', 'token'], { tookMs: 0.1 }),
      step(['access', 'tcp', 'kpf', 'server', 'TCP connection'], failedWith(dead, { tookMs: 3.3 })),
    ],
    outcome: { kind: 'broken', section: 'access', step: 'tcp', failure: dead },
    tookMs: 5.5,
  },
  stopped: {
    ...begun,
    steps: [
      step(['initialization', 'kubeconfig', 'kpf', 'files', 'read ~/.kube/config', 'context dev, server 10.0.0.1:6443, namespace shop']),
      step(['access', 'tcp', 'kpf', 'server', 'TCP connection'], { result: 'stopped', tookMs: 8_000 }),
    ],
    outcome: { kind: 'stopped', section: 'access', step: 'tcp' },
    tookMs: 8_012,
  },
} as const satisfies Readonly<Record<string, Account>>
