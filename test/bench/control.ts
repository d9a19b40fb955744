/**
 * `npm run bench:control`: how soon one supervisor answers a hundred clients at once, as
 * requests on its socket and as whole processes, while its forwards are used. p99 of the
 * requests should stay below 200 ms; processes need the machine more than the supervisor.
 * Figures, no gate.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ask } from '../../src/control/client.ts'
import { follow } from '../../src/control/follow.ts'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { freePorts } from '../../src/system/free-ports.ts'
import { fetchText } from '../e2e/clients.ts'
import { ScenarioProject } from '../scenario/project.ts'

const CLIENTS = 100
const ROUNDS = 10
const FORWARDS = 20

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await action()
  return performance.now() - startMs
}

function line(what: string, tookMs: readonly number[]): void {
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0)
  process.stdout.write(`| ${what} | ${tookMs.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |\n`)
}

async function socketOf(project: ScenarioProject): Promise<string> {
  const folder = join(project.dir, 'kpf/projects')
  const [lock = ''] = (await readdir(folder)).filter((name) => name.endsWith('.lock'))
  return JSON.parse(await readFile(join(folder, lock), 'utf8')).note.socket
}

async function load(port: number, signal: AbortSignal): Promise<void> {
  // What is lost when the machine has no time for it is not what is measured.
  while (!signal.aborted) await fetchText(port).catch(() => {})
}

/** A hundred at once, each so many times one after the other. */
async function asked(socket: string, path: string): Promise<readonly number[]> {
  const one = async (): Promise<readonly number[]> => {
    const took: number[] = []
    for (let round = 0; round < ROUNDS; round++) took.push(await timed(() => ask(socket, { method: 'GET', path })))
    return took
  }
  return (await Promise.all(Array.from({ length: CLIENTS }, one))).flat()
}

async function measure(project: ScenarioProject, ports: readonly number[]): Promise<void> {
  if ((await project.run('up', '--wait')).code !== 0) throw new Error('the project of the bench is not ready')
  const socket = await socketOf(project)
  const over = new AbortController()
  process.stdout.write('| what (ms) | answers | p50 | p99 | slowest |\n|---|---|---|---|---|\n')
  line('GET /v1/status, 100 clients, idle', await asked(socket, '/v1/status'))
  const loads = ports.map((port) => load(port, over.signal))
  line('the same, all forwards in use', await asked(socket, '/v1/status'))
  const streams = Array.from({ length: CLIENTS }, () => follow(socket, { path: '/v1/events', lastId: '0', signal: over.signal }, () => {}))
  line('the same, beside 100 streams of events', await asked(socket, '/v1/status'))
  for (const words of [['ps'], ['wait'], ['events']]) {
    line(`kpf ${words.join(' ')}, 100 processes`, await Promise.all(Array.from({ length: CLIENTS }, () => timed(() => project.run(...words)))))
  }
  over.abort()
  await Promise.all([...loads, ...streams])
}

const sandbox = await Sandbox.start({
  clock: realClock,
  namespace: 'shop',
  apps: [{ name: 'web', image: 'shop/web:2.1.0', replicas: 2, ports: { 8080: { name: 'http', speaks: 'http' } } }],
})
const ports = await freePorts(FORWARDS)
const project = await ScenarioProject.make(`forwards:\n${ports.map((port, index) => `  f${index}: svc/web ${port}:80\n`).join('')}`, sandbox.kubeconfig)
try {
  await measure(project, ports)
} finally {
  await project[Symbol.asyncDispose]()
  await sandbox.close()
}
