/** PostgreSQL through a forward: a protocol that talks in turns, with real clients. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { postgres } from './rig/manifests.ts'
import { outputOf } from './rig/program.ts'

let cluster: Cluster
let up: Up
let port: number

beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(postgres('pg'))
  await cluster.waitFor('condition=Ready', ['pod/pg'], '60s')
  port = await freePort()
  up = await Up.start(`forwards:\n  pg: pod/pg ${port}:postgres\n`, { kubeconfig: cluster.kubeconfig })
  await up.ready('pg')
}, 1_200_000)
afterAll(async () => {
  await up.stop('SIGTERM')
  await cluster.stop()
})

/** Debian's own wrappers stand in /usr/bin and want a locale; the programs themselves do not. */
function program(name: string): string {
  return globSync(`/usr/lib/postgresql/*/bin/${name}`).toSorted().at(-1) ?? `/usr/bin/${name}`
}

const where = (): readonly string[] => ['-h', '127.0.0.1', '-p', String(port), '-U', 'app']
const psql = (sql: string): Promise<string> => outputOf(program('psql'), [...where(), '-d', 'postgres', '-At', '-c', sql], { limitMs: 20_000 })

/** pgbench's own figures. It tells of failed transactions, and ends with an error for a lost client. */
async function pgbench(clients: number, seconds: number): Promise<{ processed: number; failed: number; tps: number }> {
  const text = await outputOf(program('pgbench'), [...where(), '-n', '-c', String(clients), '-T', String(seconds), 'postgres'], { limitMs: 40_000 })
  const figure = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN)
  return {
    processed: figure(/actually processed: (\d+)/),
    failed: figure(/failed transactions: (\d+)/),
    tps: Math.round(figure(/tps = ([\d.]+)/)),
  }
}

function startPsql(sql: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(program('psql'), [...where(), '-d', 'postgres', '-At', '-c', sql], { stdio: 'ignore', env: { ...process.env, ...env } })
}

const backends = async (mark: string): Promise<number> =>
  Number(await psql(`select count(*) from pg_stat_activity where query like '%${mark}%' and pid <> pg_backend_pid()`))

test('psql asks and is answered', async () => {
  expect(await psql('select 1')).toBe('1\n')
})

test('a result of 20 MB comes whole', async () => {
  expect((await psql("select repeat('x', 1000) from generate_series(1, 20000)")).length).toBe(20_000 * 1_001)
})

test('pgbench fills its tables, and 10 clients fail no transaction in 5 s', async () => {
  await outputOf(program('pgbench'), [...where(), '-i', '-q', 'postgres'], { limitMs: 40_000 })
  const result = await pgbench(10, 5)
  console.info('pgbench -c 10 -T 5', result)
  expect(result.failed).toBe(0)
  expect(result.processed).toBeGreaterThan(100)
})

test('every transaction of 5 s over connections of its own succeeds', async () => {
  const text = await outputOf(program('pgbench'), [...where(), '-n', '-S', '-C', '-c', '4', '-T', '5', 'postgres'], { limitMs: 40_000 })
  console.info('pgbench -S -C', /tps = [\d.]+/.exec(text)?.[0])
  expect(text).toMatch(/failed transactions: 0 /)
})

test('a client that is killed in mid-query leaves the others alone, and its query ends', async () => {
  const before = up.events.length
  // PostgreSQL looks for its client in mid-query only when asked to.
  const victim = startPsql("select 'victim', pg_sleep(60)", { PGOPTIONS: '-c client_connection_check_interval=100ms' })
  const neighbour = startPsql("select 'neighbour', pg_sleep(5)")
  const neighbourEnded = once(neighbour, 'exit')
  await vi.waitFor(async () => expect(await backends("victim'', pg_sleep")).toBe(1), { timeout: 5_000, interval: 50 })
  const bench = pgbench(4, 4)
  victim.kill('SIGKILL')
  const killedMs = performance.now()
  await vi.waitFor(async () => expect(await backends("victim'', pg_sleep")).toBe(0), { timeout: 20_000, interval: 100 })
  console.info('query of a killed client ended after, ms', Math.round(performance.now() - killedMs))
  expect((await bench).failed).toBe(0)
  expect(await neighbourEnded).toEqual([0, null])
  expect(up.events.slice(before).filter(({ type }) => type !== 'connection-accepted')).toEqual([])
})
