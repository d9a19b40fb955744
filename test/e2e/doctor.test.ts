/** Ten broken set-ups on a real cluster: `kpf doctor` names each with what helps. */
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { doctor, type Report } from './doctor.ts'
import { freePort } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { pod, service } from './rig/manifests.ts'

let cluster: Cluster
let dir: string
beforeAll(async () => {
  cluster = await startCluster()
  dir = await mkdtemp(join(tmpdir(), 'kpf-doctor-'))
  await cluster.apply(
    pod('web', { containers: [{ app: 'http', ports: { http: 8080 } }] }),
    pod('late', { containers: [{ app: 'http', ports: { http: 8080 }, readyWhen: ['false'] }] }),
    service('web', { ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
    service('late', { ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
  )
  await cluster.waitFor('condition=Ready', ['pod/web'])
  await cluster.waitFor('jsonpath={.status.phase}=Running', ['pod/late'])
}, 1_200_000)
afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
  await cluster.stop()
})

interface Setup {
  readonly line?: string
  readonly context?: string
  readonly kubeconfig?: () => Promise<string>
}

async function examine({ line = 'svc/web PORT:80', context, kubeconfig }: Setup): Promise<Report> {
  const text = `${context === undefined ? '' : `context: ${context}\n`}forwards:\n  it: ${line.replace('PORT', `${await freePort()}`)}\n`
  await writeFile(join(dir, 'forwards.yaml'), text)
  return doctor([], { cwd: dir, env: { KUBECONFIG: (await kubeconfig?.()) ?? cluster.kubeconfig, HOME: dir } })
}

test('a good set-up has no error', async () => {
  const { code, errors, findings } = await examine({})
  expect(errors).toEqual([])
  expect(code).toBe(0)
  expect(findings.filter(({ severity }) => severity === 'ok').map(({ id }) => id)).toEqual(
    expect.arrayContaining(['server', 'tls', 'identity', 'target', 'permissions', 'credential', 'clock']),
  )
})

test.each<[string, Setup, number, string, string]>([
  ['no such context', { context: 'admni' }, 1, 'context KPF_CONTEXT_UNKNOWN', 'did you mean "admin"'],
  [
    'an expired token',
    { kubeconfig: async () => cluster.kubeconfigFor({ token: await cluster.token({ expiresIn: '-5m' }) }) },
    4,
    'credential KPF_AUTH_REFUSED',
    'log in again',
  ],
  ['no right to create', { context: 'get-only' }, 4, 'permissions KPF_FORBIDDEN', 'kpf rbac it'],
  ['no namespace', { line: '-n nowhere svc/web PORT:80' }, 1, 'target KPF_OBJECT_MISSING', 'kubectl create namespace nowhere'],
  ['a wrong port name', { line: 'svc/web PORT:grpc' }, 1, 'target KPF_PORT_UNKNOWN', '80 (http)'],
  ['no ready pod', { line: 'svc/late PORT:80' }, 1, 'target KPF_NO_POD', 'kubectl describe pod late -n default --context admin'],
  [
    'a dead server',
    {
      kubeconfig: async () => {
        const path = join(dir, 'dead')
        await writeFile(path, (await readFile(cluster.kubeconfig, 'utf8')).replaceAll(cluster.server, `https://127.0.0.1:${await freePort()}`))
        return path
      },
    },
    5,
    'server KPF_CLUSTER_UNREACHABLE',
    'kubectl --context admin get --raw /version',
  ],
  [
    'a wrong authority',
    { kubeconfig: async () => cluster.kubeconfigFor({ token: await cluster.token({ expiresIn: '1h' }) }, 'wrong') },
    1,
    'server KPF_TLS_VERIFY',
    'certificate-authority',
  ],
  ['a missing service', { line: 'svc/wbe PORT:80' }, 1, 'target KPF_OBJECT_MISSING', 'did you mean "web"'],
])('%s', async (_what, setup, code, first, fix) => {
  const report = await examine(setup)
  expect(report.code).toBe(code)
  expect(`${report.errors[0]?.id} ${report.errors[0]?.code}`).toBe(first)
  expect(report.errors[0]?.fix).toContain(fix)
})

test('a busy port', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const address = holder.address()
  const report = await examine({ line: `svc/web ${typeof address === 'object' && address !== null ? address.port : 0}:80` })
  holder.close()
  expect(report).toMatchObject({ code: 6, errors: [{ id: 'local-port', code: 'KPF_PORT_BUSY', fix: expect.stringContaining(`kill ${process.pid}`) }] })
})
