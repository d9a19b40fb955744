/** A bug of kpf, met in a turn of the event loop where nobody catches it: what is left of the terminal, the connections and the project. */
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { hasTmux, TmuxTerminal } from '../cli/tmux.ts'
import { freePort, program, Up } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox
let dir: string
let kubeconfig: string

/** Modules that are read before kpf, and wait for a signal that it does not hear. */
const bugs = {
  thrown: "throw new Error('planted')",
  rejected: "void Promise.reject(new Error('planted'))",
  'thrown twice': "setImmediate(() => { throw new Error('follows') }); throw new Error('planted')",
} as const

beforeAll(async () => {
  sandbox = await startShop()
  dir = await mkdtemp(join(tmpdir(), 'kpf-fault-'))
  kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, sandbox.kubeconfig)
  for (const [name, bug] of Object.entries(bugs)) await writeFile(planted(name), `process.once('SIGWINCH', () => { ${bug} })\n`)
})
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

const planted = (name: string): string => join(dir, `${name.replace(' ', '-')}.mjs`)
const told = /^kpf: internal error: Error: planted\n(    at .*\n)+    please report it with the command you ran\n$/
const one = async (): Promise<string> => `name: shop\nforwards:\n  web: svc/web ${await freePort()}:80\n`

test.each(Object.keys(bugs))('an error that is %s: connections are reset, the project is free, and it is 70', async (name) => {
  const port = await freePort()
  await using up = await Up.start(`forwards:\n  web: svc/web ${port}:80\n`, { kubeconfig, env: { NODE_OPTIONS: `--import=${planted(name)}` } })
  await up.ready('web')
  const client = connect(port, '127.0.0.1')
  // It waits for the rest of the request: an end would look like an answer.
  client.write('GET / HTTP/1.1\r\n')
  await up.next('accepted', ({ type }) => type === 'connection-accepted')
  const ended = once(client, 'close').then(
    () => 'fin',
    (error: NodeJS.ErrnoException) => error.code,
  )
  client.on('data', () => {})
  process.kill(up.pid, 'SIGWINCH')
  expect(await up.exited).toBe(70)
  await expect.poll(() => up.stderr).toMatch(told)
  expect(await ended).toBe('ECONNRESET')
  const left = await Promise.all(['projects', 'run'].map((folder) => readdir(join(up.dir, 'kpf', folder))))
  expect(left.flat()).toEqual([])
})

test('the command of run is told to end, and what only asks says the same', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const withBug = { ...project.env, NODE_OPTIONS: `--import=${planted('thrown')}` }
  const running = project.spawnWith(withBug, 'run', '--', 'sh', '-c', 'unset NODE_OPTIONS; echo up; exec sleep 60')
  await expect.poll(() => running.stdout).toBe('up\n')
  running.signal('SIGWINCH')
  expect(await running.exited).toBe(70)
  expect(running.stderr).toContain('kpf: internal error: Error: planted\n')
  expect(await project.left()).toEqual([])
  expect((await project.run('up', '--wait')).code).toBe(0)
  const following = project.spawnWith(withBug, 'logs', '-f')
  await expect.poll(() => following.stdout).toContain('ready on')
  following.signal('SIGWINCH')
  expect(await following.exited).toBe(70)
  expect(following.stderr).toMatch(told)
})

test('in the background it is in the log, and its place beside it', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const up = project.spawnWith({ ...project.env, NODE_OPTIONS: `--import=${planted('thrown')}` }, 'up', '--wait')
  expect(await up.exited).toBe(0)
  const { pid, log = '' } = await project.status()
  process.kill(pid, 'SIGWINCH')
  await expect.poll(() => project.left()).toEqual([])
  await expect.poll(() => readFile(`${log}.out`, 'utf8')).toMatch(told)
  expect((await project.run('logs')).stdout).toMatch(
    new RegExp(`an error in kpf itself ends this run: planted; please report what is in ${log}\\.out\\n.* stopping\\n`),
  )
})

describe.skipIf(!hasTmux)(hasTmux ? 'on a terminal' : '(skipped: tmux is not installed)', () => {
  test('the table goes, the cursor and the echo of keys are back, and what is said is whole', async () => {
    await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
    const env = { ...project.env, NODE_OPTIONS: `--import=${planted('thrown')}` }
    const file = join(project.dir, 'forwards.yaml')
    await using terminal = await TmuxTerminal.start([process.execPath, program, 'up', '-f', file], { width: 120, env })
    await terminal.shows(/q quit/)
    expect(await terminal.hasCursor()).toBe(false)
    // That is the signal.
    await terminal.resize(118, 24)
    const screen = await terminal.ended()
    expect(screen).toContain('kpf: internal error: Error: planted\n')
    expect(screen).toMatch(/please report it with the command you ran\n\[exit 70\]$/)
    expect(screen).not.toContain('q quit')
    expect(await terminal.hasCursor()).toBe(true)
    await terminal.press('h', 'i', 'Enter')
    // Once from the terminal, once from cat.
    await terminal.shows(/\[exit 70\]\nhi\nhi$/)
    expect(await project.left()).toEqual([])
  })
})
