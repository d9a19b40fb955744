/** A project in the background on a real control plane, and every verb that talks to it, with its exit codes. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScenarioProject } from '../scenario/project.ts'
import { fetchText, hammer, isRefused } from './clients.ts'
import { freePort } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { deployment, pod, service } from './rig/manifests.ts'

let cluster: Cluster
let kubeconfig: string
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(
    deployment('web', { containers: [{ app: 'http', ports: { http: 8080 } }] }),
    service('web', { ports: [{ port: 80, targetPort: 'http' }] }),
    pod('tools', {
      containers: [
        { app: 'http', name: 'admin', ports: { admin: 8081 } },
        { app: 'echo', ports: { echo: 7000 } },
      ],
    }),
  )
  await cluster.waitFor('condition=Available', ['deployment/web'])
  await cluster.waitFor('condition=Ready', ['pod/tools'])
  kubeconfig = await readFile(cluster.kubeconfig, 'utf8')
}, 1_200_000)
afterAll(() => cluster.stop())

interface Ports {
  readonly web: number
  readonly admin: number
  readonly echo: number
}

async function ports(): Promise<Ports> {
  return { web: await freePort(), admin: await freePort(), echo: await freePort() }
}

const text = ({ web, admin, echo }: Ports): string => `name: shop
forwards:
  web: svc/web ${web}:80
  tools:
    target: pod/tools
    ports:
      - { name: admin, localPort: ${admin}, remotePort: admin, appProtocol: http, primary: true }
      - { name: echo, localPort: ${echo}, remotePort: echo }
  spare: { target: svc/web, ports: [":80"], enabled: false }
`

const lines = (printed: string): readonly string[] => printed.trimEnd().split('\n')

test('up -d --wait, ps, wait, port, url and env tell where everything is', async () => {
  const at = await ports()
  await using project = await ScenarioProject.make(text(at), kubeconfig)
  expect(await project.run('up', '-d', '--wait')).toMatchObject({ code: 0, stdout: '' })
  const ps = lines((await project.run('ps')).stdout)
  expect(ps).toEqual([
    expect.stringMatching(/^NAME +STATE +LOCAL +TARGET +POD +CONNS +RESTARTS +AGE +REASON$/),
    expect.stringMatching(new RegExp(`^web +ready +localhost:${at.web} +svc/web:80 +web-\\w+-\\w+ +0 +0 +\\d+s$`)),
    expect.stringMatching(new RegExp(`^tools +ready +localhost:${at.admin},${at.echo} +pod/tools:admin,echo +tools +0 +0 +\\d+s$`)),
  ])
  const status = await project.status()
  expect(status.forwards.map(({ name, state, pod: podName }) => [name, state, podName?.replace(/^web-.*/, 'web-x')])).toEqual([
    ['web', 'ready', 'web-x'],
    ['tools', 'ready', 'tools'],
    ['spare', 'stopped', undefined],
  ])
  expect(lines((await project.run('ps', '-o', 'name')).stdout)).toEqual(['web', 'tools'])
  expect(await project.run('wait')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await project.run('port', 'tools')).toMatchObject({ code: 0, stdout: `127.0.0.1:${at.admin}\n` })
  expect(await project.run('port', 'tools', 'echo')).toMatchObject({ code: 0, stdout: `127.0.0.1:${at.echo}\n` })
  expect(await project.run('url', 'tools')).toMatchObject({ code: 0, stdout: `http://localhost:${at.admin}\n` })
  expect(await fetch(lines((await project.run('url', 'web')).stdout)[0] ?? '').then((response) => response.text())).toContain('pod web-')
  expect((await project.run('env', '-o', 'dotenv')).stdout).toContain(`\nTOOLS_ECHO_PORT=${at.echo}\n`)
  expect(JSON.parse((await project.run('env', '-o', 'json')).stdout)).toEqual({
    WEB_HOST: '127.0.0.1',
    WEB_PORT: `${at.web}`,
    TOOLS_HOST: '127.0.0.1',
    TOOLS_PORT: `${at.admin}`,
    TOOLS_ADMIN_PORT: `${at.admin}`,
    TOOLS_ECHO_PORT: `${at.echo}`,
  })
  expect(await project.run('down')).toMatchObject({ code: 0 })
  expect(await project.left()).toEqual([])
})

test('run uses what runs, and its code is that of the command', async () => {
  const at = await ports()
  await using project = await ScenarioProject.make(text(at), kubeconfig)
  const asking = (code: number): readonly string[] => ['run', '--', 'sh', '-c', `curl -fsS "http://$WEB_HOST:$WEB_PORT/whoami"; exit ${code}`]
  // Alone it brings its own up and ends them.
  expect(await project.run(...asking(7))).toMatchObject({ code: 7, stdout: expect.stringMatching(/^web-/), stderr: '' })
  expect(await project.left()).toEqual([])
  await project.run('up', '--wait')
  expect(await project.run(...asking(0))).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web-/) })
  expect((await project.run('ps')).code).toBe(0)
})

test('stop lets the port go, start takes it again, restart keeps it and begins a new tunnel', async () => {
  const at = await ports()
  await using project = await ScenarioProject.make(text(at), kubeconfig)
  await project.run('up', '--wait')
  expect(await project.run('stop', 'web')).toMatchObject({ code: 0, stderr: 'stopped: web\n' })
  expect(await project.run('wait', 'web', '--for', 'stopped')).toMatchObject({ code: 0 })
  expect(await isRefused(`tcp://127.0.0.1:${at.web}`)).toBe(true)
  expect(await project.run('port', 'web')).toMatchObject({ code: 3, stdout: '' })
  expect(await fetchText(at.admin)).toContain('pod tools')
  expect(await project.run('start', 'web')).toMatchObject({ code: 0, stderr: 'started: web\n' })
  expect(await project.run('wait', 'web')).toMatchObject({ code: 0 })
  const load = hammer(at.web, { everyMs: 20, forMs: 2_500 })
  expect(await project.run('restart', 'web')).toMatchObject({ code: 0, stderr: 'restarted: web\n' })
  expect(await load).toMatchObject({ refused: 0 })
  expect((await project.status()).forwards[0]).toMatchObject({ name: 'web', state: 'ready', restarts: 1 })
  expect(await project.run('start', 'spare')).toMatchObject({ code: 0 })
  expect(await project.run('wait', 'spare')).toMatchObject({ code: 0 })
  expect(await project.run('down', 'spare', 'tools')).toMatchObject({ code: 0, stderr: 'stopped: spare, tools\n' })
  expect(lines((await project.run('ps', '-o', 'name')).stdout)).toEqual(['web'])
})

test('reload applies the file, or says what is wrong with it and changes nothing', async () => {
  const at = await ports()
  await using project = await ScenarioProject.make(text(at), kubeconfig)
  await project.run('up', '--wait', '--no-watch')
  const other = { ...at, web: await freePort() }
  await project.write(text(other))
  expect(await isRefused(`tcp://127.0.0.1:${other.web}`)).toBe(true)
  expect(await project.run('reload')).toMatchObject({ code: 0, stderr: expect.stringContaining('~ web') })
  expect(await fetchText(other.web)).toContain('pod web-')
  await project.write(text(at).replace('target:', 'tarret:'))
  expect(await project.run('reload')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "target"?') })
  expect(await fetchText(other.web)).toContain('pod web-')
})

test('events and logs since a moment hold what happened after it, and nothing of before', async () => {
  await using project = await ScenarioProject.make(text(await ports()), kubeconfig)
  await project.run('up', '--wait')
  const all = lines((await project.run('events')).stdout).map((line) => JSON.parse(line) as { seq: number; time: string })
  expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1))
  // The next millisecond: the last event of the start may be of this one.
  const since = new Date(Date.parse(all.at(-1)?.time ?? '') + 1).toISOString()
  await project.run('stop', 'web')
  await project.run('wait', 'web', '--for', 'stopped')
  const later = lines((await project.run('events', '--since', since)).stdout).map((line) => JSON.parse(line) as { seq: number; forward?: string; to?: string })
  expect(later[0]?.seq).toBe(all.length + 1)
  expect(later.at(-1)).toMatchObject({ forward: 'web', to: 'stopped' })
  expect(lines((await project.run('logs', '--since', since, 'web')).stdout)).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d web: stopped$/)])
  expect(lines((await project.run('logs', 'tools')).stdout)).toEqual([expect.stringMatching(/ tools: ready on localhost:\d+/)])
  expect(await project.run('events', '--since', 'yesterday')).toMatchObject({ code: 2 })
})

test('ls tells the projects of this machine, each with how many are ready', async () => {
  await using project = await ScenarioProject.make(text(await ports()), kubeconfig)
  expect(await project.run('ls', '-o', 'name')).toMatchObject({ code: 0, stdout: '' })
  await project.run('up', '--wait')
  expect((await project.run('ls')).stdout).toMatch(/\nshop +2\/2 +\d+ +detached +\d+s +\/.*forwards\.yaml\n$/)
  await project.run('stop', 'web')
  await project.run('wait', 'web', '--for', 'stopped')
  expect((await project.run('ls')).stdout).toMatch(/\nshop +1\/1 /)
})

test.each<[string, readonly string[], number]>([
  ['ps', [], 8],
  ['wait', [], 8],
  ['wait', ['--for', 'stopped'], 0],
  ['port', ['web'], 8],
  ['url', ['web'], 8],
  ['env', [], 8],
  ['events', [], 8],
  ['logs', [], 8],
  ['start', ['web'], 8],
  ['stop', ['web'], 8],
  ['restart', [], 8],
  ['reload', [], 8],
  ['down', [], 0],
  ['ls', [], 0],
])('where nothing runs, `kpf %s %j` ends with %i', async (verb, more, code) => {
  await using project = await ScenarioProject.make(text({ web: 20_001, admin: 20_002, echo: 20_003 }), kubeconfig)
  const ran = await project.run(verb, ...more)
  expect([ran.code, ran.stdout === '' || verb === 'ls', code === 8 ? /nothing runs|no supervisor|does not run|not running/.test(ran.stderr) : true]).toEqual([
    code,
    true,
    true,
  ])
})

test('wait ends at once with the class of what failed, and with 124 while the API server is away', async () => {
  const at = await ports()
  await using project = await ScenarioProject.make(text(at), kubeconfig)
  expect(await project.run('up', '--wait', '--context', 'none')).toMatchObject({ code: 4 })
  expect(await project.run('wait')).toMatchObject({ code: 4, stderr: expect.stringMatching(/^kpf: (web|tools): failed: /) })
  expect(await project.run('down')).toMatchObject({ code: 0 })
  await project.run('up', '--wait')
  await cluster.kill('apiserver')
  await expect.poll(async () => (await project.status()).forwards[0]?.phase, { timeout: 20_000 }).toBe('cluster-down')
  const waited = await project.run('wait', '--timeout', '300ms')
  expect([waited.code, waited.stderr]).toEqual([124, expect.stringMatching(/^kpf: timed out after 0\.3 s\n {4}web: waiting: .*ECONNREFUSED/)])
  // A port is told although nobody can be reached through it now: it is bound.
  expect(await project.run('port', 'web')).toMatchObject({ code: 0 })
  await cluster.start('apiserver')
  await cluster.ready()
  expect(await project.run('wait')).toMatchObject({ code: 0 })
  expect(await fetchText(at.web)).toContain('pod web-')
})

test('a second file of variables, of another project, is another project to every verb', async () => {
  const at = await ports()
  await using project = await ScenarioProject.make(text(at).replace('svc/web', 'svc/${WEB:-web}'), kubeconfig)
  await writeFile(join(project.dir, 'other.env'), 'WEB=nothing\n')
  await project.run('up', '--wait')
  // Variables are no part of what a project is: the same one is asked.
  expect(await project.run('ps', '--env-file', 'other.env')).toMatchObject({ code: 0 })
  expect(await project.run('ps', '-p', 'other')).toMatchObject({ code: 8 })
})
