/** The process itself: how it starts, what it holds, how it leaves; and a server that leaves slowly. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { answered, echoed, fetchText, isRefused, open } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { KubectlForward } from './rig/kubectl-forward.ts'
import { deployment, pod, service } from './rig/manifests.ts'

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

const start = (lines: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Up> =>
  Up.start(`forwards:\n${lines.map((line, index) => `  f${index}: ${line}\n`).join('')}`, { kubeconfig: cluster.kubeconfig, env })

/** What a process holds: its descriptors as links, its children. */
async function held(pid: number): Promise<{ descriptors: number; children: string }> {
  const children = await Promise.all((await readdir(`/proc/${pid}/task`)).map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')))
  return { descriptors: (await readdir(`/proc/${pid}/fd`)).length, children: children.join('') }
}

test('200 connections leave no descriptor and no child', async () => {
  const port = await freePort()
  await using up = await start([`svc/web ${port}:80`])
  await up.ready('f0')
  await fetchText(port)
  const settled = async (): Promise<number> => {
    const first = (await held(up.pid)).descriptors
    await new Promise((resolve) => setTimeout(resolve, 100))
    const second = (await held(up.pid)).descriptors
    if (first !== second) throw new Error(`still ${first}, ${second}`)
    return second
  }
  const before = await vi.waitFor(settled, { timeout: 5_000, interval: 50 })
  await Promise.all(Array.from({ length: 200 }, () => fetchText(port)))
  await vi.waitFor(async () => expect((await held(up.pid)).descriptors).toBeLessThanOrEqual(before), { timeout: 10_000, interval: 100 })
  expect((await held(up.pid)).children.trim()).toBe('')
  const beganMs = performance.now()
  expect(await up.stop()).toBe(0)
  console.info('stop of an idle kpf, ms', Math.round(performance.now() - beganMs))
  expect(performance.now() - beganMs).toBeLessThan(3_000)
  await expect(open(port)).rejects.toThrow('ECONNREFUSED')
})

test.each([
  ['node', process.execPath, (port: number) => ['-e', `require('net').createServer().listen(${port}, '127.0.0.1')`]],
  ['python3', 'python3', (port: number) => ['-c', `import socket,time; s=socket.create_server(('127.0.0.1', ${port})); time.sleep(600)`]],
])('a local port that %s has is told with its pid and command, and taken over within 3 s', async (command, file, args) => {
  const port = await freePort()
  const holder = spawn(file, args(port), { stdio: 'ignore' })
  try {
    await vi.waitFor(async () => (await open(port)).destroy(), { timeout: 5_000, interval: 20 })
    await using up = await start([`svc/web ${port}:80`])
    const names = `${command} (pid ${holder.pid})`
    const busy = await up.next(names, ({ phase, message }) => phase === 'port-busy' && message?.includes(names) === true, { limitMs: 5_000 })
    expect(busy).toMatchObject({ to: 'waiting', reason: 'KPF_PORT_BUSY' })
    const since = up.events.length
    holder.kill()
    await once(holder, 'exit')
    const freeMs = performance.now()
    await up.next('ready', ({ to }) => to === 'ready', { since })
    console.info('taken over after, ms', Math.round(performance.now() - freeMs))
    expect(performance.now() - freeMs).toBeLessThan(3_000)
    await fetchText(port)
  } finally {
    holder.kill('SIGKILL')
  }
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s ends it at once with %i, a busy connection or not', async (signal, code) => {
  const port = await freePort()
  await using up = await start([`svc/web ${port}:80`])
  await up.ready('f0')
  const busy = await open(port)
  busy.on('error', () => {})
  busy.write('GET /stream?n=10000&ms=50 HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(busy, 'data')
  process.kill(up.pid, signal)
  await up.next('stopping', ({ type }) => type === 'stopping')
  const beganMs = performance.now()
  expect(await up.stop(signal)).toBe(code)
  const tookMs = Math.round(performance.now() - beganMs)
  console.info(`second ${signal} to exit, ms`, tookMs)
  expect(tookMs).toBeLessThan(700)
})

// Node refuses to reset a socket whose end is still on its way, and then turns in circles at its own exit.
test('a second signal just after an answer ends the process, although that connection is half closed', async () => {
  for (let round = 0; round < 5; round++) {
    const port = await freePort()
    await using up = await start([`svc/web ${port}:80`])
    await up.ready('f0')
    const busy = await open(port)
    busy.on('error', () => {})
    busy.write('GET /slow?ms=5000 HTTP/1.1\r\nhost: x\r\n\r\n')
    await fetchText(port)
    process.kill(up.pid, 'SIGINT')
    await up.next('stopping', ({ type }) => type === 'stopping')
    const stuck = setTimeout(() => process.kill(up.pid, 'SIGKILL'), 5_000)
    expect(await up.stop('SIGTERM')).toBe(143)
    clearTimeout(stuck)
    busy.destroy()
  }
})

// The node tells the end a second after the program: half a second of answer leaves room in the two of the drain.
test('a first SIGINT lets a busy connection end, and tells how many there are', async () => {
  const port = await freePort()
  await using up = await start([`svc/web ${port}:80`])
  await up.ready('f0')
  const busy = await open(port)
  busy.write('GET /stream?n=10&ms=50 HTTP/1.1\r\nhost: x\r\n\r\n')
  let answer = ''
  busy.on('data', (chunk: Buffer) => {
    answer += chunk.toString()
    if (answer.endsWith('\r\n0\r\n\r\n')) busy.end()
  })
  await once(busy, 'data')
  const closed = once(busy, 'close')
  const code = up.stop('SIGINT')
  expect(await up.next('stopping', ({ type }) => type === 'stopping')).toMatchObject({ busy: 1 })
  await closed
  expect(answer).toMatch(/\r\n0\r\n\r\n$/)
  expect(await code).toBe(0)
})

test('25 forwards to one Service all answer', async () => {
  const ports: number[] = []
  while (ports.length < 25) {
    const port = await freePort()
    if (!ports.includes(port)) ports.push(port)
  }
  const beganMs = performance.now()
  await using up = await start(ports.map((port) => `svc/web ${port}:80`))
  await Promise.all(ports.map(answered))
  console.info('25 forwards, spawn to all answering, ms', Math.round(performance.now() - beganMs))
  await up.ready(...ports.map((_, index) => `f${index}`))
  expect(up.events.filter(({ to }) => to === 'waiting' || to === 'failed')).toEqual([])
})

test('the first byte comes about as soon as through kubectl port-forward', async () => {
  const viaKubectl = async (): Promise<number> => {
    const beganMs = performance.now()
    await using _forward = await KubectlForward.start(cluster, 'svc/web', 80)
    return performance.now() - beganMs
  }
  const viaKpf = async (): Promise<number> => {
    const port = await freePort()
    const beganMs = performance.now()
    await using _up = await start([`svc/web ${port}:80`])
    await answered(port)
    return performance.now() - beganMs
  }
  const [kpfMs, kubectlMs]: [number[], number[]] = [[], []]
  for (let round = 0; round < 5; round++) {
    kpfMs.push(await viaKpf())
    kubectlMs.push(await viaKubectl())
  }
  const [ours, theirs] = [kpfMs, kubectlMs].map((all) => all.toSorted((a, b) => a - b)[2] ?? Number.NaN) as [number, number]
  console.info('spawn to first byte, median of 5, ms', { kpf: Math.round(ours), kubectl: Math.round(theirs), ratio: Number((ours / theirs).toFixed(2)) })
  expect(ours).toBeLessThan(5_000)
})

// The last one: a node that told nothing for a minute is unready for some seconds, with all its pods.
test('an API server that ends gently serves old and new connections for its 60 s, though it can no longer be dialled', async () => {
  const [port, webPort] = [await freePort(), await freePort()]
  await using up = await start([`pod/echo ${port}:7000`, `svc/web ${webPort}:80`])
  await up.ready('f0', 'f1')
  const socket = await open(port)
  socket.on('error', () => {})
  expect(await echoed(socket, 'before')).toBe('before')
  const [since, endsMs] = [up.events.length, performance.now()]
  await cluster.signal('apiserver', 'TERM')
  await vi.waitFor(async () => expect(await isRefused(cluster.server)).toBe(true), { timeout: 5_000, interval: 50 })
  for (let beat = 0; performance.now() - endsMs < 57_000; beat++) {
    expect(await echoed(socket, `beat ${beat}`)).toBe(`beat ${beat}`)
    await fetchText(webPort, '/whoami')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  expect(await isRefused(cluster.server)).toBe(true)
  expect(up.events.slice(since).filter(({ type }) => type === 'forward-state-changed')).toEqual([])
  await up.next('lost', ({ to }) => to === 'waiting', { since })
  console.info('API server gone after TERM, ms', Math.round(performance.now() - endsMs))
  await vi.waitFor(async () => expect((await cluster.pids()).apiserver).toBe(0), { timeout: 5_000, interval: 50 })
  const lost = up.events.length
  await cluster.start('apiserver')
  await up.next('ready again', ({ forward, to }) => forward === 'f1' && to === 'ready', { since: lost })
  await answered(webPort)
  socket.destroy()
}, 120_000)
