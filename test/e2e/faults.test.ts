/** What breaks on the way: the API server, the kubelet, the runtime, one connection. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { fetchText, hammer, open } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { deployment, pod, service } from './rig/manifests.ts'
import { askedMode } from './rig/modes.ts'
import { askUpgrade } from './rig/upgrade.ts'

let cluster: Cluster
const running: Up[] = []

beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(
    deployment('web', { replicas: 1, containers: [{ app: 'http', ports: { http: 8080 } }] }),
    service('web', {
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'closed', port: 9999, targetPort: 9999 },
      ],
    }),
    pod('echo', { containers: [{ app: 'echo', ports: { echo: 7000 } }] }),
    pod('late', { containers: [{ app: 'late', ports: { late: 7001 } }] }),
  )
  await cluster.waitFor('condition=Available', ['deployment/web'])
  await cluster.waitFor('condition=Ready', ['pod/echo', 'pod/late'])
}, 1_200_000)
afterEach(async () => {
  for (const up of running.splice(0)) await up.stop('SIGTERM')
})
afterAll(() => cluster.stop())

async function start(target: string, more = ''): Promise<{ up: Up; port: number }> {
  const port = await freePort()
  const up = await Up.start(`forwards:\n  web:\n    target: ${target.split(' ')[0]}\n    ports: ["${port}:${target.split(' ')[1]}"]\n${more}`, {
    kubeconfig: cluster.kubeconfig,
  })
  running.push(up)
  await up.ready('web')
  return { up, port }
}

test('an API server that is killed for 5 s costs no held connection, and is used again within 2 s of its return', async () => {
  // A server that starts slowly would have more of them waiting than the 64 that are held by default.
  const { up, port } = await start('svc/web 80', '    hold: { timeout: 30s, maxConnections: 200 }\n')
  const hammered = hammer(port, { everyMs: 100, forMs: 12_000 })
  // Between two requests, so that none is inside the tunnel when it is cut.
  await new Promise((resolve) => setTimeout(resolve, 1_050))
  const since = up.events.length
  const killedAt = new Date().toISOString()
  const killMs = performance.now()
  await cluster.kill('apiserver')
  const deadMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  await cluster.start('apiserver')
  while ((await cluster.kubectl(['get', '--raw=/readyz'])).code !== 0) await new Promise((resolve) => setTimeout(resolve, 50))
  const backMs = performance.now()
  await up.next('ready again', (event) => event.forward === 'web' && event.to === 'ready', { since })
  const readyMs = performance.now() - backMs
  const result = await hammered
  const told = up.events.slice(since).filter(({ type }) => type !== 'connection-accepted')
  console.info(
    'API server killed',
    { ...result, readyAfterMs: Math.round(readyMs), killedAt },
    told.map(({ time, type, phase, message }) => `${time} ${type} ${phase} ${message}`),
  )
  expect(result.refused).toBe(0)
  // A process that is killed keeps its sockets until it is torn down, which takes a while on a busy machine: what is
  // handed to the tunnel meanwhile was never held, and is not sent twice.
  expect(result.lostOutside(killMs - 100, deadMs)).toBe(0)
  expect(readyMs).toBeLessThan(2_000)
}, 90_000)

test('a refused port beside a good one costs its own connections only', async () => {
  const [good, closed] = [await freePort(), await freePort()]
  const up = await Up.start(`forwards:\n  web: svc/web ${good}:80 ${closed}:9999\n`, { kubeconfig: cluster.kubeconfig })
  running.push(up)
  await up.ready('web')
  const living = await open(good)
  living.write('GET /slow?ms=2500 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const errors = await Promise.all(Array.from({ length: 3 }, () => fetchText(closed).catch((error: unknown) => String(error))))
  for (const error of errors) expect(error).toContain('ECONNRESET')
  const chunks: Buffer[] = []
  living.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(living, 'end')
  expect(Buffer.concat(chunks).toString()).toContain('200 OK')
  await up.next('said to be refused', (event) => event.phase === 'refused')
  await fetchText(good)
  await up.next('ready after a success', (event) => event.to === 'ready', { since: up.events.findIndex((event) => event.phase === 'refused') })
})

test('a client that resets in mid-transfer leaves its neighbours and the tunnel alone', async () => {
  const { up, port } = await start('svc/web 80')
  const before = up.events.length
  const rude = await open(port)
  rude.on('error', () => {})
  rude.write('GET /bytes?n=50000000 HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(rude, 'data')
  rude.resetAndDestroy()
  expect((await fetchText(port, '/bytes?n=1000000')).length).toBe(1_000_000)
  expect(up.events.slice(before).filter((event) => event.type === 'forward-state-changed')).toEqual([])
})

test('a client that half-closes gets an answer that comes 2.5 s later, whole', async () => {
  const { port } = await start('pod/late 7001')
  const socket = await open(port)
  socket.end('question')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  expect(Buffer.concat(chunks).length).toBeGreaterThanOrEqual(200)
}, 30_000)

test('a held client that gives up never reaches a pod', async () => {
  const { up, port } = await start('svc/web 80')
  const [podName = ''] = (await cluster.kubectlOutput(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].metadata.name}'])).split(' ')
  await cluster.kubectlOutput(['scale', 'deployment/web', '--replicas=0'])
  await cluster.waitFor('delete', [`pod/${podName}`])
  await up.next('no pod', (event) => event.phase === 'no-pod')
  const client = await open(port)
  client.on('error', () => {})
  client.write('POST /count HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 500))
  client.resetAndDestroy()
  const since = up.events.length
  await cluster.kubectlOutput(['scale', 'deployment/web', '--replicas=1'])
  await up.next('ready again', (event) => event.to === 'ready', { since })
  expect((await fetchText(port, '/count')).trim()).toBe('0')
}, 60_000)

/** What the server says to a dial of the pod, every 50 ms until one succeeds; each answer once. */
async function answersUntilServed(podName: string): Promise<readonly string[]> {
  const [ca, seen] = [await readFile(cluster.caFile()), new Set<string>()]
  const protocol = askedMode() === 'spdy-only' ? 'spdy' : 'websocket'
  for (const endMs = performance.now() + 20_000; performance.now() < endMs; ) {
    const { status, body } = await askUpgrade(cluster, podName, { ca, token: 'token-of-token', protocol })
    seen.add(`${status} ${body}`)
    if (status === 101) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return [...seen]
}

test('a kubelet that is killed under load and comes back serves all who waited, from the same pod', async () => {
  const { up, port } = await start('svc/web 80', '    hold: { timeout: 30s }\n')
  const [podName, since] = [(await fetchText(port, '/whoami')).trim(), up.events.length]
  await cluster.kill('kubelet-1')
  await up.next('lost', (event) => event.to === 'waiting', { since })
  const hammered = hammer(port, { everyMs: 100, forMs: 6_000, path: '/whoami' })
  await cluster.start('kubelet-1')
  const answers = await answersUntilServed(podName)
  const result = await hammered
  console.info('kubelet killed', result, answers)
  // A kubelet that is just back knows no pods for a second: no reason to leave the pod, or to give up.
  expect(answers).toContain('404 pod does not exist')
  expect(result).toMatchObject({ failed: 0, errors: [] })
  expect((await fetchText(port, '/whoami')).trim()).toBe(podName)
  expect(up.events.slice(since).filter(({ type, to, phase }) => type === 'forward-moved' || to === 'failed' || phase === 'no-pod')).toEqual([])
}, 90_000)

test('a runtime that is stopped is found by pings, and the tunnel works again when it goes on', async () => {
  const { up, port } = await start('svc/web 80', '    hold: { timeout: 30s }\n    transport: { pingInterval: 2s }\n')
  const since = up.events.length
  await cluster.signal('runtime-1', 'STOP')
  await up.next('doubted', (event) => event.phase === 'suspect' || event.to === 'waiting', { since, limitMs: 20_000 })
  await cluster.signal('runtime-1', 'CONT')
  expect(await fetchText(port, '/', 30_000)).toContain('pod web-')
}, 90_000)

// A forward holds 64 connections at most: the loads below stay under that.

/** By its process id, as the kernel would for want of memory; returns when it is gone. */
async function killRuntime(): Promise<void> {
  const pid = (await cluster.pids())['runtime-1']
  if (!pid) throw new Error('the runtime does not run')
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(async () => expect((await cluster.pids())['runtime-1']).toBe(0), { timeout: 5_000, interval: 20 })
}

async function startRuntime(): Promise<void> {
  await cluster.start('runtime-1')
  await cluster.waitFor('condition=Ready', ['pod/echo', 'pod/late'])
}

test('a runtime that is killed under load costs the connections that it carried; later ones wait until it is back', async () => {
  const { up, port } = await start('svc/web 80', '    hold: { timeout: 30s }\n')
  const hammered = hammer(port, { everyMs: 200, forMs: 14_000, path: '/whoami' })
  const carried = fetchText(port, '/slow?ms=20000', 30_000).catch((error: unknown) => String(error))
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const since = up.events.length
  await killRuntime()
  const killedMs = performance.now()
  await up.next('lost', ({ to }) => to === 'waiting', { since, limitMs: 20_000 })
  const lostMs = Math.round(performance.now() - killedMs)
  expect(await carried).toMatch(/ECONNRESET|hang up/)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const back = up.events.length
  const startedMs = performance.now()
  await startRuntime()
  await up.next('ready again', ({ to }) => to === 'ready', { since: back })
  const readyMs = Math.round(performance.now() - startedMs)
  const result = await hammered
  console.info('runtime killed', { ...result, lostMs, readyMs })
  // The kubelet needs a second or two for the pod; the watch then says that it is back.
  expect(readyMs).toBeLessThan(5_000)
  expect(result.refused).toBe(0)
  // What was inside the tunnel at that moment, or went in before its end was told.
  expect(result.failed).toBeLessThanOrEqual(3)
  expect(await fetchText(port)).toContain('pod web-')
  expect(up.events.slice(since).some(({ to }) => to === 'failed')).toBe(false)
}, 90_000)

test('a runtime that answers nothing is found dead under load, and killed then: who comes after that is answered when it is back', async () => {
  const { up, port } = await start('svc/web 80', '    hold: { timeout: 30s }\n')
  const since = up.events.length
  await cluster.signal('runtime-1', 'STOP')
  const stoppedMs = performance.now()
  const unanswered = hammer(port, { everyMs: 50, forMs: 6_000, path: '/whoami' })
  await up.next('found dead', ({ to }) => to === 'waiting', { since, limitMs: 25_000 })
  const foundMs = Math.round(performance.now() - stoppedMs)
  const held = hammer(port, { everyMs: 200, forMs: 6_000, path: '/whoami' })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await killRuntime()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await startRuntime()
  const [before, after] = [await unanswered, await held]
  console.info('runtime stopped, then killed', { foundMs, before, after })
  expect(foundMs).toBeLessThan(18_000)
  expect([before.refused, after.refused]).toEqual([0, 0])
  expect(after).toMatchObject({ failed: 0, errors: [] })
}, 120_000)
