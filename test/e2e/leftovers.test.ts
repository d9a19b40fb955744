/** After kpf has stopped there is no child, no socket, no timer and no file of it, but the compile cache. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { echoed, fetchText, open } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { type HostLine, readHostReport } from './rig/host-report.ts'
import { kubeconfigText } from './rig/kubeconfig.ts'
import { homesIn, listing, processesWith } from './rig/leftovers.ts'
import { deployment, pod, service } from './rig/manifests.ts'

const MARK = 'KPF_E2E_MARK'
const hostProgram = fileURLToPath(new URL('rig/host.ts', import.meta.url))

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(
    deployment('web', { replicas: 1, containers: [{ app: 'http', ports: { http: 8080 } }] }),
    service('web', { ports: [{ port: 80, targetPort: 'http' }] }),
    pod('echo', { containers: [{ app: 'echo', ports: { echo: 7000 } }] }),
  )
  await cluster.waitFor('condition=Available', ['deployment/web'])
  await cluster.waitFor('condition=Ready', ['pod/echo'])
}, 1_200_000)
afterAll(() => cluster.stop())

/** The folders that kpf may know of, with kubeconfigs whose users have a plugin that answers and one that never does. */
async function folders(base: string): Promise<{ env: Record<string, string>; all: readonly string[] }> {
  const homes = homesIn(base)
  const kube = join(base, 'kube')
  await Promise.all([kube, ...Object.values(homes)].map((folder) => mkdir(folder, { recursive: true })))
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'token-of-token' } }
  const plugins = { quick: `echo '${JSON.stringify(credential)}'`, slow: 'exec sleep 600' }
  await copyFile(cluster.kubeconfig, join(kube, 'config'))
  for (const [name, script] of Object.entries(plugins)) {
    const command = join(kube, `${name}-plugin`)
    await writeFile(command, `#!/bin/sh\n${script}\n`)
    await chmod(command, 0o755)
    const user = { exec: { apiVersion: credential.apiVersion, command, interactiveMode: 'Never' } }
    await writeFile(join(kube, name), kubeconfigText({ server: cluster.server, caFile: cluster.caFile(), user, name }))
  }
  const KUBECONFIG = ['config', 'quick', 'slow'].map((name) => join(kube, name)).join(':')
  return { env: { ...homes, KUBECONFIG, [MARK]: randomUUID() }, all: [kube, ...Object.values(homes)] }
}

interface Busy {
  readonly up: Up
  readonly ports: readonly number[]
  readonly clients: readonly Socket[]
}

/** kpf with all that it may have to let go of: open, half-closed, stalled and held connections, a port it waits for, a plugin. */
async function busyKpf(env: Readonly<Record<string, string>>, taken: number, host?: readonly string[]): Promise<Busy> {
  const ports = await Promise.all(Array.from({ length: 5 }, freePort))
  const [echo = 0, web = 0, quick = 0, slow = 0, missing = 0] = ports
  const text = [
    `echo: pod/echo ${echo}:7000`,
    `web: svc/web ${web}:80`,
    `quick: { context: quick, target: svc/web, ports: ["${quick}:80"] }`,
    `slow: { context: slow, target: svc/web, ports: ["${slow}:80"] }`,
    `missing: svc/nobody ${missing}:80`,
    `taken: svc/web ${taken}:80`,
  ]
  const up = await Up.start(`forwards:\n  ${text.join('\n  ')}\n`, { kubeconfig: env['KUBECONFIG'] ?? '', env, ...(host && { host }) })
  await up.ready('echo', 'web', 'quick')
  await up.next('taken', ({ phase }) => phase === 'port-busy')
  await up.next('missing', ({ forward, phase }) => forward === 'missing' && phase === 'no-pod')
  await Promise.all([fetchText(web), fetchText(quick)])
  const clients = await Promise.all([...Array.from({ length: 50 }, () => open(echo)), ...Array.from({ length: 6 }, () => open(web))])
  const held = await Promise.all(Array.from({ length: 3 }, () => open(slow)))
  for (const socket of [...clients, ...held]) socket.on('error', () => {})
  for (const socket of held) socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await Promise.all(clients.slice(0, 50).map((socket, index) => echoed(socket, `number ${index}`)))
  for (const socket of clients.slice(50, 53)) socket.end('GET /slow?ms=60000 HTTP/1.1\r\nhost: x\r\n\r\n')
  // Nobody reads these: they are stalled with their buffers full.
  for (const socket of clients.slice(53)) socket.write('GET /bytes?n=50000000 HTTP/1.1\r\nhost: x\r\n\r\n')
  await vi.waitFor(async () => expect((await processesWith(MARK, env[MARK] ?? '')).join('\n')).toContain('sleep 600'), { timeout: 5_000, interval: 50 })
  return { up, ports, clients: [...clients, ...held] }
}

/** A port that somebody has. */
async function takenPort(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) }
}

async function expectNothingLeft({ up, ports, clients }: Busy, mark: string): Promise<void> {
  expect(await processesWith(MARK, mark)).toEqual([])
  for (const port of ports) await expect(open(port)).rejects.toThrow('ECONNREFUSED')
  for (const socket of clients) socket.resume()
  await vi.waitFor(() => expect(clients.filter((socket) => !socket.destroyed && !socket.readableEnded)).toEqual([]), { timeout: 5_000 })
  for (const socket of clients) socket.destroy()
  await up.stop()
}

function line<At extends HostLine['at']>(report: readonly HostLine[], at: At): Extract<HostLine, { at: At }> {
  const found = report.find((candidate): candidate is Extract<HostLine, { at: At }> => candidate.at === at)
  if (found === undefined) throw new Error(`the host told no "${at}": ${JSON.stringify(report)}`)
  return found
}

test('a program that ran kpf inside itself has no timer, socket or child of it afterwards, and ends by itself', async () => {
  const base = await mkdtemp(join(tmpdir(), 'kpf-left-'))
  const { env } = await folders(base)
  const report = join(base, 'report')
  await using taken = await takenPort()
  const busy = await busyKpf(env, taken.port, [hostProgram, report])
  await using _up = busy.up
  process.kill(busy.up.pid, 'SIGINT')
  await vi.waitFor(async () => line(await readHostReport(report), 'stopped'), { timeout: 10_000, interval: 20 })
  const stoppedMs = performance.now()
  await vi.waitFor(async () => line(await readHostReport(report), 'idle'), { timeout: 5_000, interval: 20 })
  await busy.up.exited
  const tookMs = performance.now() - stoppedMs
  const lines = await readHostReport(report)
  const { at: _, ...before } = line(lines, 'before')
  expect(line(lines, 'stopped')).toEqual({ at: 'stopped', code: 0, children: '', ...before })
  expect(before.sockets).toEqual([])
  expect(line(lines, 'idle')).toMatchObject({ timers: before.timers })
  expect(lines.map(({ at }) => at)).toEqual(['before', 'stopped', 'idle'])
  console.info('from stopped to exit, ms', { loop: Math.round(line(lines, 'idle').afterMs), process: Math.round(tookMs) })
  expect(tookMs).toBeLessThan(1_000)
  await expectNothingLeft(busy, env[MARK] ?? '')
  await rm(base, { recursive: true })
})

/** The sockets of a process, by the kernel's tables: those that listen, and those that are connected. */
async function socketsAt(ports: readonly number[]): Promise<readonly string[]> {
  const wanted = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')))
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8')))
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => wanted.has(local?.split(':')[1] ?? '') && (state === '0A' || state === '01'))
    .map(([, local, remote, state]) => `${local} ${remote} ${state}`)
}

test('`kpf up` leaves no process, no socket and no file but the compile cache', async () => {
  const base = await mkdtemp(join(tmpdir(), 'kpf-left-'))
  const { env, all } = await folders(base)
  await using taken = await takenPort()
  const before = await listing(all)
  const busy = await busyKpf(env, taken.port)
  await using _up = busy.up
  expect(await socketsAt(busy.ports)).not.toEqual([])
  process.kill(busy.up.pid, 'SIGINT')
  expect(await busy.up.exited).toBe(0)
  expect(await socketsAt(busy.ports)).toEqual([])
  expect(await readdir(busy.up.dir)).toEqual(['forwards.yaml'])
  const cache = join(env['XDG_CACHE_HOME'] ?? '', 'kpf')
  // Private folders stay for the next run, and there is nothing in them: no lock, no socket.
  const [state, sockets] = [join(env['XDG_STATE_HOME'] ?? '', 'kpf'), join(env['XDG_RUNTIME_DIR'] ?? '', 'kpf')]
  expect((await listing(all)).filter((path) => ![cache, state, join(state, 'projects'), sockets].includes(path))).toEqual(before)
  expect(await listing(all)).toContain(cache)
  await expectNothingLeft(busy, env[MARK] ?? '')
  await rm(base, { recursive: true })
})
