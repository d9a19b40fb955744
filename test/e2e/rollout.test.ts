/** A rollout and a deleted pod are invisible to new connections; kubectl's own port-forward is asked the same beside it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchText, hammer, type Hammered } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { KubectlForward } from './rig/kubectl-forward.ts'
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

/** The same client on both, from before the event on. What kubectl loses is printed, and is no claim of ours. */
async function besideKubectl(what: string, { port, target }: { port: number; target: string }, event: () => Promise<unknown>): Promise<Hammered> {
  await using kubectl = await KubectlForward.start(cluster, target, target.startsWith('svc/') ? 80 : 8080)
  const both = Promise.all([hammer(port, load), hammer(kubectl.port, load)])
  // It must have worked, or its losses would say nothing.
  expect(await fetchText(kubectl.port)).toContain('pod polite-')
  await event()
  const [ours, theirs] = await both
  console.info(what, { kpf: ours, kubectl: theirs })
  expect(Math.abs(theirs.total - ours.total)).toBeLessThan(ours.total / 10)
  expect(theirs.failed).toBeLessThan(theirs.total)
  return ours
}

test('no connection fails during a rollout restart of pods that serve on for 2 s', async () => {
  const { up, port } = await start('polite')
  await using _up = up
  const restart = (): Promise<unknown> => cluster.kubectlOutput(['rollout', 'restart', 'deployment/polite'])
  const result = await besideKubectl('rollout, polite pods', { port, target: 'svc/polite' }, restart)
  expect(up.events.some((event) => event.type === 'forward-moved')).toBe(true)
  expect(result).toMatchObject({ failed: 0, errors: [] })
}, 90_000)

test('no connection fails when the serving pod is deleted', async () => {
  const { up, port } = await start('polite')
  await using _up = up
  const served = await fetchText(port)
  const podName = /pod (\S+)/.exec(served)?.[1] ?? ''
  const result = await besideKubectl('deletion, polite pod', { port, target: `pod/${podName}` }, () => cluster.delete(['pod', podName], 'and go on'))
  expect(result).toMatchObject({ failed: 0, errors: [] })
}, 90_000)

test('pods that leave at once cost at most the request in flight', async () => {
  const { up, port } = await start('rude')
  await using _up = up
  const hammered = hammer(port, load)
  await cluster.kubectlOutput(['rollout', 'restart', 'deployment/rude'])
  const result = await hammered
  console.info('rollout, rude pods', result)
  expect(result.failed).toBeLessThanOrEqual(4)
}, 60_000)
