/** Who may what, and what is said when not. */
import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { answered, fetchText } from './clients.ts'
import { freePort, kpf, Up } from './kpf.ts'
import { type Cluster, startCluster, type User } from './rig/cluster.ts'
import { kubeconfigText } from './rig/kubeconfig.ts'
import { deployment, pod, type PodOptions } from './rig/manifests.ts'
import { askedMode } from './rig/modes.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
  const http: PodOptions = { containers: [{ app: 'http', ports: { http: 8080 } }] }
  await cluster.apply(pod('web', http), deployment('moving', http))
  await cluster.waitFor('condition=Ready', ['pod/web'])
  await cluster.waitFor('condition=Available', ['deployment/moving'])
}, 1_200_000)
afterAll(() => cluster.stop())

// Before 1.35 "get" was enough for a WebSocket.
const getIsEnough = askedMode() === 'emulated-1.34'

test.each<User>(['admin', 'sa', 'token', 'no-watch', 'create-only', ...(getIsEnough ? (['get-only'] as const) : [])])(
  'as %s the forward becomes ready',
  async (user) => {
    const port = await freePort()
    await using up = await Up.start(`context: ${user}\nforwards:\n  web: pod/web ${port}:8080\n`, { kubeconfig: cluster.kubeconfig })
    await up.ready('web')
    expect(await fetchText(port)).toContain('pod web')
  },
)

test.each<[User, string]>([...(getIsEnough ? [] : ([['get-only', 'create']] as [User, string][])), ['none', 'pods/portforward']])(
  'as %s it is forbidden, and the missing verb is named',
  async (user, word) => {
    const port = await freePort()
    await using up = await Up.start(`context: ${user}\nforwards:\n  web: pod/web ${port}:8080\n`, { kubeconfig: cluster.kubeconfig })
    const event = await up.next('forbidden', (candidate) => candidate.phase === 'forbidden')
    expect(`${event.message} ${String(event['hint'])}`).toContain(word)
  },
)

test('an expired token is told as refused credentials', async () => {
  const token = await cluster.token({ expiresIn: '-5m' })
  const kubeconfig = await cluster.kubeconfigFor({ token })
  await using up = await Up.start(`forwards:\n  web: pod/web ${await freePort()}:8080\n`, { kubeconfig })
  expect(await up.next('auth', (event) => event.phase === 'auth')).toMatchObject({ to: 'failed', reason: 'KPF_AUTH_REFUSED' })
})

test('a wrong CA is told as such, and nothing is sent', async () => {
  const kubeconfig = await cluster.kubeconfigFor({ token: 'secret-canary' }, 'wrong')
  await using up = await Up.start(`forwards:\n  web: pod/web ${await freePort()}:8080\n`, { kubeconfig })
  const event = await up.next('config', (candidate) => candidate.phase === 'config')
  expect(event).toMatchObject({ to: 'failed', reason: 'KPF_TLS_VERIFY' })
  expect(JSON.stringify(up.events) + up.stderr).not.toContain('secret-canary')
})

/** Makes the forward dial: its pod goes, and another comes. */
async function replacePod(port: number): Promise<void> {
  const podName = (await fetchText(port, '/whoami')).trim()
  await cluster.delete(['pod', podName], 'and go on')
}

test('a role that is removed under a live tunnel leaves it alone; the next dial is told as forbidden', async () => {
  const port = await freePort()
  await using up = await Up.start(`context: token\nforwards:\n  web: deploy/moving ${port}:8080\n`, { kubeconfig: cluster.kubeconfig })
  await up.ready('web')
  await cluster.kubectlOutput(['delete', 'clusterrolebinding', 'kpf-token'])
  try {
    expect(await fetchText(port)).toContain('pod moving-')
    const since = up.events.length
    await replacePod(port)
    const told = await up.next('forbidden', ({ phase }) => phase === 'forbidden', { since })
    expect(`${told.message} ${String(told['hint'])}`).toContain('pods/portforward')
    // The listener stays, and says no by itself.
    await expect(fetchText(port)).rejects.toThrow(/ECONNRESET|hang up/)
  } finally {
    await cluster.kubectlOutput(['create', 'clusterrolebinding', 'kpf-token', '--clusterrole=kpf-token', '--user=token'])
  }
})

test('a token that ends under a live tunnel leaves it alone; the next dial is refused, until the kubeconfig has a new one', async () => {
  // The server's leeway of 60 s is over soon after the start, and its cache of 10 s after that.
  const kubeconfig = await cluster.kubeconfigFor({ token: await cluster.token({ expiresIn: '-52s' }) })
  const port = await freePort()
  await using up = await Up.start(`forwards:\n  web: deploy/moving ${port}:8080\n`, { kubeconfig })
  await up.ready('web')
  const refused = async (): Promise<void> => expect((await cluster.kubectl(['--kubeconfig', kubeconfig, 'get', 'pods'])).stderr).toContain('Unauthorized')
  await vi.waitFor(refused, { timeout: 40_000, interval: 500 })
  expect(await fetchText(port)).toContain('pod moving-')
  const since = up.events.length
  await replacePod(port)
  expect(await up.next('refused', ({ phase }) => phase === 'auth', { since })).toMatchObject({ to: 'failed', reason: 'KPF_AUTH_REFUSED' })
  const token = await cluster.token({ expiresIn: '1h' })
  const failed = up.events.length
  await writeFile(kubeconfig, kubeconfigText({ server: cluster.server, caFile: cluster.caFile(), user: { token } }))
  await up.next('ready again', ({ to }) => to === 'ready', { since: failed, limitMs: 10_000 })
  expect(await fetchText(port)).toContain('pod moving-')
}, 120_000)

test('the ad-hoc form prints what kubectl prints, and nothing else, on stdout', async () => {
  const port = await freePort()
  const interrupt = new AbortController()
  const child = kpf(['pod/web', `${port}:8080`], { env: { KUBECONFIG: cluster.kubeconfig }, interrupt: interrupt.signal })
  await answered(port)
  interrupt.abort()
  const { code, stdout } = await child
  expect(code).toBe(0)
  expect(stdout.split('\n').slice(0, 2)).toEqual([`Forwarding from 127.0.0.1:${port} -> 8080`, `Forwarding from [::1]:${port} -> 8080`])
  expect(
    stdout
      .split('\n')
      .slice(2)
      .every((line) => line === '' || line === `Handling connection for ${port}`),
  ).toBe(true)
})

test.each<[string, readonly string[], number]>([
  ['a pod that does not exist', ['pod/nobody', '0:80'], 1],
  ['a context that does not exist', ['--context', 'nowhere', 'pod/web', '0:8080'], 1],
  ['no permission', ['--context', 'none', 'pod/web', '0:8080'], 4],
])('the ad-hoc form ends for %s', async (_what, args, code) => {
  const result = await kpf(args, { env: { KUBECONFIG: cluster.kubeconfig } })
  expect(result).toMatchObject({ code, stdout: '' })
})
