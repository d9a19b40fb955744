/** The Role that `kpf rbac` prints is enough, and nothing of it is too much, on a real API server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { fetchText } from './clients.ts'
import { freePort, kpf, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { deployment, type Manifest, pod, type PodOptions, service } from './rig/manifests.ts'
import { askedMode, type Mode } from './rig/modes.ts'

interface Rule {
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}
type Role = Manifest & { readonly metadata: { readonly name: string }; readonly rules: readonly Rule[] }

const asked = askedMode()
const modes: readonly Mode[] = asked === undefined ? ['default', 'emulated-1.34'] : [asked]
const transports = asked === 'spdy-only' ? (['auto', 'spdy', 'channel'] as const) : (['auto', 'websocket', 'spdy', 'channel'] as const)
const cases = [
  ...transports.flatMap((transport) => ['svc/front', 'pod/web', 'deploy/moving'].map((target) => [transport, target] as const)),
  // Without a selector: its pods are found by its slices.
  ['auto', 'svc/manual'] as const,
]

describe.each(modes)('on a server of mode %s', (mode) => {
  let cluster: Cluster
  let kubeconfig: string
  let dir: string

  beforeAll(async () => {
    cluster = await startCluster({ mode })
    dir = await mkdtemp(join(tmpdir(), 'kpf-rbac-'))
    const http: PodOptions = { containers: [{ app: 'http', ports: { http: 8080 } }] }
    await cluster.apply(
      pod('web', http),
      deployment('moving', http),
      service('front', { ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'web' } }),
      service('manual', { ports: [{ port: 80, targetPort: 8080 }], selector: {} }),
      slice('manual', 'web'),
    )
    await cluster.waitFor('condition=Ready', ['pod/web'])
    await cluster.waitFor('condition=Available', ['deployment/moving'])
    await cluster.kubectlOutput(['create', 'serviceaccount', 'nobody'])
    kubeconfig = await cluster.kubeconfigFor({ token: await cluster.token({ account: 'default/nobody', expiresIn: '1h' }) })
  }, 1_200_000)
  afterAll(async () => {
    await rm(dir, { recursive: true, force: true })
    await cluster.stop()
  })

  async function fileFor(transport: string, target: string): Promise<{ readonly text: string; readonly port: number }> {
    const port = await freePort()
    const text = `name: least\nforwards:\n  it:\n    target: ${target}\n    ports: ["${port}:${target.startsWith('svc/') ? 80 : 8080}"]\n    transport: ${transport}\n`
    await writeFile(join(dir, 'forwards.yaml'), text)
    return { text, port }
  }

  const rbac = (...args: readonly string[]): ReturnType<typeof kpf> => kpf(['rbac', ...args], { cwd: dir, env: { KUBECONFIG: kubeconfig } })

  const asAdmin = (...args: readonly string[]): ReturnType<typeof kpf> =>
    kpf(['rbac', '--for-service-account', 'default/nobody', ...args], { cwd: dir, env: { KUBECONFIG: cluster.kubeconfig } })

  /** The API server hears of a changed Role a moment later. */
  const checked = (code: number): Promise<void> =>
    vi.waitFor(async () => expect(await rbac('--check')).toMatchObject({ code }), { timeout: 20_000, interval: 100 })

  test.each(cases)(
    '%s to %s: the Role is enough, and every part of it is needed',
    async (transport, target) => {
      const { text, port } = await fileFor(transport, target)
      // Whether there is a selector only those see who may look.
      const ask = target === 'svc/manual' ? asAdmin : rbac
      const yaml = (await ask()).stdout
      expect(yaml).toContain('kind: ServiceAccount\n    name: nobody')
      const list = JSON.parse((await ask('-o', 'json')).stdout) as { readonly items: readonly [Role, Manifest] }
      const [role] = list.items
      try {
        // Both forms are for `kubectl apply -f -`.
        await cluster.apply(transport === 'spdy' ? JSON.stringify(list) : yaml)
        await checked(0)
        await using up = await Up.start(text, { kubeconfig })
        await up.ready('it')
        expect(await fetchText(port)).toContain('pod ')
        await up.stop()
        for (const [what, rules] of lesser(role, transport)) {
          await cluster.apply({ ...role, rules })
          await checked(4)
          await using poor = await Up.start(text, { kubeconfig })
          await poor.next(`forbidden without ${what}`, ({ phase }) => phase === 'forbidden', { limitMs: 15_000 })
          expect(
            poor.events.some(({ to }) => to === 'ready'),
            what,
          ).toBe(false)
          await poor.stop()
        }
      } finally {
        await cluster.kubectlOutput(['delete', 'role,rolebinding', role.metadata.name])
        await checked(4)
      }
    },
    120_000,
  )
})

/** The Role without one of its rules, and without one verb of the tunnel; `auto` has one verb in reserve before 1.35. */
function lesser(role: Role, transport: string): readonly (readonly [string, readonly Rule[]])[] {
  const without = role.rules.map(({ resources }, index) => [resources.join(), role.rules.toSpliced(index, 1)] as const)
  const tunnel = role.rules.findIndex(({ resources }) => resources.includes('pods/portforward'))
  const rule = role.rules[tunnel]
  if (rule === undefined || rule.verbs.length < 2 || transport === 'auto') return without
  const fewer = rule.verbs.map(
    (verb) => [`the verb ${verb}`, role.rules.with(tunnel, { ...rule, verbs: rule.verbs.filter((other) => other !== verb) })] as const,
  )
  return [...without, ...fewer]
}

/** Of a Service without a selector: one endpoint, a pod of that name. */
function slice(serviceName: string, podName: string): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${serviceName}-1`, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', name: podName, namespace: 'default' } }],
  }
}
