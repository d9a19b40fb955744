/** A supervisor that is killed at any moment leaves nothing that has to be removed by hand, and never two of it run. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { fetchText } from '../e2e/clients.ts'
import { freePort } from '../e2e/kpf.ts'
import { type Running, ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

const never = new AbortController().signal

/** What the supervisor is killed in the middle of, and how long that takes. */
interface Moment {
  readonly what: string
  readonly spanMs: number
  readonly act: (project: ScenarioProject, running: Running) => Promise<unknown>
}

const moments: readonly Moment[] = [
  { what: 'its start', spanMs: 500, act: async () => {} },
  // The client needs a moment of its own before it asks.
  { what: 'a reload', spanMs: 300, act: (project) => project.run('reload') },
  { what: 'its stop', spanMs: 60, act: async (_project, running) => running.signal('SIGINT') },
]

async function ready(project: ScenarioProject): Promise<void> {
  await expect.poll(async () => (await project.run('wait')).code).toBe(0)
}

/** 20 moments, spread by the golden ratio: the same in every run, so that a failure can be had again. */
const kills = Array.from({ length: 20 }, (_, index) => {
  const moment = moments[index % moments.length]
  if (moment === undefined) throw new Error('there are moments')
  return { index, what: moment.what, moment, afterMs: Math.round(moment.spanMs * ((index * 0.618_034) % 1)) }
})

test.each(kills)('kill $index, in $what after $afterMs ms: the next up runs', async ({ moment, afterMs }) => {
  const port = await freePort()
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  web: svc/web ${port}:80\n`, sandbox.kubeconfig)
  const first = project.spawn('up')
  if (moment.what !== 'its start') await ready(project)
  const acting = moment.act(project, first)
  await realClock.sleep(afterMs, never)
  first.signal('SIGKILL')
  await Promise.all([first.exited, acting])
  expect(await project.run('ps')).toMatchObject({ code: 8 })
  const up = await project.run('up', '--wait')
  expect([up.code, up.stderr]).toEqual([0, expect.stringContaining('shop runs in the background')])
  expect(await fetchText(port)).toContain('hello')
  expect((await project.run('down')).code).toBe(0)
  expect(await project.left()).toEqual([])
})

test('of ten that are started at once over a killed one, one runs, and the others join it', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  web: svc/web ${port}:80\n`, sandbox.kubeconfig)
  const killed = project.spawn('up')
  await ready(project)
  killed.signal('SIGKILL')
  await killed.exited
  const ups = await Promise.all(Array.from({ length: 10 }, () => project.run('up', '-d')))
  expect(ups.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(ups.map(() => 0))
  expect(ups.filter(({ stderr }) => stderr.includes('runs in the background'))).toHaveLength(1)
  const { pid } = await project.status()
  const [lock = ''] = (await project.left()).filter((name) => name.endsWith('.lock'))
  expect(JSON.parse(await readFile(join(project.dir, 'kpf/projects', lock), 'utf8')).pid).toBe(pid)
  expect((await project.run('ls', '-o', 'name')).stdout).toBe('shop\n')
})

test('an up right after a down finds the way free, ten times', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  web: svc/web ${port}:80\n`, sandbox.kubeconfig)
  const pids = new Set<number>()
  for (let round = 0; round < 10; round++) {
    expect((await project.run('up', '-d')).code).toBe(0)
    pids.add((await project.status()).pid)
    const [down, up] = [project.run('down'), round % 2 === 0 ? project.run('up', '-d') : undefined]
    expect((await down).code).toBe(0)
    // One that comes while the other ends either joins it in time or takes over after it.
    if (up) expect((await up).code).toBe(0)
    expect((await project.run('down')).code).toBe(0)
  }
  expect(pids.size).toBe(10)
  expect(await project.left()).toEqual([])
})

test('whoever follows a supervisor that is killed is told, with 1', async () => {
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  const up = project.spawn('up')
  await ready(project)
  const readers = [project.spawn('events', '-f'), project.spawn('logs', '-f')]
  await expect.poll(() => readers.every(({ stdout }) => stdout.includes('ready'))).toBe(true)
  up.signal('SIGKILL')
  expect(await Promise.all(readers.map(({ exited }) => exited))).toEqual([1, 1])
  expect(readers[0]?.stderr).toBe(
    `kpf: the supervisor (pid ${up.child.pid}) is gone, without a word of its end: it was killed, or failed\n    see: kpf logs; start it again with: kpf up -d\n`,
  )
})
