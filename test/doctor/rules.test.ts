import { expect, test } from 'vitest'
import { clusterFindings, fileFindings, kubeconfigFindings } from '../../src/doctor/cluster-rules.ts'
import type { ClusterFacts, Facts, ForwardFacts, MachineFacts, PortFacts } from '../../src/doctor/facts.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { forwardFindings } from '../../src/doctor/forward-rules.ts'
import { machineFindings } from '../../src/doctor/machine-rules.ts'
import { permissionsFor } from '../../src/trace/permissions.ts'
import { failure } from '../../src/tunnel/failure.ts'
import { forward } from '../supervisor/forwards.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY = 86_400_000

const machine: MachineFacts = {
  ports: [],
  descriptors: 1_048_576,
  hasIpv6Loopback: true,
  inotify: { max_user_watches: 65_536, max_user_instances: 128 },
  programs: ['/usr/bin/kpf'],
  self: '/usr/bin/kpf',
  aliases: [],
}
const cluster: ClusterFacts = {
  contextName: 'dev',
  server: 'k8s:6443',
  version: { kind: 'version', text: 'v1.36.0', minor: 36 },
  self: { kind: 'self', user: 'ada', groups: [] },
}

/** What is wrong or worth a note: severity, id, about, evidence, code, fix. */
function told(findings: readonly Finding[]): string {
  return findings
    .filter(({ severity }) => severity !== 'ok')
    .map(({ severity, id, about, evidence, code, fix }) =>
      [`${severity} ${id}`, about, evidence, code, fix && `fix: ${fix}`].filter((part) => part !== undefined).join(' | '),
    )
    .join('\n')
}

const port = (more: Partial<PortFacts>): PortFacts => ({
  forward: 'api',
  index: 0,
  place: 'forwards.yaml:9',
  address: '127.0.0.1',
  port: 8080,
  ifPresent: false,
  ...more,
})

test.each<[string, Partial<MachineFacts>, string]>([
  ['all is well', {}, ''],
  [
    'a busy port, on both addresses of localhost',
    {
      ports: [
        port({ errno: 'EADDRINUSE', holder: { pid: 7, command: 'redis' } }),
        port({ address: '::1', errno: 'EADDRINUSE', holder: { pid: 7, command: 'redis' } }),
      ],
    },
    'error local-port | api | 127.0.0.1:8080 is used by redis (pid 7) | KPF_PORT_BUSY | fix: stop it: kill 7; or choose another localPort (forwards.yaml:9)',
  ],
  [
    'a busy port of nobody who can be seen',
    { ports: [port({ address: '::1', errno: 'EADDRINUSE' })] },
    "error local-port | api | [::1]:8080 is used by another program | KPF_PORT_BUSY | fix: find it: ss -ltnp 'sport = :8080'; or choose another localPort (forwards.yaml:9)",
  ],
  [
    'a port that only root may have',
    { ports: [port({ port: 80, errno: 'EACCES' })] },
    'error local-port | api | cannot listen on 127.0.0.1:80: not permitted (EACCES) | KPF_BIND_REFUSED | fix: choose another localPort (forwards.yaml:9)',
  ],
  ['::1 of localhost where there is none', { ports: [port({ address: '::1', ifPresent: true, errno: 'EADDRNOTAVAIL' })] }, ''],
  ['few open files', { descriptors: 256 }, 'warning open-files | open files: 256 at most, which is few | KPF_CONNECTIONS_HIGH | fix: ulimit -n 4096'],
  ['unlimited open files', { descriptors: 'unlimited' }, ''],
  [
    'a supervisor that hangs',
    { silentPid: 7 },
    'warning supervisor | the project runs (pid 7), and does not answer: what it shows and serves may stand still | fix: if it stays so: kill 7, then kpf up',
  ],
  ['no IPv6', { hasIpv6Loopback: false }, 'note ipv6 | there is no IPv6 loopback: localhost is 127.0.0.1 alone'],
  [
    'few watches',
    { inotify: { max_user_watches: 1_000 } },
    'warning inotify | fs.inotify.max_user_watches is 1000: edits of the file may be seen late | KPF_WATCH | fix: sudo sysctl fs.inotify.max_user_watches=65536',
  ],
  [
    'another kpf first',
    { programs: ['/opt/kpf', '/usr/bin/kpf'] },
    'warning path | another program named kpf comes first in PATH: /opt/kpf | fix: put the directory of /usr/bin/kpf first in PATH, or remove the other: rm /opt/kpf',
  ],
  [
    'an alias',
    { aliases: [{ file: '~/.zshrc', kind: 'alias' }] },
    'warning alias | ~/.zshrc makes kpf an alias of something else | fix: unalias kpf, and remove it there',
  ],
])('the machine: %s', (_what, more, expected) => {
  expect(told(machineFindings({ ...machine, ...more }, []))).toBe(expected)
})

test.each([
  [0, ''],
  [59_000, ''],
  [90_000, 'the clock is 90 s behind the API server of context dev'],
  [-3_600_000, 'the clock is 3600 s ahead of the API server of context dev'],
])('a server whose clock is %i ms ahead', (skewMs, expected) => {
  const text = told(machineFindings(machine, [cluster, { ...cluster, skewMs }]))
  expect(text === '' ? '' : text).toContain(expected)
  expect(text === '').toBe(expected === '')
})

test('a problem of the file comes with its place; approval is not a broken file', () => {
  const problem = { file: 'forwards.yaml', line: 3, column: 5, code: 'KPF_KEY_UNKNOWN', message: 'unknown key "localport"', fix: 'write localPort' }
  const file = { kind: 'rejected', shownAs: 'forwards.yaml', problems: [problem, { ...problem, kind: 'approval' as const }] } as const
  const findings = fileFindings({ file })
  expect(told(findings.slice(0, 1))).toBe('error file | forwards.yaml:3:5 | unknown key "localport" | KPF_KEY_UNKNOWN | fix: write localPort')
  expect(findings.map(({ trouble }) => trouble)).toEqual(['file', 'approval'])
})

function facts(more: Partial<Facts>): Facts {
  return { timeMs: NOW, machine, file: { kind: 'none' }, kubeconfigs: [], contexts: [], clusters: [], forwards: [], ...more }
}

const credential = (expiresMs: number, kind: 'token' | 'client certificate'): ClusterFacts => ({
  ...cluster,
  credential: { kind: 'credential', credential: kind, source: 'user "ada"', tookMs: 0, expiresMs },
})

test.each<[string, Partial<Facts>, string]>([
  [
    'files',
    {
      kubeconfigs: [
        { path: '/a', state: 'read' },
        { path: '/b', state: 'missing' },
      ],
    },
    'note kubeconfig | /b | is not there',
  ],
  [
    'no such context',
    { contexts: [{ name: 'context x', failure: failure('KPF_CONTEXT_UNKNOWN', 'context "x" is not in /a', { hint: 'there is "dev"' }) }] },
    'error context | context x | context "x" is not in /a | KPF_CONTEXT_UNKNOWN | fix: there is "dev"; see: kubectl config get-contexts; set one: kubectl config use-context NAME',
  ],
  [
    'a token that ended',
    { clusters: [credential(NOW - 3 * DAY, 'token')] },
    'error credential | context dev | token, of user "ada": ended 3 days ago | KPF_AUTH_REFUSED | fix: log in again',
  ],
  ['a token that ends soon is renewed by somebody', { clusters: [credential(NOW + 60_000, 'token')] }, ''],
  [
    'a certificate that ends soon is not',
    { clusters: [credential(NOW + 2 * DAY, 'client certificate')] },
    'warning credential | context dev | client certificate, of user "ada": ends in 2 days | fix: renew the certificate',
  ],
])('the kubeconfig: %s', (_what, more, expected) => {
  expect(told(kubeconfigFindings(facts(more)))).toBe(expected)
})

const tls = { kind: 'tls', version: 'TLSv1.3', cipher: 'x', subject: 'CN=a', issuer: 'CN=b', resumed: false, verified: true } as const
const away = failure('KPF_CLUSTER_UNREACHABLE', 'cluster unreachable (ECONNREFUSED k8s:6443)', { hint: 'check that the cluster runs' })

test.each<[string, Partial<ClusterFacts>, string]>([
  ['all is well', { tls: { ...tls, validToMs: NOW + 100 * DAY } }, ''],
  [
    'away: told once',
    { version: away, self: away },
    'error server | context dev | cluster unreachable (ECONNREFUSED k8s:6443) | KPF_CLUSTER_UNREACHABLE | fix: check that the cluster runs; see: kubectl --context dev get --raw /version; kpf explain KPF_CLUSTER_UNREACHABLE',
  ],
  [
    'old',
    { version: { kind: 'version', text: 'v1.18.2', minor: 18 } },
    'warning server | context dev | k8s:6443 answers, v1.18.2, which is older than what kpf is tried on | fix: upgrade the cluster',
  ],
  [
    'not verified',
    { tls: { ...tls, verified: false } },
    "warning tls | context dev | the server's certificate is not verified | KPF_CLUSTER | fix: give the cluster its certificate-authority instead of insecure-skip-tls-verify",
  ],
  [
    'a certificate that ends soon',
    { tls: { ...tls, validToMs: NOW + 3 * DAY } },
    'warning tls | context dev | TLSv1.3, verified, its certificate ends in 3 days | fix: whoever runs the cluster must renew it',
  ],
  [
    'a proxy',
    { proxy: { url: 'http://p:3128', from: 'HTTPS_PROXY' } },
    'note proxy | context dev | the way goes through the proxy http://p:3128 of HTTPS_PROXY',
  ],
  [
    'nobody',
    { self: { kind: 'self', user: 'system:anonymous', groups: [] } },
    'warning identity | context dev | the server knows nobody: system:anonymous | fix: give the context a user in the kubeconfig',
  ],
  [
    'a server that does not know the question',
    { self: failure('KPF_OBJECT_MISSING', 'the server could not find the requested resource') },
    'note identity | context dev | the server does not say who the user is (the server could not find the requested resource)',
  ],
])('a cluster: %s', (_what, more, expected) => {
  expect(told(clusterFindings({ clusters: [{ ...cluster, ...more }], timeMs: NOW }))).toBe(expected)
})

const spec = { ...forward('api', 8080), target: { kind: 'service', name: 'api' } as const }
const asked = permissionsFor(spec.target, { mode: 'auto', minor: 36 })
const allowedBut = (...denied: readonly string[]): ForwardFacts['permissions'] =>
  asked.map((permission) => ({ permission, isAllowed: !denied.includes(`${permission.verb} ${permission.subresource ?? permission.resource}`) }))
const backend = (port: number): NonNullable<ForwardFacts['picked']> => ({
  kind: 'backend',
  pod: { namespace: 'shop', name: 'api-1', uid: 'u' },
  ports: new Map([['http', port]]),
  declared: [{ name: 'http', port: 8080 }, { port: 9090 }],
  leaving: false,
  rejected: [],
})
const good: ForwardFacts = {
  forward: spec,
  namespace: 'shop',
  contextName: 'dev',
  isReached: true,
  minor: 36,
  picked: backend(8080),
  permissions: allowedBut(),
}

test.each<[string, Partial<ForwardFacts>, string]>([
  ['all is well', {}, ''],
  ['its cluster is away', { isReached: false }, 'note target | api | not looked at: its cluster cannot be asked'],
  [
    'no namespace',
    { hasNamespace: false },
    'error target | api | namespace "shop" does not exist | KPF_OBJECT_MISSING | fix: see: kubectl get namespaces --context dev; make it: kubectl create namespace shop --context dev',
  ],
  [
    'no such service, but one of a near name',
    { picked: failure('KPF_OBJECT_MISSING', 'service "api" does not exist in namespace "shop"', { hint: 'did you mean "apis"?' }) },
    'error target | api | service "api" does not exist in namespace "shop" | KPF_OBJECT_MISSING | fix: did you mean "apis"?',
  ],
  [
    'no such port',
    { picked: failure('KPF_PORT_UNKNOWN', 'the service has no port "web"', { hint: 'its ports: 80 (http)' }) },
    'error target | api | the service has no port "web" | KPF_PORT_UNKNOWN | fix: its ports: 80 (http); see: kubectl describe service api -n shop --context dev',
  ],
  [
    'no ready pod',
    { picked: { kind: 'no-pod', reason: 'no ready pod: api-1 CrashLoopBackOff', coming: true, hint: 'see: kubectl logs -p -n shop api-1', rejected: [] } },
    'error target | api | no ready pod: api-1 CrashLoopBackOff | KPF_NO_POD | fix: see: kubectl logs -p -n shop api-1',
  ],
  [
    'a port that no container declares',
    { picked: backend(9999) },
    'note target | api | no container of pod api-1 declares port 9999; declared: 8080 (http), 9090 | fix: see whether something listens there: kpf trace api',
  ],
  [
    'no right to create',
    { permissions: allowedBut('create portforward') },
    'error permissions | api | in namespace "shop" the user may not create pods/portforward | KPF_FORBIDDEN | fix: send the Role that this prints to whoever may grant it: kpf rbac api',
  ],
  [
    'no right, of a server that does not say what is allowed',
    {
      picked: failure('KPF_FORBIDDEN', 'not allowed to list pods', { hint: 'ask for a rule' }),
      permissions: asked.map((permission) => ({ permission, isAllowed: undefined })),
    },
    `error target | api | not allowed to list pods | KPF_FORBIDDEN | fix: ask for a rule; all that is needed is printed by: kpf rbac api; see: kubectl get pods -n shop --context dev; kpf explain KPF_FORBIDDEN
note permissions | api | the server does not say what the user may do`,
  ],
  [
    'no right to watch',
    { permissions: allowedBut('watch pods', 'watch services') },
    'warning permissions | api | in namespace "shop" the user may not watch services "api", watch pods | KPF_FORBIDDEN | fix: send the Role that this prints to whoever may grant it: kpf rbac api',
  ],
])('a forward: %s', (_what, more, expected) => {
  expect(told(forwardFindings([{ ...good, ...more }]))).toBe(expected)
})

test('a right that one transport can do without is a warning, and many forwards share one Role', () => {
  const shut = { ...good, permissions: allowedBut('create portforward') }
  const asides = [
    { ...good, permissions: allowedBut('get portforward') },
    { ...shut, forward: { ...spec, name: 'web' } },
  ]
  expect(forwardFindings(asides).filter(({ id }) => id === 'permissions')).toMatchObject([
    { severity: 'warning', fix: expect.stringMatching(/: kpf rbac$/) },
    { severity: 'error', fix: expect.stringMatching(/: kpf rbac$/), trouble: 'rbac' },
  ])
  expect(forwardFindings([{ ...shut, minor: 34 }]).at(-1)).toMatchObject({ severity: 'warning' })
})
