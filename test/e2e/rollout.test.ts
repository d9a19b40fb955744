/** A rollout and a deleted pod are invisible to new connections. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchText, hammer } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { deployment, service } from './rig/manifests.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
  const polite = { replicas: 2, graceSeconds: 5, containers: [{ app: 'http' as const, ports: { http: 8080 }, env: { KPF_TERM_DELAY: '2s' } }] }
  const rude = { replicas: 2, graceSeconds: 5, containers: [{ app: 'http' as const, ports: { http: 8080 } }] }
  await cluster.apply(
    deployment('polite', polite),
    service('polite', { ports: [{ port: 80, targetPort: 'http' }] }),
    deployment('rude', rude),
    service('rude', { ports: [{ port: 80, targetPort: 'http' }] }),
  )
  await cluster.waitFor('condition=Available', ['deployment/polite', 'deployment/rude'])
}, 1_200_000)
afterAll(() => cluster.stop())

const load = { everyMs: 20, forMs: 20_000 }

async function start(name: string): Promise<{ up: Up; port: number }> {
  const port = await freePort()
  const up = await Up.start(`forwards:\n  web: svc/${name} ${port}:80\n`, { kubeconfig: cluster.kubeconfig })
  await up.ready('web')
  return { up, port }
}

test('no connection fails during a rollout restart of pods that serve on for 2 s', async () => {
  const { up, port } = await start('polite')
  await using _up = up
  const hammered = hammer(port, load)
  await cluster.kubectlOutput(['rollout', 'restart', 'deployment/polite'])
  const result = await hammered
  console.info('rollout, polite pods', result)
  expect(up.events.some((event) => event.type === 'forward-moved')).toBe(true)
  expect(result).toMatchObject({ failed: 0, errors: [] })
}, 60_000)

test('no connection fails when the serving pod is deleted', async () => {
  const { up, port } = await start('polite')
  await using _up = up
  const served = await fetchText(port)
  const podName = /pod (\S+)/.exec(served)?.[1] ?? ''
  const hammered = hammer(port, load)
  await cluster.delete(['pod', podName], 'and go on')
  const result = await hammered
  console.info('deletion, polite pod', result)
  expect(result).toMatchObject({ failed: 0, errors: [] })
}, 60_000)

test('pods that leave at once cost at most the request in flight', async () => {
  const { up, port } = await start('rude')
  await using _up = up
  const hammered = hammer(port, load)
  await cluster.kubectlOutput(['rollout', 'restart', 'deployment/rude'])
  const result = await hammered
  console.info('rollout, rude pods', result)
  expect(result.failed).toBeLessThanOrEqual(4)
}, 60_000)
