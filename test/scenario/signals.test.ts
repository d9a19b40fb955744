/** Signals of a run beside its end, and the descriptor that hears when it is ready. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rename } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { freePort, program } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

const one = async (): Promise<string> => `name: shop\nforwards:\n  web: svc/web ${await freePort()}:80\n`

test('SIGHUP applies the file though nobody watches it, SIGUSR1 writes the state, SIGUSR2 ends nothing', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const up = project.spawn('up', '--no-watch')
  await expect.poll(() => up.stderr).toContain('web: ready on')
  await project.write(`${await project.text()}  more: svc/web ${await freePort()}:80\n`)
  up.signal('SIGHUP')
  await expect.poll(() => up.stderr).toContain('more: ready on')
  up.signal('SIGUSR2')
  up.signal('SIGUSR1')
  await expect.poll(() => up.stderr).toContain('\n}\n')
  const dump: unknown = JSON.parse(/^\{\n[^]*^\}$/m.exec(up.stderr)?.[0] ?? '')
  expect(dump).toMatchObject({ generation: 2, rows: [{ status: { state: 'ready' } }, { status: { state: 'ready' } }] })
  up.signal('SIGTERM')
  expect(await up.exited).toBe(0)
})

test('SIGUSR2 goes on in a new log where the old one was moved away; logs reads what is left when all has ended', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  expect(await project.run('logs')).toMatchObject({ code: 8, stdout: '' })
  expect((await project.run('up', '--wait')).code).toBe(0)
  const { log = '', pid } = await project.status()
  await expect.poll(() => readFile(log, 'utf8')).toContain('web: ready on')
  await rename(log, `${log}.1`)
  process.kill(pid, 'SIGUSR2')
  await expect.poll(() => readFile(log, 'utf8').catch(() => undefined)).toBe('')
  expect((await project.run('stop', 'web')).code).toBe(0)
  expect((await project.run('down')).code).toBe(0)
  const logs = await project.run('logs')
  expect(logs).toMatchObject({ code: 0, stderr: 'kpf: this project does not run: this is what its log has kept\n    start it with: kpf up -d\n' })
  expect(logs.stdout).toMatch(/^\d\d:\d\d:\d\d web: ready on [^]*\n\d\d:\d\d:\d\d web: stopped\n/)
  expect(JSON.parse((await project.run('logs', 'web', '--tail', '1', '-o', 'json')).stdout)).toMatchObject({ forward: 'web', text: 'web: stopped' })
  expect((await project.run('logs', '--level', 'error')).stdout).toBe('')
})

test('--ready-fd hears one line when all are ready, and its end', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  expect(await project.run('up', '--ready-fd', '999')).toMatchObject({ code: 2, stderr: expect.stringContaining('--ready-fd is no open descriptor') })
  expect(await project.run('up', '-d', '--ready-fd', '1')).toMatchObject({ code: 2 })
  const child = spawn(process.execPath, [program, 'up', '--ready-fd', '3'], {
    cwd: project.dir,
    env: { ...process.env, ...project.env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const ended = Promise.withResolvers<number | null>()
  child.once('exit', ended.resolve)
  let heard = ''
  for await (const chunk of child.stdio[3] as NodeJS.ReadableStream) heard += String(chunk)
  expect(heard).toBe('ready\n')
  expect((await project.status()).forwards[0]?.state).toBe('ready')
  child.kill('SIGINT')
  expect(await ended.promise).toBe(0)
})

test('SIGCONT, after a stop of the process, tries what waits at once', async () => {
  const echoing = await startEcho()
  await using project = await ScenarioProject.make(
    `name: shop\nforwards:\n  web: { target: svc/web, ports: ["${await freePort()}:80"], backoff: { initial: 10m, max: 10m } }\n`,
    echoing.kubeconfig,
  )
  expect((await project.run('up', '--wait')).code).toBe(0)
  await echoing[Symbol.asyncDispose]()
  const retryAt = async (): Promise<unknown> => (await project.status()).forwards[0]?.nextRetryAt
  // The first try after a loss comes by itself; the next one is minutes away.
  const far = (at: unknown): boolean => typeof at === 'string' && Date.parse(at) - realClock.wallMs() > 60_000
  await expect.poll(async () => far(await retryAt())).toBe(true)
  const before = await retryAt()
  const { pid } = await project.status()
  process.kill(pid, 'SIGSTOP')
  process.kill(pid, 'SIGCONT')
  await expect.poll(retryAt).not.toBe(before)
  expect((await project.run('down')).code).toBe(0)
})

async function startEcho(): Promise<AsyncDisposable & { readonly kubeconfig: string }> {
  const apps = [{ name: 'web', image: 'shop/web:1', replicas: 1, ports: { 8080: { name: 'http', speaks: 'echo' } } }] as const
  const echoing = await Sandbox.start({ clock: realClock, namespace: 'shop', apps })
  return { kubeconfig: echoing.kubeconfig, [Symbol.asyncDispose]: () => echoing.close() }
}

/** A connection on which something comes and goes all the time: busy for whoever asks. */
async function talking(port: number): Promise<Socket> {
  const client = connect(port, '127.0.0.1')
  client.on('error', () => {})
  await once(client, 'connect')
  client.on('data', () => client.write('x'))
  client.write('x')
  await once(client, 'data')
  return client
}

async function isRefused(port: number): Promise<boolean> {
  const client = connect(port, '127.0.0.1')
  try {
    await once(client, 'connect')
    return false
  } catch {
    return true
  } finally {
    client.destroy()
  }
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second signal forces the end, with its code: %s is %i', async (signal, code) => {
  const port = await freePort()
  await using echoing = await startEcho()
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${port}:80\n`, echoing.kubeconfig)
  for (const words of [['up'], ['svc/web', `${port}:80`]]) {
    const run = project.spawn(...words)
    await expect.poll(() => `${run.stdout}${run.stderr}`).toMatch(/web: ready on|Forwarding from/)
    const client = await talking(port)
    run.signal(signal)
    await expect.poll(() => isRefused(port)).toBe(true)
    run.signal(signal)
    expect(await run.exited).toBe(code)
    client.destroy()
  }
})
