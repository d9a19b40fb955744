/** `kpf check --live` on a real cluster: what is not there is told at its place, with the code and exit code of its kind. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, kpf } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { pod, service } from './rig/manifests.ts'

let cluster: Cluster
let dir: string
beforeAll(async () => {
  cluster = await startCluster()
  dir = await mkdtemp(join(tmpdir(), 'kpf-check-'))
  await cluster.apply(
    pod('web', { containers: [{ app: 'http', ports: { http: 8080 } }] }),
    service('web', { ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
  )
  await cluster.waitFor('condition=Ready', ['pod/web'])
}, 1_200_000)
afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
  await cluster.stop()
})

/** `line:column code` of each problem, and the exit code. */
async function checked(text: string, kubeconfig = cluster.kubeconfig): Promise<readonly [number, ...string[]]> {
  await writeFile(join(dir, 'forwards.yaml'), text)
  const sinceMs = performance.now()
  const { code, stdout } = await kpf(['check', '--live', '-o', 'json'], { cwd: dir, env: { KUBECONFIG: kubeconfig, HOME: dir, XDG_STATE_HOME: dir } })
  expect(performance.now() - sinceMs).toBeLessThan(6_000)
  const { problems } = JSON.parse(stdout) as { problems: readonly { line: number; column: number; code: string; message: string }[] }
  return [code, ...problems.map(({ line, column, code: name }) => `${line}:${column} ${name}`)]
}

test('a good file', async () => {
  const server = `clusters: { dev: { context: admin, expect: { server: "${cluster.server}" } } }\ncluster: dev\n`
  expect(await checked(`${server}forwards:\n  web: svc/web ${await freePort()}:80\n  pod: pod/web ${await freePort()}:http\n`)).toEqual([0])
})

test('namespace, object, ports of a service and of a pod', async () => {
  const ports = await Promise.all(Array.from({ length: 5 }, freePort))
  const text = `forwards:
  a: -n nowhere svc/web ${ports[0]}:80
  b: svc/wbe ${ports[1]}:80
  c: svc/web ${ports[2]}:80 ${ports[3]}:grpc
  d: { target: pod/web, namespace: default, ports: [{ localPort: ${ports[4]}, remotePort: grpc }] }
`
  const column = text.split('\n')[3]?.indexOf(`${ports[3]}:grpc`) ?? 0
  const remote = text.split('\n')[4]?.indexOf('grpc') ?? 0
  expect(await checked(text)).toEqual([
    3,
    '2:9 KPF_OBJECT_MISSING',
    '3:6 KPF_OBJECT_MISSING',
    `4:${column + 1} KPF_PORT_UNKNOWN`,
    `5:${remote + 1} KPF_PORT_UNKNOWN`,
  ])
})

test('credentials that are refused, and a server that is away, are one problem each', async () => {
  const text = `context: CONTEXT\nforwards:\n  a: svc/web ${await freePort()}:80\n  b: svc/web ${await freePort()}:80\n`
  const refused = await cluster.kubeconfigFor({ token: await cluster.token({ expiresIn: '-5m' }) })
  const name = /current-context: "?([^"\n]+)/.exec(await readFile(refused, 'utf8'))?.[1] ?? JSON.parse(await readFile(refused, 'utf8'))['current-context']
  expect(await checked(text.replace('CONTEXT', String(name)), refused)).toEqual([4, '1:10 KPF_AUTH_REFUSED'])
  const dead = join(dir, 'dead')
  await writeFile(dead, (await readFile(cluster.kubeconfig, 'utf8')).replaceAll(cluster.server, `https://127.0.0.1:${await freePort()}`))
  expect(await checked(text.replace('CONTEXT', 'admin'), dead)).toEqual([5, '1:10 KPF_CLUSTER_UNREACHABLE'])
})

test('a right that is missing, and a context that leads elsewhere', async () => {
  const text = (head: string): Promise<string> =>
    Promise.all([freePort(), freePort()]).then(([a, b]) => `${head}forwards:\n  a: svc/web ${a}:80\n  b: svc/web ${b}:80\n`)
  expect(await checked(await text('context: get-only\n'))).toEqual([4, '3:6 KPF_FORBIDDEN'])
  const elsewhere = 'clusters: { dev: { context: admin, expect: { server: "https://10.0.0.1:6443" } } }\ncluster: dev\n'
  expect(await checked(await text(elsewhere))).toEqual([3, '1:54 KPF_CLUSTER_UNEXPECTED'])
})
