/**
 * Broken set-ups: `kpf trace` marks the step that fails, `kpf doctor` says what helps,
 * and with that done `kpf up` is ready.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Account } from '../../src/trace/account.ts'
import { fetchText } from './clients.ts'
import { doctor } from './doctor.ts'
import { freePort, kpf, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { type Daemon, tinyproxy } from './rig/daemons.ts'
import { deployment, type Manifest, pod, service } from './rig/manifests.ts'
import { startReverseProxy, type ReverseProxy } from './rig/reverse-proxy.ts'

const login = { user: 'ann', password: 'secret' }
let cluster: Cluster
let dir: string
let token: string
let guarded: Daemon
let plainProxy: ReverseProxy

beforeAll(async () => {
  cluster = await startCluster()
  dir = await mkdtemp(join(tmpdir(), 'kpf-broken-'))
  const containers = [{ app: 'http', ports: { http: 8080 } }] as const
  await cluster.apply(
    pod('web', { containers }),
    service('web', { ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
    deployment('idle', { containers, replicas: 0 }),
    bare('bare'),
  )
  await cluster.waitFor('condition=Ready', ['pod/web'])
  token = await cluster.token({ expiresIn: '1h' })
  guarded = await tinyproxy(login)
  plainProxy = await startReverseProxy(cluster.server, readFileSync(cluster.caFile()))
}, 1_200_000)
afterAll(async () => {
  await guarded[Symbol.asyncDispose]()
  await plainProxy.close()
  await cluster.stop()
  await rm(dir, { recursive: true, force: true })
})

/** What somebody has on the disk and in the cluster. */
interface SetUp {
  /** The forward's line, PORT standing for a free port. */
  readonly line?: string
  readonly context?: string
  readonly user?: object
  readonly cluster?: object
  /** Other fields of the kubeconfig. */
  readonly config?: object
  readonly hasKubeconfig?: boolean
}

type Make = () => SetUp | Promise<SetUp>

async function write(home: string, { line = 'svc/web PORT:80', context, user = { token }, ...more }: SetUp): Promise<number> {
  const port = await freePort()
  await writeFile(join(home, 'forwards.yaml'), `${context === undefined ? '' : `context: ${context}\n`}forwards:\n  it: ${line.replace('PORT', `${port}`)}\n`)
  const server = { server: cluster.server, 'certificate-authority': cluster.caFile() }
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { ...server, ...more.cluster } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    ...more.config,
  }
  if (more.hasKubeconfig !== false) await writeFile(join(home, 'kubeconfig'), JSON.stringify(kubeconfig), { mode: 0o600 })
  return port
}

async function plugin(name: string, body?: string): Promise<object> {
  if (body !== undefined) await writeFile(join(dir, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command: join(dir, name), installHint: 'get-kube-login' } }
}

/** Of those that the control plane was made with. */
function pair(certificate: string, key: string): object {
  const pki = join(cluster.dir, 'pki')
  return { 'client-certificate': join(pki, `${certificate}.crt`), 'client-key': join(pki, `${key}.key`) }
}

function credential(): string {
  return `echo '${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } })}'`
}

/** A Service that selects nothing, or the pod `web`. */
function bare(name: string, selector?: object): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80, targetPort: 8080 }], ...(selector && { selector }) } }
}

/** What an administrator does with the Role that kpf prints. */
async function grant(home: string, user: string): Promise<void> {
  const { code, stdout } = await kpf(['rbac', '--for-user', user], { cwd: home, env: { KUBECONFIG: cluster.kubeconfig } })
  expect(code).toBe(0)
  await cluster.kubectlOutput(['apply', '-f', '-'], stdout)
}

const kubectl =
  (...args: string[]) =>
  async (): Promise<SetUp> => {
    await cluster.kubectlOutput(args)
    return {}
  }

interface Row {
  readonly name: string
  /** The step that fails. */
  readonly step: Account['steps'][number]['id']
  /** What the doctor says to do. */
  readonly fix: RegExp
  readonly broken: Make
  /** The set-up after that was done; with nothing here the usual one. */
  readonly mended?: (home: string) => SetUp | Promise<SetUp>
}

const rows: readonly Row[] = [
  { name: 'no current context', step: 'kubeconfig', fix: /use-context|--context/, broken: () => ({ config: { 'current-context': '' } }) },
  { name: 'a context that is not there', step: 'kubeconfig', fix: /"test"/, broken: () => ({ context: 'tset' }), mended: () => ({ context: 'test' }) },
  { name: 'no kubeconfig', step: 'kubeconfig', fix: /kubeconfig/i, broken: () => ({ hasKubeconfig: false }) },
  {
    name: 'a token that has ended',
    step: 'authentication',
    fix: /log in/,
    broken: async () => ({ user: { token: await cluster.token({ expiresIn: '-5m' }) } }),
  },
  {
    name: 'a plugin that is missing',
    step: 'credential',
    fix: /get-kube-login/,
    broken: async () => ({ user: await plugin('absent') }),
    mended: async () => ({ user: await plugin('absent', credential()) }),
  },
  {
    name: 'a plugin that fails',
    step: 'credential',
    fix: /sso login/,
    broken: async () => ({ user: await plugin('failing', 'echo "run: sso login" >&2; exit 1') }),
    mended: async () => ({ user: await plugin('failing', credential()) }),
  },
  {
    name: 'a client certificate with the key of another',
    step: 'credential',
    fix: /client-key .* is not the key of client-certificate .* \| take both from one pair/,
    broken: () => ({ user: pair('admin', 'scheduler') }),
    mended: () => ({ user: pair('admin', 'admin') }),
  },
  {
    name: 'a wrong authority',
    step: 'tls',
    fix: /certificate-authority/,
    broken: () => ({ cluster: { 'certificate-authority': cluster.caFile('wrong') } }),
  },
  { name: 'a wrong server name', step: 'tls', fix: /tls-server-name/, broken: () => ({ cluster: { 'tls-server-name': 'elsewhere.example' } }) },
  { name: 'a server that is not there', step: 'tcp', fix: /server|cluster/, broken: () => ({ cluster: { server: 'https://127.0.0.1:1' } }) },
  { name: 'a name that nobody knows', step: 'dns', fix: /VPN/, broken: () => ({ cluster: { server: 'https://nowhere.invalid:6443' } }) },
  { name: 'a proxy that is not there', step: 'proxy', fix: /proxy-url/, broken: () => ({ cluster: { 'proxy-url': 'http://127.0.0.1:1' } }) },
  {
    name: 'a proxy that wants a password',
    step: 'proxy',
    fix: /USER:PASSWORD@/,
    broken: () => ({ cluster: { 'proxy-url': `http://127.0.0.1:${guarded.port}` } }),
    mended: () => ({ cluster: { 'proxy-url': `http://${login.user}:${login.password}@127.0.0.1:${guarded.port}` } }),
  },
  {
    name: 'no right to create',
    step: 'authorization',
    fix: /kpf rbac it/,
    broken: () => ({ user: { token: 'token-of-get-only' } }),
    mended: async (home) => {
      await grant(home, 'get-only')
      return { user: { token: 'token-of-get-only' } }
    },
  },
  {
    name: 'no right at all',
    step: 'authorization',
    fix: /kpf rbac it/,
    broken: () => ({ user: { token: 'token-of-no-read' } }),
    mended: async (home) => {
      await grant(home, 'no-read')
      return { user: { token: 'token-of-no-read' } }
    },
  },
  {
    name: 'no such namespace',
    step: 'object',
    fix: /kubectl create namespace staging/,
    broken: () => ({ line: '-n staging pod/web PORT:8080' }),
    mended: () => ({ line: '-n default pod/web PORT:8080' }),
  },
  {
    name: 'no such service',
    step: 'object',
    fix: /kubectl .*get services?/,
    broken: () => ({ line: 'svc/api PORT:80' }),
    mended: async () => {
      await cluster.apply(bare('api', { app: 'web' }))
      return { line: 'svc/api PORT:80' }
    },
  },
  { name: 'no such port name', step: 'pods', fix: /80 \(http\)/, broken: () => ({ line: 'svc/web PORT:grpc' }), mended: () => ({ line: 'svc/web PORT:http' }) },
  {
    name: 'no replica',
    step: 'pods',
    fix: /kubectl scale deployment\/idle --replicas=1 -n default --context test/,
    broken: () => ({ line: 'deploy/idle PORT:8080' }),
    mended: async () => ({ ...(await kubectl('scale', 'deployment/idle', '--replicas=1')()), line: 'deploy/idle PORT:8080' }),
  },
  {
    name: 'a service without a selector',
    step: 'object',
    fix: /selector/,
    broken: () => ({ line: 'svc/bare PORT:80' }),
    mended: async () => ({ ...(await kubectl('patch', 'service', 'bare', '-p', '{"spec":{"selector":{"app":"web"}}}')()), line: 'svc/bare PORT:80' }),
  },
  {
    name: 'a port where nothing listens',
    step: 'node-dial',
    fix: /8080/,
    broken: () => ({ line: 'pod/web PORT:9999' }),
    mended: () => ({ line: 'pod/web PORT:8080' }),
  },
]

async function traced(home: string): Promise<{ readonly code: number; readonly account: Account }> {
  const { code, stdout, stderr } = await kpf(['trace', 'it', '-o', 'json'], { cwd: home, env: { KUBECONFIG: join(home, 'kubeconfig'), HOME: home } })
  expect(stderr).toBe('')
  return { code, account: JSON.parse(stdout) as Account }
}

async function expectReady(home: string, setUp: SetUp): Promise<void> {
  const port = await write(home, setUp)
  await using up = await Up.start(readFileSync(join(home, 'forwards.yaml'), 'utf8'), { kubeconfig: join(home, 'kubeconfig') })
  await up.ready('it')
  expect(await fetchText(port)).toContain('pod ')
}

test.each(rows)('$name: traced to its step, and mended as the doctor says', async ({ step, fix, broken, mended }) => {
  const home = await mkdtemp(join(dir, 'home-'))
  await write(home, await broken())
  const { code, account } = await traced(home)
  expect(account.outcome).toMatchObject({ kind: 'broken', step })
  expect(code).not.toBe(0)
  const { findings } = await doctor([], { cwd: home, env: { KUBECONFIG: join(home, 'kubeconfig'), HOME: home } })
  const advice = findings.filter(({ severity }) => severity !== 'ok').map(({ evidence, fix: what }) => `${evidence} | ${what}`)
  expect(advice.join('\n')).toMatch(fix)
  await expectReady(home, (await mended?.(home)) ?? {})
})

test('a proxy that passes no upgrade: traced to its step, for every transport', async () => {
  const home = await mkdtemp(join(dir, 'home-'))
  await write(home, { cluster: { server: plainProxy.url, 'certificate-authority': undefined, 'certificate-authority-data': plainProxy.authority } })
  const { account } = await traced(home)
  expect(account.steps.filter(({ id }) => id === 'upgrade').map(({ result }) => result)).toEqual(['warned', 'warned', 'failed'])
  expect(account.outcome).toMatchObject({ kind: 'broken', step: 'upgrade' })
  await expectReady(home, {})
})
