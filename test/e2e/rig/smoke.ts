/**
 * Proves the rig, not kpf: starts a cluster in each mode (or the ones named as
 * arguments), does to it what tests do, and prints how long each step took.
 *
 *     node test/e2e/rig/smoke.ts [MODE...]
 */
import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { type Cluster, startCluster } from './cluster.ts'
import { deployment, pod, postgres, service, statefulSet } from './manifests.ts'
import { type Mode, modes } from './modes.ts'
import { askUpgrade } from './upgrade.ts'

async function step(what: string, action: () => Promise<void>): Promise<void> {
  const beganMs = performance.now()
  await action()
  process.stdout.write(`${String(Math.round(performance.now() - beganMs)).padStart(6)} ms  ${what}\n`)
}

/** Status of a tunnel's upgrade, or of its refusal. */
async function upgradeStatus(cluster: Cluster, podName: string, options: { readonly ca: Buffer; readonly token: string }): Promise<number> {
  return (await askUpgrade(cluster, podName, options)).status
}

async function applyObjects(cluster: Cluster): Promise<void> {
  await cluster.apply(
    deployment('web', {
      replicas: 2,
      containers: [
        { app: 'http', ports: { http: 8080, admin: 8081 } },
        { app: 'echo', ports: { echo: 7000 } },
      ],
    }),
    service('web', { ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
    statefulSet('db', { replicas: 2, containers: [{ app: 'hello' }] }),
    pod('plain', { containers: [{ app: 'http' }] }),
    pod('shared', { containers: [{ app: 'http', ports: { http: 18_080 } }], spec: { hostNetwork: true } }),
    postgres('pg'),
  )
  await cluster.waitFor('condition=Available', ['deployment/web'])
  await cluster.waitFor('condition=Ready', ['pod/plain', 'pod/shared', 'pod/pg', 'pod/db-0', 'pod/db-1'])
}

async function checkCredentials(cluster: Cluster, mode: Mode): Promise<void> {
  const ca = await readFile(cluster.caFile())
  const good = mode === 'spdy-only' ? 400 : 101
  assert.equal(await upgradeStatus(cluster, 'plain', { ca, token: 'token-of-token' }), good)
  assert.equal(await upgradeStatus(cluster, 'plain', { ca, token: 'token-of-none' }), 403)
  assert.equal(await upgradeStatus(cluster, 'plain', { ca, token: 'token-of-get-only' }), mode === 'emulated-1.34' ? good : 403)
  assert.equal(await upgradeStatus(cluster, 'plain', { ca, token: await cluster.token({ expiresIn: '30s' }) }), good)
  assert.equal(await upgradeStatus(cluster, 'plain', { ca, token: await cluster.token({ expiresIn: '-5m' }) }), 401)
  await assert.rejects(upgradeStatus(cluster, 'plain', { ca: await readFile(cluster.caFile('wrong')), token: 'x' }), /certificate/)
  const wrong = await cluster.kubectl(['--kubeconfig', await cluster.kubeconfigFor({ token: 'token-of-token' }, 'wrong'), 'get', 'pods'])
  assert.match(wrong.stderr, /certificate signed by unknown authority/)
  const watch = await cluster.kubectl(['--context', 'no-watch', 'get', 'pods', '--watch-only', '--request-timeout=5s'])
  assert.match(watch.stderr, /cannot watch resource "pods"/)
}

async function checkPods(cluster: Cluster): Promise<void> {
  assert.equal(await cluster.ask('plain', '/whoami'), 'plain\n')
  assert.equal(await cluster.ask('plain', '/count'), '0\n')
  assert.equal(await cluster.ask('shared', '/whoami', 18_080), 'shared\n')
}

async function restartApiServer(cluster: Cluster): Promise<void> {
  const before = await cluster.pids()
  await cluster.kill('apiserver')
  assert.equal((await cluster.pids()).apiserver, 0)
  assert.notEqual((await cluster.kubectl(['get', 'pods'])).code, 0)
  await cluster.start('apiserver')
  await cluster.ready()
  assert.notEqual((await cluster.pids()).apiserver, before.apiserver)
  await cluster.kubectlOutput(['get', 'pods'])
}

async function restartKubelet(cluster: Cluster): Promise<void> {
  await cluster.signal('kubelet-1', 'STOP')
  await cluster.signal('kubelet-1', 'CONT')
  await cluster.kill('kubelet-1')
  await cluster.start('kubelet-1')
  await cluster.ready()
}

async function smoke(mode: Mode): Promise<void> {
  process.stdout.write(`${mode}\n`)
  let cluster: Cluster | undefined
  await step('start', async () => {
    cluster = await startCluster({ mode, nodes: 1 })
  })
  if (cluster === undefined) return
  await using running = cluster
  await step('objects are made and ready', () => applyObjects(running))
  await step('credentials are what their names say', () => checkCredentials(running, mode))
  await step('pods answer for themselves', () => checkPods(running))
  await step('API server is killed and back', () => restartApiServer(running))
  await step('kubelet is paused, killed and back', () => restartKubelet(running))
  await step('runtime is killed and back, with its pods', async () => {
    await running.kill('runtime-1')
    await running.start('runtime-1')
    await running.waitFor(`jsonpath={.status.containerStatuses[0].restartCount}=1`, ['pod/plain'])
    await running.waitFor('condition=Ready', ['pod/plain'])
    await checkPods(running)
  })
  await step('a pod is deleted', () => running.delete(['pod/plain']))
  await step('stop', () => running.stop())
  await assert.rejects(access(running.dir), 'the directory is still there')
}

const asked = process.argv.slice(2)
for (const mode of modes) {
  if (asked.length === 0 || asked.includes(mode)) await smoke(mode)
}
