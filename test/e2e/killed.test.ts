/**
 * A supervisor that is killed at random moments of its start, of a reload and of its
 * stop, on a real control plane: the next `up` always runs, with nothing to delete by
 * hand, and there are never two. Twenty fixed moments are in test/scenario/killed.test.ts.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realClock } from '../../src/system/clock.ts'
import { type Running, ScenarioProject } from '../scenario/project.ts'
import { fetchText } from './clients.ts'
import { freePort } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { pod, service } from './rig/manifests.ts'

const KILLS = 50
/** Moments are drawn from it; `KPF_KILL_SEED=N` draws those of another run again. */
const seed = Number(process.env['KPF_KILL_SEED'] ?? Date.now() % 1_000_000)
const never = new AbortController().signal

let cluster: Cluster
let kubeconfig: string
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(pod('web', { containers: [{ app: 'http' }] }), service('web', { ports: [{ port: 80, targetPort: 'http' }] }))
  await cluster.waitFor('condition=Ready', ['pod/web'])
  kubeconfig = await readFile(cluster.kubeconfig, 'utf8')
}, 1_200_000)
afterAll(() => cluster.stop())

/** Mulberry32: the same numbers from the same seed, evenly between 0 and 1. */
function numbers(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    const again = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((again ^ (again >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What it is killed in the middle of, how long that may take, and how it is begun. */
interface Moment {
  readonly what: string
  readonly spanMs: number
  readonly begin: (project: ScenarioProject, running: Running) => Promise<unknown>
}

const moments: readonly Moment[] = [
  { what: 'its start', spanMs: 700, begin: async () => {} },
  { what: 'a reload', spanMs: 400, begin: (project) => project.run('reload') },
  { what: 'a reload by an edit', spanMs: 500, begin: (project) => project.write(`${text(project)}  more: { target: svc/web, ports: [":80"] }\n`) },
  { what: 'its stop by a signal', spanMs: 100, begin: async (_project, running) => running.signal('SIGINT') },
  { what: 'its stop by down', spanMs: 400, begin: (project) => project.run('down') },
]

const texts = new WeakMap<ScenarioProject, string>()
const text = (project: ScenarioProject): string => texts.get(project) ?? ''

async function made(port: number): Promise<ScenarioProject> {
  const written = `name: shop\nforwards:\n  web: svc/web ${port}:80\n`
  const project = await ScenarioProject.make(written, kubeconfig)
  texts.set(project, written)
  return project
}

/** Processes that run `kpf up` in that folder: their state is there and nowhere else. */
async function supervisors(project: ScenarioProject): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const running = await Promise.all(
    pids.map(async (pid) => {
      const [words, env] = await Promise.all(['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')))
      return words?.includes('\0up\0') === true && env?.includes(`XDG_STATE_HOME=${project.dir}\0`) === true
    }),
  )
  return pids.filter((_, index) => running[index]).map(Number)
}

/** One life and its end; then the next one. */
async function killed(moment: Moment, afterMs: number): Promise<void> {
  const port = await freePort()
  await using project = await made(port)
  const first = project.spawn('up')
  if (moment.what !== 'its start') await expect.poll(async () => (await project.run('wait')).code, { timeout: 20_000 }).toBe(0)
  const begun = moment.begin(project, first)
  await realClock.sleep(afterMs, never)
  first.signal('SIGKILL')
  await Promise.all([first.exited, begun])
  const ups = await Promise.all([project.run('up', '--wait'), project.run('up', '--wait')])
  expect(ups.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0])
  expect(await supervisors(project)).toEqual([(await project.status()).pid])
  expect(await fetchText(port, '/whoami')).toBe('web\n')
  expect(await project.run('down')).toMatchObject({ code: 0 })
  expect(await supervisors(project)).toEqual([])
  expect(await project.left()).toEqual([])
}

test(`${KILLS} kills at random moments, by the seed ${seed}: the next up runs, and there is one`, async () => {
  const next = numbers(seed)
  for (let index = 0; index < KILLS; index++) {
    const moment = moments[index % moments.length]
    if (moment === undefined) throw new Error('there are moments')
    const afterMs = Math.round(moment.spanMs * next())
    await killed(moment, afterMs).catch((error: unknown) => {
      throw new Error(`kill ${index}, in ${moment.what} after ${afterMs} ms, of KPF_KILL_SEED=${seed}`, { cause: error })
    })
  }
}, 300_000)

test('the folder of a killed one holds no more than a lock, a socket and a log, whatever it was doing', async () => {
  const port = await freePort()
  await using project = await made(port)
  for (let round = 0; round < 5; round++) {
    const running = project.spawn('up')
    await expect.poll(async () => (await project.run('wait')).code, { timeout: 20_000 }).toBe(0)
    running.signal('SIGKILL')
    await running.exited
  }
  const [sockets, projects] = await Promise.all(['run', 'projects'].map((folder) => readdir(join(project.dir, 'kpf', folder))))
  expect(sockets).toHaveLength(1)
  expect(projects?.filter((name) => name.endsWith('.lock'))).toHaveLength(1)
})
