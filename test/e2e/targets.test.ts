/** Every kind of target and of port, found in a real cluster and followed when it changes. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fetchText } from './clients.ts'
import { type EventLine, freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { deployment, type Manifest, pod, type PodOptions, service, type ServicePort, statefulSet } from './rig/manifests.ts'

let cluster: Cluster
let hostPort: number

const http: PodOptions = { containers: [{ app: 'http', ports: { http: 8080, admin: 8081 } }] }

/** A controller of one http pod, made of the Deployment that the rig can build. */
function controller(apiVersion: string, kind: string, name: string, more: Readonly<Record<string, unknown>> = {}): Manifest {
  const { metadata, spec } = deployment(name, http) as unknown as { metadata: object; spec: { template: object; selector: object } }
  return { apiVersion, kind, metadata, spec: { template: spec.template, selector: spec.selector, ...more } }
}

/** A Service whose endpoints are made by hand, or by nobody. */
function bare(name: string, port: ServicePort): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [port] } }
}

function slice(serviceName: string, podName?: string): Manifest {
  const target = podName === undefined ? {} : { targetRef: { kind: 'Pod', name: podName, namespace: 'default' } }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${serviceName}-by-hand`, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.9.8.7'], ...target }],
    ports: [{ port: 8080 }],
  }
}

beforeAll(async () => {
  cluster = await startCluster()
  hostPort = await freePort()
  const jobPod = {
    metadata: { labels: { app: 'work' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'kpf.test/http', args: ['8080'] }] },
  }
  const ports: ServicePort[] = [
    { name: 'web', port: 80, targetPort: 'http' },
    { name: 'admin', port: 81, targetPort: 8081 },
    { name: 'side', port: 82, targetPort: 'side' },
  ]
  await cluster.apply(
    pod('ports', {
      containers: [
        { app: 'http', ports: { http: 8080, admin: 8081 } },
        { app: 'http', name: 'side', ports: { side: 9090 } },
      ],
    }),
    service('ports', { ports }),
    {
      ...service('headless', { ports: [] }),
      spec: { clusterIP: 'None', selector: { app: 'ports' }, ports: [{ name: 'web', port: 8080, targetPort: 'http' }] },
    },
    // The first container declares a port of that name on which nobody listens.
    pod('twin', {
      containers: [
        { app: 'sleep', ports: { http: 1 } },
        { app: 'http', name: 'second', ports: { http: 8080 } },
      ],
    }),
    pod('hostnet', { containers: [{ app: 'http', ports: { http: hostPort } }], spec: { hostNetwork: true } }),
    deployment('web', http),
    statefulSet('db', http),
    controller('apps/v1', 'DaemonSet', 'agent'),
    controller('apps/v1', 'ReplicaSet', 'set', { replicas: 1 }),
    controller('v1', 'ReplicationController', 'old', { replicas: 1, selector: { app: 'old' } }),
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work' }, spec: { template: jobPod } },
    bare('by-hand', { port: 80, targetPort: 8080 }),
    slice('by-hand', 'ports'),
    bare('outside', { port: 80, targetPort: 8080 }),
    slice('outside'),
    bare('nothing', { port: 80, targetPort: 8080 }),
  )
  await cluster.waitFor('condition=Ready', ['pod/ports', 'pod/twin', 'pod/hostnet'])
  await cluster.waitFor('condition=Available', ['deployment/web'])
}, 1_200_000)
afterAll(() => cluster.stop())

const start = (line: string): Promise<Up> => Up.start(`forwards:\n  it: ${line}\n`, { kubeconfig: cluster.kubeconfig })
const whoami = async (port: number): Promise<string> => (await fetchText(port, '/whoami')).trim()

test.each([
  ['a Service with a named targetPort', 'svc/ports', '80', /^ports$/],
  ['a Service with a numeric targetPort', 'svc/ports', '81', /^ports$/],
  ['a Service by the name of its port', 'svc/ports', 'admin', /^ports$/],
  ['a Service whose targetPort is of the second container', 'svc/ports', 'side', /^ports$/],
  ['a headless Service', 'svc/headless', '8080', /^ports$/],
  ['a Service without a selector whose slice points at a pod', 'svc/by-hand', '80', /^ports$/],
  ['a Deployment', 'deploy/web', '8080', /^web-/],
  ['a Deployment by the name of a container port', 'deploy/web', 'admin', /^web-/],
  ['a StatefulSet', 'sts/db', '8080', /^db-0$/],
  ['a DaemonSet', 'ds/agent', 'http', /^agent-/],
  ['a ReplicaSet', 'rs/set', '8080', /^set-/],
  ['a ReplicationController', 'rc/old', 'http', /^old-/],
  ['a Job', 'job/work', '8080', /^work-/],
  ['a pod', 'pod/ports', '8080', /^ports$/],
  ['a pod by a bare name', 'ports', '8080', /^ports$/],
  ['a port of a container that is not the first', 'pod/ports', 'side', /^ports$/],
  ['a named port of the container that is asked for', 'pod/twin -c second', 'http', /^twin$/],
  ['pods by prefix', 'pod/web-*', '8080', /^web-/],
  ['a Deployment by prefix', 'deploy/we*', 'http', /^web-/],
  ['pods by labels', "-l 'app in (web),tier!=cache'", '8080', /^web-/],
])('%s is found', async (_what, target, remote, expected) => {
  const port = await freePort()
  await using up = await start(`${target} ${port}:${remote}`)
  await up.ready('it')
  expect(await whoami(port)).toMatch(expected)
})

test('a pod in the network of its node is reached', async () => {
  const port = await freePort()
  await using up = await start(`pod/hostnet ${port}:http`)
  await up.ready('it')
  expect(await whoami(port)).toBe('hostnet')
})

test("containerPort skips the Service's translation", async () => {
  const port = await freePort()
  await using up = await start(`{ target: svc/ports, ports: [{ localPort: ${port}, containerPort: 9090 }] }`)
  await up.ready('it')
  expect(await whoami(port)).toBe('ports')
})

test.each([
  ['svc/ports', '443', ['80 (web)', '81 (admin)', '82 (side)']],
  ['svc/ports', 'grpc', ['80 (web)', '81 (admin)', '82 (side)']],
  ['pod/ports', 'grpc', ['http (8080)', 'admin (8081)', 'side (9090)']],
])('%s has no port %s, and those that it has are listed', async (target, remote, listed) => {
  await using up = await start(`${target} ${await freePort()}:${remote}`)
  const event = await up.next('failed', ({ to }) => to === 'failed')
  expect(event).toMatchObject({ phase: 'config', reason: 'KPF_PORT_UNKNOWN' })
  for (const text of [remote, ...listed]) expect(`${event.message} ${String(event['hint'])}`).toContain(text)
})

test('a Service whose Deployment is scaled to 0 says so, and how to scale it up, and is served once it is', async () => {
  const port = await freePort()
  await cluster.apply(deployment('asleep', { ...http, replicas: 0 }), service('asleep', { ports: [{ port: 80, targetPort: 'http' }] }))
  await using up = await start(`svc/asleep ${port}:80`)
  const event = await up.next('waiting', ({ to }) => to === 'waiting')
  expect(event).toMatchObject({ reason: 'KPF_NO_POD', message: 'no pod: deployment "asleep" is scaled to 0 replicas' })
  const command = /^scale it up: kubectl (.*)$/.exec(String(event['hint']))?.[1] ?? ''
  expect(command).toMatch(/^scale deployment\/asleep --replicas=1 -n \S+ --context \S+$/)
  await cluster.kubectl(command.split(' '))
  await up.ready('it')
  await whoami(port)
  await cluster.delete(['deployment/asleep', 'service/asleep'], 'and go on')
})

test('a Service that is written slightly wrong is told with the right one', async () => {
  await cluster.apply(service('printer', { ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'ports' } }))
  await using up = await start(`svc/pritner ${await freePort()}:80`)
  const event = await up.next('waiting', ({ to }) => to === 'waiting')
  expect(event).toMatchObject({ reason: 'KPF_OBJECT_MISSING', hint: expect.stringMatching(/^did you mean "printer"\?.*; see: kubectl get services -n /) })
})

test.each(['outside', 'nothing'])('the Service "%s" leads to no pod, which is told, until a slice names one', async (name) => {
  const port = await freePort()
  await using up = await start(`svc/${name} ${port}:80`)
  expect(await up.next('failed', ({ to }) => to === 'failed')).toMatchObject({ phase: 'config', reason: 'KPF_NO_SELECTOR' })
  await cluster.apply(slice(name, 'ports'))
  await up.ready('it')
  expect(await whoami(port)).toBe('ports')
})

test.each([
  ['svc/later', [service('later', { ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'ports' } })], '80'],
  ['deploy/later', [deployment('later', http)], '8080'],
  ['pod/late-pod', [pod('late-pod', http)], 'http'],
])('%s that is missing is waited for, and served once it is made', async (target, objects, remote) => {
  const port = await freePort()
  await using up = await start(`${target} ${port}:${remote}`)
  const event = await up.next('waiting', ({ to }) => to === 'waiting')
  expect(event).toMatchObject({ phase: 'no-pod', reason: 'KPF_OBJECT_MISSING' })
  await cluster.apply(...objects)
  await up.ready('it')
  await whoami(port)
})

test('a Service whose selector is edited moves the forward, to the number that the port has there', async () => {
  const port = await freePort()
  await cluster.apply(
    pod('blue', { containers: [{ app: 'http', ports: { http: 8080 } }] }),
    pod('green', { containers: [{ app: 'http', ports: { http: 9090 } }] }),
    service('colour', { ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'blue' } }),
  )
  await cluster.waitFor('condition=Ready', ['pod/blue', 'pod/green'])
  await using up = await start(`svc/colour ${port}:80`)
  await up.ready('it')
  expect(await whoami(port)).toBe('blue')
  await cluster.kubectlOutput(['patch', 'service', 'colour', '-p', '{"spec":{"selector":{"app":"green"}}}'])
  expect(await up.next('moved', ({ type }) => type === 'forward-moved')).toMatchObject({ fromPod: 'blue', toPod: 'green' })
  expect(await whoami(port)).toBe('green')
  expect(up.events.some(({ to }) => to === 'waiting' || to === 'failed')).toBe(false)
})

test('a Service whose targetPort is edited leads to the new one in the same pod', async () => {
  const port = await freePort()
  await cluster.apply(service('wrong', { ports: [{ port: 80, targetPort: 9999 }], selector: { app: 'ports' } }))
  await using up = await start(`svc/wrong ${port}:80`)
  await up.ready('it')
  await expect(whoami(port)).rejects.toThrow(/ECONNRESET|hang up/)
  await cluster.kubectlOutput(['patch', 'service', 'wrong', '--type=json', '-p', '[{"op":"replace","path":"/spec/ports/0/targetPort","value":"http"}]'])
  await vi.waitFor(async () => expect(await whoami(port)).toBe('ports'), { timeout: 5_000, interval: 50 })
})

const never = { readyWhen: ['kpf-ready'] }
test.each<[string, Manifest, RegExp]>([
  [
    'a container that crashes again and again',
    deployment('crash', { containers: [{ app: 'http', env: { KPF_EXIT_AFTER: '100ms', KPF_EXIT_CODE: '3', KPF_READY_DELAY: '1h' }, ...never }] }),
    /crash-\S+ CrashLoopBackOff, exit 3, \d+ restarts/,
  ],
  [
    'an image that cannot be pulled',
    deployment('no-image', { containers: [], spec: { containers: [{ name: 'c', image: 'nowhere.test/x' }] } }),
    /no-image-\S+ (ErrImagePull|ImagePullBackOff)/,
  ],
  ['a pod that fits no node', deployment('no-node', { ...http, spec: { nodeSelector: { no: 'where' } } }), /Unschedulable: 0\/1 nodes/],
  [
    'a pod that is not ready',
    deployment('not-ready', { containers: [{ app: 'http', env: { KPF_READY_DELAY: '1h' }, ...never }] }),
    /not-ready-\S+ .*(not ready|unready)/,
  ],
  ['no replicas', deployment('none', { ...http, replicas: 0 }), /scaled to 0 replicas/],
])('%s is told as the reason', async (_what, object, expected) => {
  await cluster.apply(object)
  const { name } = object['metadata'] as { name: string }
  await using up = await start(`deploy/${name} ${await freePort()}:8080`)
  const fits = (event: EventLine): boolean => event.to === 'waiting' && event.phase === 'no-pod' && expected.test(event.message ?? '')
  expect(await up.next(String(expected), fits)).toMatchObject({ reason: 'KPF_NO_POD' })
  await cluster.delete([`deployment/${name}`], 'and go on')
})
