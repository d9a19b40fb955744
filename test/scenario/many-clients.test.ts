/** A hundred clients of one supervisor that has work to do: every one is answered, and gets all of it. */
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask } from '../../src/control/client.ts'
import { follow } from '../../src/control/follow.ts'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { freePorts } from '../../src/system/free-ports.ts'
import { fetchText } from '../e2e/clients.ts'
import { ScenarioProject } from './project.ts'

const CLIENTS = 100

test('a hundred ps, wait and events at once, under load, are all answered and miss nothing', async () => {
  const apps = [{ name: 'web', image: 'shop/web:2.1.0', replicas: 2, ports: { 8080: { name: 'http', speaks: 'http' } } }] as const
  const sandbox = await Sandbox.start({ clock: realClock, namespace: 'shop', apps })
  const ports = await freePorts(20)
  const project = await ScenarioProject.make(`forwards:\n${ports.map((port, index) => `  f${index}: svc/web ${port}:80\n`).join('')}`, sandbox.kubeconfig)
  try {
    expect((await project.run('up', '--wait')).code).toBe(0)
    const socket = await socketOf(project)
    const over = new AbortController()
    const load = Promise.all(ports.map((port) => fetching(port, over.signal)))
    const seen = Array.from({ length: CLIENTS }, (): number[] => [])
    const streams = seen.map((numbers) => follow(socket, { path: '/v1/events', lastId: '0', signal: over.signal }, ({ id }) => numbers.push(Number(id))))
    const tookMs = (await Promise.all(Array.from({ length: CLIENTS }, () => asking(socket)))).flat().toSorted((a, b) => a - b)
    // Real processes too: they need the machine more than the supervisor.
    const verbs = await Promise.all(Array.from({ length: 12 }, (_, index) => project.run(index % 2 === 0 ? 'ps' : 'wait')))
    expect(verbs.map(({ code }) => code)).toEqual(verbs.map(() => 0))
    const status = await project.status()
    await expect.poll(() => Math.min(...seen.map((numbers) => numbers.at(-1) ?? 0))).toBeGreaterThanOrEqual(status.seq)
    over.abort()
    const served = (await load).reduce((sum, count) => sum + count, 0)
    await Promise.all(streams)
    for (const numbers of seen) expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    const p99 = tookMs[Math.floor(tookMs.length * 0.99)] ?? 0
    process.stdout.write(
      `${tookMs.length} answers beside ${CLIENTS} streams and ${served} connections: p50 ${tookMs[tookMs.length >> 1]?.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms\n`,
    )
    expect(p99).toBeLessThan(5_000)
  } finally {
    await project[Symbol.asyncDispose]()
    await sandbox.close()
  }
}, 120_000)

async function socketOf(project: ScenarioProject): Promise<string> {
  const folder = join(project.dir, 'kpf/projects')
  const [lock = ''] = (await readdir(folder)).filter((name) => name.endsWith('.lock'))
  return JSON.parse(await readFile(join(folder, lock), 'utf8')).note.socket
}

/** Ten statuses, one after the other; how long each took, in ms. */
async function asking(socket: string): Promise<readonly number[]> {
  const took: number[] = []
  for (let round = 0; round < 10; round++) {
    const startMs = performance.now()
    expect(await ask(socket, { method: 'GET', path: '/v1/status' })).toMatchObject({ code: 200 })
    took.push(performance.now() - startMs)
  }
  return took
}

async function fetching(port: number, signal: AbortSignal): Promise<number> {
  let count = 0
  for (; !signal.aborted; count++) await fetchText(port)
  return count
}

test('a client that comes and goes leaves nothing behind', async () => {
  const sandbox = await Sandbox.start({ clock: realClock, namespace: 'shop', apps: [] })
  const project = await ScenarioProject.make('forwards: {}\n', sandbox.kubeconfig)
  try {
    expect((await project.run('up', '-d')).code).toBe(0)
    const [socket, { pid }] = [await socketOf(project), await project.status()]
    const open = async (): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length
    const before = await open()
    for (let round = 0; round < 300; round++) {
      const client = connect({ path: socket }).on('error', () => {})
      await once(client, 'connect')
      client.write('GET /v1/events HTTP/1.1\r\nHost: k\r\n\r\n')
      if (round % 2 === 0) await once(client, 'data')
      client.destroy()
    }
    await expect.poll(open).toBeLessThanOrEqual(before + 1)
  } finally {
    await project[Symbol.asyncDispose]()
    await sandbox.close()
  }
})
