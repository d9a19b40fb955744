/** Edits of the file, seen from outside. */
import { writeFile, open as openFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answered, fetchText, open } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { pod } from './rig/manifests.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(
    pod('web', {
      containers: [
        { app: 'http', ports: { http: 8080 } },
        { app: 'echo', ports: { echo: 7000 } },
      ],
    }),
  )
  await cluster.waitFor('condition=Ready', ['pod/web'])
}, 1_200_000)
afterAll(() => cluster.stop())

async function echo(port: number): Promise<import('node:net').Socket> {
  const socket = await open(port)
  socket.write('ping')
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

async function answers(socket: import('node:net').Socket): Promise<string> {
  socket.write('still there?')
  return String(await new Promise((resolve) => socket.once('data', resolve)))
}

test('an edit is in force within 400 ms of its rename', async () => {
  const [before, after] = [await freePort(), await freePort()]
  await using up = await Up.start(`forwards:\n  web: pod/web ${before}:8080\n`, { kubeconfig: cluster.kubeconfig })
  await up.ready('web')
  const tookMs: number[] = []
  for (const port of [after, before, after, before, after]) {
    await up.edit(`forwards:\n  web: pod/web ${port}:8080\n`)
    const startMs = performance.now()
    await answered(port)
    tookMs.push(Math.round(performance.now() - startMs))
  }
  console.info('edit to first byte, ms', tookMs)
  expect(tookMs.toSorted((a, b) => a - b)[2]).toBeLessThan(400)
})

test('an edit of one forward of ten leaves the other nine connections as they were', async () => {
  const ports = await Promise.all(Array.from({ length: 11 }, freePort))
  const text = (first: number): string => `forwards:\n${[first, ...ports.slice(1, 10)].map((port, index) => `  f${index}: pod/web ${port}:7000\n`).join('')}`
  await using up = await Up.start(text(ports[0] ?? 0), { kubeconfig: cluster.kubeconfig })
  await up.ready(...Array.from({ length: 10 }, (_, index) => `f${index}`))
  const sockets = await Promise.all(ports.slice(1, 10).map(echo))
  const since = up.events.length
  await up.edit(text(ports[10] ?? 0))
  await up.next('applied', (event) => event.type === 'config-applied', { since })
  expect(await Promise.all(sockets.map(answers))).toEqual(Array.from({ length: 9 }, () => 'still there?'))
  const touched = up.events.slice(since).filter((event) => event.type === 'forward-state-changed' && event.forward !== 'f0')
  expect(touched).toEqual([])
  for (const socket of sockets) socket.destroy()
})

test('twenty bad saves change nothing and name the place; the next good one is applied', async () => {
  const [port, next] = [await freePort(), await freePort()]
  await using up = await Up.start(`forwards:\n  web: pod/web ${port}:7000\n`, { kubeconfig: cluster.kubeconfig })
  await up.ready('web')
  const socket = await echo(port)
  for (let save = 0; save < 20; save++) await up.edit(`forwards:\n  web:\n    target: pod/web\n    ports: ["${port}:7000"]\n    localport: ${save}\n`)
  const rejected = await up.next('rejected', (event) => event.type === 'config-rejected')
  expect(rejected.problems?.[0]).toMatchObject({ line: 5, column: 5, code: 'KPF_KEY_UNKNOWN' })
  expect(await answers(socket)).toBe('still there?')
  await up.edit(`forwards:\n  web: pod/web ${port}:7000 ${next}:8080\n`)
  expect(await up.next('applied', (event) => event.type === 'config-applied' && event['generation'] === 2)).toBeDefined()
  await up.next('ready', (event) => event.type === 'forward-state-changed' && event.to === 'ready')
  expect(await answers(socket)).toBe('still there?')
  socket.destroy()
})

test('a save in place that pauses for 100 ms is never read half-written', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using up = await Up.start(`forwards:\n  a: pod/web ${a}:8080\n  b: pod/web ${b}:7000\n`, { kubeconfig: cluster.kubeconfig })
  await up.ready('a', 'b')
  for (let save = 0; save < 5; save++) {
    const since = up.events.length
    const file = await openFile(up.file, 'w')
    await file.write(`# save ${save}\nforwards:\n  a: pod/web ${a}:8080\n`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await file.write(`  b: pod/web ${b}:7000\n`)
    await file.close()
    await up.next('applied', (event) => event.type === 'config-applied', { since })
    expect(up.events.slice(since).map((event) => event.type)).toEqual(['config-applied'])
  }
})

test('an empty file stops nothing; an explicit empty map stops all', async () => {
  const port = await freePort()
  await using up = await Up.start(`forwards:\n  web: pod/web ${port}:8080\n`, { kubeconfig: cluster.kubeconfig })
  await up.ready('web')
  await writeFile(up.file, '')
  await up.next('rejected', (event) => event.type === 'config-rejected')
  await fetchText(port)
  await up.edit('forwards: {}\n')
  await up.next('stopped', (event) => event.to === 'stopped')
})
