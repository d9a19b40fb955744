/**
 * `npm run bench`: kpf beside kubectl and bare Node in one run, on a real control plane.
 *
 * Ratios of medians, taken A B A B; figures of one run hold only inside it. Nothing here
 * is a gate.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answered } from '../e2e/clients.ts'
import { freePort, program } from '../e2e/kpf.ts'
import { clusterBinary } from '../e2e/rig/build.ts'
import { type Cluster, startCluster } from '../e2e/rig/cluster.ts'
import { deployment, service } from '../e2e/rig/manifests.ts'

const ROUNDS = 9

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function line(what: string, ours: readonly number[], theirs: readonly number[]): void {
  const [a, b] = [median(ours), median(theirs)]
  const spread = `${Math.min(...ours).toFixed(0)}-${Math.max(...ours).toFixed(0)} : ${Math.min(...theirs).toFixed(0)}-${Math.max(...theirs).toFixed(0)}`
  process.stdout.write(`| ${what} | ${a.toFixed(0)} | ${b.toFixed(0)} | ${(a / b).toFixed(2)} | ${spread} |\n`)
}

function timed(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): number {
  const startMs = performance.now()
  spawnSync(command, args, { ...options, stdio: 'ignore' })
  return performance.now() - startMs
}

/** From spawn to an answer through the forward. It is then asked to end, so that what it keeps for its next start is kept. */
async function firstByte(start: (port: number) => ChildProcess, ports: readonly number[]): Promise<number> {
  const startMs = performance.now()
  const child = start(ports[0] ?? 0)
  await Promise.all(ports.map(answered))
  const tookMs = performance.now() - startMs
  child.kill('SIGTERM')
  await once(child, 'exit')
  return tookMs
}

/** What is asked most often, of a project that runs. All aim at 1.5 times bare Node. */
const questions: Readonly<Record<string, readonly string[]>> = {
  'kpf ps': [program, 'ps'],
  'kpf port': [program, 'port', 'web'],
  'kpf env': [program, 'env'],
  'completion of verbs': [program, '__complete', 'bash', 'p'],
  'completion of flags': [program, '__complete', 'bash', 'up', '--n'],
  'node -e 0': ['-e', '0'],
}

async function clients(dir: string, env: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, readonly number[]>> {
  writeFileSync(join(dir, 'forwards.yaml'), `forwards:\n  web: svc/web ${await freePort()}:80\n`)
  const options = { cwd: dir, env }
  spawnSync(process.execPath, [program, 'up', '--wait'], options)
  const took = new Map(Object.keys(questions).map((name): [string, number[]] => [name, []]))
  for (let round = 0; round <= ROUNDS * 2; round++)
    for (const [name, args] of Object.entries(questions)) {
      const ms = timed(process.execPath, args, options)
      // The first round fills caches.
      if (round > 0) took.get(name)?.push(ms)
    }
  spawnSync(process.execPath, [program, 'down'], options)
  return took
}

/** How kubectl is started, and what it says it is. */
interface Kubectl {
  readonly command: readonly string[]
  readonly version: string
}

/**
 * The one that is installed here, as people have it. The test cluster has one too, but it
 * is one program with all of Kubernetes, and takes 30 ms more to start: beside that one
 * kpf looks better than it is.
 */
async function kubectlHere(): Promise<Kubectl> {
  const own = [await clusterBinary(), 'kubectl']
  for (const command of [['kubectl'], own]) {
    const [file = '', ...args] = command
    const { status, stdout } = spawnSync(file, [...args, 'version', '--client', '-o', 'json'], { encoding: 'utf8' })
    if (status !== 0) continue
    const version = /"gitVersion": "([^"]+)"/.exec(stdout)?.[1] ?? 'of no version'
    return { command, version: command === own ? `${version}, the test cluster's own` : version }
  }
  throw new Error('the test cluster has no kubectl')
}

async function measure(cluster: Cluster, dir: string, { command: [kubectl = '', ...words], version }: Kubectl): Promise<void> {
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig }
  const up = (text: string): (() => ChildProcess) => {
    writeFileSync(join(dir, 'forwards.yaml'), text)
    return () => spawn(process.execPath, [program, 'up', '-o', 'quiet'], { cwd: dir, env, stdio: 'ignore' })
  }
  const [ours, theirs, many]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round <= ROUNDS; round++) {
    const [mine, yours] = [await freePort(), await freePort()]
    const a = await firstByte(up(`forwards:\n  web: svc/web ${mine}:80\n`), [mine])
    const b = await firstByte((port) => spawn(kubectl, [...words, 'port-forward', 'svc/web', `${port}:80`], { env, stdio: 'ignore' }), [yours])
    const ports = await Promise.all(Array.from({ length: 25 }, freePort))
    const c = await firstByte(up(`forwards:\n${ports.map((port, index) => `  f${index}: svc/web ${port}:80\n`).join('')}`), ports)
    // The first round fills caches of both.
    if (round === 0) continue
    ours.push(a)
    theirs.push(b)
    many.push(c)
  }
  const took = await clients(dir, { ...env, XDG_STATE_HOME: dir, XDG_RUNTIME_DIR: '' })
  for (const [name, ms] of took) if (name !== 'node -e 0') line(`${name}, node -e 0 (ms)`, ms, took.get('node -e 0') ?? [])
  line(`start to first byte: kpf up, kubectl port-forward ${version} (ms)`, ours, theirs)
  line('25 forwards, all answering: kpf up, kubectl with one (ms)', many, theirs)
}

const [version, bare]: [number[], number[]] = [[], []]
for (let round = 0; round <= ROUNDS * 2; round++) {
  version.push(timed(process.execPath, [program, '--version']))
  bare.push(timed(process.execPath, ['-e', '0']))
}
process.stdout.write('| what | kpf | other | ratio | spread |\n|---|---|---|---|---|\n')
line('kpf --version, node -e 0 (ms)', version.slice(1), bare.slice(1))
const dir = mkdtempSync(join(tmpdir(), 'kpf-bench-'))
const cluster = await startCluster()
try {
  await cluster.apply(
    deployment('web', { replicas: 2, containers: [{ app: 'http', ports: { http: 8080 } }] }),
    service('web', { ports: [{ port: 80, targetPort: 'http' }] }),
  )
  await cluster.waitFor('condition=Available', ['deployment/web'])
  await measure(cluster, dir, await kubectlHere())
} finally {
  await cluster.stop()
  rmSync(dir, { recursive: true, force: true })
}
