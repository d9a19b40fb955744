/** A run as a unit of systemd: what its program for that is called with. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort, Up } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox
let dir: string
let socket: string
let kubeconfig: string

beforeAll(async () => {
  sandbox = await startShop()
  dir = await mkdtemp(join(tmpdir(), 'kpf-unit-'))
  socket = join(dir, 'told')
  kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, sandbox.kubeconfig)
  // It writes down what it was told, and where that should have gone.
  await writeFile(join(dir, 'systemd-notify'), '#!/bin/sh\necho "$*" >> "$NOTIFY_SOCKET"\n', { mode: 0o755 })
})
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

afterEach(() => rm(socket, { force: true }))

const told = (): Promise<string> => readFile(socket, 'utf8').catch(() => '')

test('ready once all are, how many are on every change, and the end', async () => {
  const two = `forwards:\n  web: svc/web ${await freePort()}:80\n  again: svc/web ${await freePort()}:80\n`
  await using up = await Up.start(two, { kubeconfig, env: { PATH: `${dir}:${process.env['PATH']}`, NOTIFY_SOCKET: socket } })
  await expect.poll(told).toMatch(/^--pid=\d+ STATUS=0 of 2 ready\n(.*\n)*.* READY=1 STATUS=all 2 ready\n$/)
  await up.edit(`${two}  lost: svc/nowhere ${await freePort()}:80\n`)
  await expect.poll(told).toMatch(/READY=1 STATUS=all 2 ready\n.* STATUS=2 of 3 ready\n$/)
  const { pid } = up
  expect(await up.stop('SIGTERM')).toBe(0)
  await expect.poll(told).toMatch(/STATUS=2 of 3 ready\n.* STOPPING=1 STATUS=stopping\n$/)
  const lines = (await told()).trim().split('\n')
  expect(lines.filter((line) => !line.startsWith(`--pid=${pid} `))).toEqual([])
})

test('without the program it is a warning, once, and the run goes on', async () => {
  const one = `forwards:\n  web: svc/web ${await freePort()}:80\n`
  await using up = await Up.start(one, { kubeconfig, env: { PATH: join(dir, 'nowhere'), NOTIFY_SOCKET: socket } })
  await up.ready('web')
  await up.edit(`${one}  again: svc/web ${await freePort()}:80\n`)
  await up.ready('again')
  const warnings = up.events.filter(({ type }) => type === 'warning').map(({ code, message }) => `${String(code)} ${message}`)
  expect(warnings).toEqual(['KPF_NOTIFY systemd is not told how this run is: systemd-notify cannot be run (ENOENT)'])
  expect(await up.stop()).toBe(0)
})

test('run leaves the word to its command, and what goes to the background says none', async () => {
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  const env = [`PATH=${dir}:${process.env['PATH']}`, `NOTIFY_SOCKET=${socket}`]
  const print = 'console.log(process.env.NOTIFY_SOCKET)'
  expect(await project.runWith(env, 'run', '--', process.execPath, '-e', print)).toEqual({ code: 0, stdout: `${socket}\n`, stderr: '' })
  expect(await project.runWith(env, 'up', '--wait')).toMatchObject({ code: 0 })
  expect(await project.run('down')).toMatchObject({ code: 0 })
  expect(await told()).toBe('')
})
