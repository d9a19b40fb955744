/** One committed file, twice at once with another context; and edits that concern some of its forwards only. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScenarioProject } from '../scenario/project.ts'
import { echoed, fetchText, hammer, open } from './clients.ts'
import { freePort, kpf, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { type Manifest, pod, service } from './rig/manifests.ts'

let cluster: Cluster
let kubeconfig: string
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.kubectlOutput(['create', 'namespace', 'staging'])
  const shop = (namespace: string, name: string): readonly Manifest[] => [
    pod(name, {
      namespace,
      labels: { app: 'shop' },
      containers: [
        { app: 'http', ports: { http: 8080 } },
        { app: 'echo', ports: { echo: 7000 } },
      ],
    }),
    service('shop', {
      namespace,
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'echo', port: 7000, targetPort: 'echo' },
      ],
    }),
  ]
  await cluster.apply(
    ...shop('default', 'dev-shop'),
    ...shop('staging', 'staging-shop'),
    pod('spare', { containers: [{ app: 'http', ports: { http: 8080 } }] }),
  )
  await cluster.waitFor('condition=Ready', ['pod/dev-shop', 'pod/spare'])
  await cluster.waitFor('condition=Ready', ['pod/staging-shop', '-n', 'staging'])
  kubeconfig = await withContexts({ dev: 'default', staging: 'staging' })
}, 1_200_000)
afterAll(() => cluster.stop())

/** The text of the cluster's kubeconfig with more contexts: a namespace each. */
async function withContexts(namespaces: Readonly<Record<string, string>>): Promise<string> {
  const config = JSON.parse(await cluster.kubectlOutput(['config', 'view', '--raw', '--flatten', '-o', 'json'])) as {
    readonly contexts: readonly { readonly name: string; readonly context: object }[]
  }
  const admin = config.contexts.find(({ name }) => name === 'admin')?.context
  const more = Object.entries(namespaces).map(([name, namespace]) => ({ name, context: { ...admin, namespace } }))
  return JSON.stringify({ ...config, contexts: [...config.contexts, ...more] })
}

test.each([
  ['a variable of the environment', (): Promise<Readonly<Record<string, string>>> => Promise.resolve({ KPF_CONTEXT: 'staging' }), []],
  [
    'an env file of its own',
    async (dir: string): Promise<Readonly<Record<string, string>>> => {
      await writeFile(join(dir, 'staging.env'), 'KPF_CONTEXT=staging\n')
      return {}
    },
    ['--env-file', 'staging.env'],
  ],
] as const)('one file runs twice side by side, the second by %s, and neither touches the other', async (_how, prepare, flags) => {
  const [web, echo] = [await freePort(), await freePort()]
  const text = `name: shop\ncontext: \${KPF_CONTEXT:-dev}\nforwards:\n  web: svc/shop ${web}:80\n  echo: svc/shop ${echo}:echo\n`
  await using project = await ScenarioProject.make(text, kubeconfig)
  const env = { ...project.env, ...(await prepare(project.dir)) }
  const second = (verb: string, ...more: readonly string[]): ReturnType<typeof kpf> =>
    kpf([verb, '-p', 'shop-staging', '--port-offset', '100', ...flags, ...more], { cwd: project.dir, env })

  expect(await project.run('up', '--wait')).toMatchObject({ code: 0 })
  const staging = await second('up', '--wait')
  expect([staging.code, staging.stderr]).toEqual([0, expect.stringContaining('shop-staging runs in the background')])
  expect(await fetchText(web, '/whoami')).toBe('dev-shop\n')
  expect(await fetchText(web + 100, '/whoami')).toBe('staging-shop\n')
  expect((await project.run('ls', '-o', 'name')).stdout.trim().split('\n').toSorted()).toEqual(['shop', 'shop-staging'])
  expect((await project.run('port', 'web')).stdout).toBe(`127.0.0.1:${web}\n`)
  expect((await second('port', 'web')).stdout).toBe(`127.0.0.1:${web + 100}\n`)

  const before = await project.status()
  const socket = await open(echo)
  socket.on('error', () => {})
  expect(await echoed(socket, 'before')).toBe('before')
  const load = hammer(web, { everyMs: 20, forMs: 3_000, path: '/whoami' })
  expect(await second('restart')).toMatchObject({ code: 0 })
  expect(await second('wait')).toMatchObject({ code: 0 })
  expect(await second('down')).toMatchObject({ code: 0, stderr: expect.stringContaining('stopped: 2 forwards') })
  expect(await load).toMatchObject({ failed: 0, errors: [] })
  expect(await echoed(socket, 'after')).toBe('after')
  expect(await second('ps')).toMatchObject({ code: 8 })
  await expect(fetchText(web + 100)).rejects.toThrow('ECONNREFUSED')
  const after = await project.status()
  expect(after.forwards.map(({ since, restarts, pod: name }) => [since, restarts, name])).toEqual(
    before.forwards.map(({ since, restarts, pod: name }) => [since, restarts, name]),
  )
  socket.destroy()
})

test('both sides may be brought up and down at the same time, ten times', async () => {
  const web = await freePort()
  await using project = await ScenarioProject.make(`name: shop\ncontext: \${KPF_CONTEXT:-dev}\nforwards:\n  web: svc/shop ${web}:80\n`, kubeconfig)
  const side = (...args: readonly string[]): ReturnType<typeof kpf> =>
    kpf([...args, '-p', 'shop-staging', '--port-offset', '100'], { cwd: project.dir, env: { ...project.env, KPF_CONTEXT: 'staging' } })
  for (let round = 0; round < 10; round++) {
    const ups = await Promise.all([project.run('up', '--wait'), side('up', '--wait')])
    expect(ups.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0])
    expect(await Promise.all([fetchText(web, '/whoami'), fetchText(web + 100, '/whoami')])).toEqual(['dev-shop\n', 'staging-shop\n'])
    expect((await Promise.all([project.run('down'), side('down')])).map(({ code }) => code)).toEqual([0, 0])
  }
  expect(await project.left()).toEqual([])
})

/** What was told of forwards since then, but for their connections. */
function told(up: Up, since: number): readonly string[] {
  return up.events
    .slice(since)
    .flatMap(({ type, forward, to }) => (forward === undefined || type === 'connection-accepted' ? [] : [`${forward} ${to ?? type}`]))
}

test('an edit that switches a profile on starts its forwards, and the others keep their sessions and connections', async () => {
  const [echo, one, two] = [await freePort(), await freePort(), await freePort()]
  const text = (profiles: string): string => `forwards:
  echo: { target: pod/dev-shop, ports: ["${echo}:7000"], profiles: [daily] }
  web: { target: svc/shop, ports: ["${one}:80"], profiles: [${profiles}] }
  spare: { target: pod/spare, ports: ["${two}:8080"], profiles: [${profiles}] }
`
  await using up = await Up.start(text('observe'), { kubeconfig: cluster.kubeconfig, args: ['--profile', 'daily'] })
  await up.ready('echo')
  const socket = await open(echo)
  socket.on('error', () => {})
  expect(await echoed(socket, 'before')).toBe('before')
  const since = up.events.length
  await up.edit(text('observe, daily'))
  await up.next('web ready', ({ forward, to }) => forward === 'web' && to === 'ready', { since })
  await up.next('spare ready', ({ forward, to }) => forward === 'spare' && to === 'ready', { since })
  expect([await fetchText(one, '/whoami'), await fetchText(two, '/whoami')]).toEqual(['dev-shop\n', 'spare\n'])
  expect(await echoed(socket, 'after')).toBe('after')
  expect([...new Set(told(up, since))].toSorted()).toEqual(['spare ready', 'spare starting', 'web ready', 'web starting'])
  const off = up.events.length
  await up.edit(text('observe'))
  await up.next('spare stopped', ({ forward, to }) => forward === 'spare' && to === 'stopped', { since: off })
  await up.next('web stopped', ({ forward, to }) => forward === 'web' && to === 'stopped', { since: off })
  expect(await echoed(socket, 'still')).toBe('still')
  socket.destroy()
})

test('a variable that changes in an env file dials the forwards anew that use it, and no other', async () => {
  const [echo, web] = [await freePort(), await freePort()]
  const text = `envFile: dev.env\nforwards:\n  echo: pod/\${ECHO_POD} ${echo}:7000\n  web: pod/\${WEB_POD} ${web}:8080\n`
  await using up = await Up.start(text, { kubeconfig: cluster.kubeconfig, files: { 'dev.env': 'ECHO_POD=dev-shop\nWEB_POD=dev-shop\n' } })
  await up.ready('echo', 'web')
  expect(await fetchText(web, '/whoami')).toBe('dev-shop\n')
  const socket = await open(echo)
  socket.on('error', () => {})
  expect(await echoed(socket, 'before')).toBe('before')
  const since = up.events.length
  await writeFile(join(up.dir, 'dev.env'), 'ECHO_POD=dev-shop\nWEB_POD=spare\n')
  const applied = await up.next('applied', ({ type }) => type === 'config-applied', { since })
  expect(applied['plan']).toEqual([{ kind: 'retarget', forward: 'web', cause: 'pod/dev-shop 8080 -> pod/spare 8080' }])
  await up.next('web ready', ({ forward, pod: name }) => forward === 'web' && name === 'spare', { since })
  expect(await fetchText(web, '/whoami')).toBe('spare\n')
  expect(await echoed(socket, 'after')).toBe('after')
  expect(told(up, since).filter((line) => line.startsWith('echo'))).toEqual([])
  socket.destroy()
})
