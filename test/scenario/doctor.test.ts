/** `kpf doctor` on the sample cluster: each broken set-up is named, with what helps and the exit code of its kind. */
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { doctor, type Report } from '../e2e/doctor.ts'
import { freePort, kpf } from '../e2e/kpf.ts'

let sandbox: Sandbox
let dir: string

beforeAll(async () => {
  sandbox = await Sandbox.start({
    clock: realClock,
    namespace: 'shop',
    apps: [{ name: 'web', image: 'shop/web:2.1.0', replicas: 1, ports: { 8080: { name: 'http', speaks: 'http' } } }],
  })
  dir = await mkdtemp(join(tmpdir(), 'kpf-doctor-'))
  await writeFile(join(dir, 'kubeconfig'), sandbox.kubeconfig)
})
afterEach(() => sandbox.denied.clear())
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

async function examine(
  forwards: string,
  { kubeconfig = sandbox.kubeconfig, env = {} }: { kubeconfig?: string; env?: Record<string, string> } = {},
): Promise<Report> {
  const own = await mkdtemp(join(dir, 'case-'))
  await writeFile(join(own, 'forwards.yaml'), forwards)
  await writeFile(join(own, 'kubeconfig'), kubeconfig)
  return doctor([], { cwd: own, env: { HOME: own, KUBECONFIG: join(own, 'kubeconfig'), ...env } })
}

const told = ({ errors }: Report): readonly string[] => errors.map(({ id, code }) => `${id} ${code}`)

test('a set-up that is in order ends with 0, and opens no forward', async () => {
  const port = await freePort()
  const report = await examine(`forwards:\n  web: svc/web ${port}:80\n`)
  expect(report.errors).toEqual([])
  expect(report.code).toBe(0)
  expect(report.findings.find(({ id }) => id === 'target')?.evidence).toMatch(/^pod web-\w+, port 80 is 8080$/)
  expect(report.findings.find(({ id }) => id === 'identity')?.evidence).toBe('the user is sample')
  expect(report.findings.find(({ id }) => id === 'clock')?.severity).toBe('ok')
})

test('a busy port is told with who has it', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const address = holder.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const report = await examine(`forwards:\n  web: svc/web ${port}:80\n`)
  holder.close()
  expect(report.code).toBe(6)
  expect(told(report)).toEqual(['local-port KPF_PORT_BUSY'])
  expect(report.errors[0]?.fix).toContain(`kill ${process.pid}`)
  expect(report.errors[0]?.fix).toContain('forwards.yaml:2')
})

test('a missing service is told with the near name, and a wrong port with those that there are', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const report = await examine(`forwards:\n  wbe: svc/wbe ${a}:80\n  port: svc/web ${b}:grpc\n`)
  expect(told(report)).toEqual(['target KPF_OBJECT_MISSING', 'target KPF_PORT_UNKNOWN'])
  expect(report.errors[0]?.fix).toContain('did you mean "web"')
  expect(report.errors[1]?.fix).toContain('80 (http)')
  expect(report.code).toBe(1)
})

test('a right that is missing is told with the Role to ask for', async () => {
  sandbox.denied.add('create pods/portforward')
  const report = await examine(`forwards:\n  web: svc/web ${await freePort()}:80\n`)
  expect(report).toMatchObject({ code: 4, errors: [{ id: 'permissions', code: 'KPF_FORBIDDEN', fix: expect.stringContaining('kpf rbac web') }] })
})

test('problems of the file come with their places', async () => {
  const report = await examine('forwards:\n  web: { target: svc/web, port: 80 }\n')
  expect(report.code).toBe(2)
  expect(report.errors.every(({ about }) => about?.startsWith('forwards.yaml:2:') === true)).toBe(true)
})

test('a server that is away is told once, and its forwards are not blamed', async () => {
  const gone = sandbox.kubeconfig.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${await freePort()}`)
  const report = await examine(`forwards:\n  a: svc/web ${await freePort()}:80\n  b: svc/web ${await freePort()}:80\n`, { kubeconfig: gone })
  expect(report.code).toBe(5)
  expect(told(report)).toEqual(['server KPF_CLUSTER_UNREACHABLE'])
  expect(report.findings.filter(({ id, severity }) => id === 'target' && severity === 'note').length).toBe(2)
})

test('a plugin that hangs, and a server that says nothing, are not waited for longer than 10 s', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sleep', args: ['60'], interactiveMode: 'Never' }
  const config = JSON.parse(sandbox.kubeconfig) as Record<string, unknown>
  const hanging = JSON.stringify({ ...config, users: [{ name: 'sample', user: { exec: plugin } }] })
  const [slow, mute] = await Promise.all([
    examine(`forwards:\n  a: svc/web ${await freePort()}:80\n`, { kubeconfig: hanging }),
    examine(`forwards:\n  a: svc/web ${await freePort()}:80\n`, { kubeconfig: sandbox.kubeconfig.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`) }),
  ])
  silent.close()
  const said = [slow, mute].map(({ errors }) => errors.map(({ id, code, evidence }) => `${id} ${code} ${evidence}`))
  // Which limit has ended them is told by the words: a plugin alone may take 30 s.
  expect(said).toEqual([
    [expect.stringMatching(/^server KPF_CLUSTER_TIMEOUT .*no answer in the time of the examination/)],
    [expect.stringMatching(/^server KPF_CLUSTER_TIMEOUT .*the TLS handshake took more than 5 s/)],
  ])
})

test('a signal ends it without a report', async () => {
  const interrupt = new AbortController()
  const silent = createServer(() => interrupt.abort()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await writeFile(join(dir, 'silent'), sandbox.kubeconfig.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`))
  const ended = await kpf(['doctor', 'svc/web'], { cwd: dir, env: { KUBECONFIG: join(dir, 'silent'), HOME: dir }, interrupt: interrupt.signal })
  silent.close()
  expect(ended).toEqual({ code: 130, stdout: '', stderr: '' })
})

test('another kpf before ours, and an alias, are warned of', async () => {
  const bin = join(dir, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'kpf'), '#!/bin/sh\n')
  await chmod(join(bin, 'kpf'), 0o755)
  await writeFile(join(dir, '.zshrc'), "alias kpf='kubectl port-forward'\n")
  const report = await examine(`forwards:\n  web: svc/web ${await freePort()}:80\n`, { env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: dir } })
  expect(report.findings.filter(({ severity }) => severity === 'warning').map(({ id }) => id)).toEqual(['path', 'alias'])
  expect(report.code).toBe(0)
})

test('the text has sections, and names choose', async () => {
  const env = { KUBECONFIG: join(dir, 'kubeconfig'), HOME: dir }
  const { code, stdout } = await kpf(['doctor', '-n', 'shop', 'svc/web'], { cwd: dir, env })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^This machine\n[^]*\n\nClusters\n[^]*\n\nForwards\n[^]*svc\/web: pod web-/m)
  expect(await kpf(['doctor', 'svc/web', ':81'], { cwd: dir, env })).toMatchObject({ code: 1, stdout: expect.stringContaining('has no port 81') })
  expect(await kpf(['doctor', 'nobody', '-f', 'none.yaml'], { cwd: dir, env })).toMatchObject({ code: 2 })
})
