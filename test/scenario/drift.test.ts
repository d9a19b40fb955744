/** `kpf ps` says where what runs is no more what the machine has. */
import { once } from 'node:events'
import { copyFile, cp, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fits } from '../control/status-schema.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

test('a refused edit, an edit that nobody watches, a kubeconfig, and a stranger on ::1', async () => {
  const port = await freePort()
  const text = `forwards:\n  web: svc/web 127.0.0.1:${port}:80\n`
  await using project = await ScenarioProject.make(text, sandbox.kubeconfig)
  expect((await project.run('up', '--wait', '--no-watch')).code).toBe(0)
  const kinds = async (): Promise<readonly string[]> => ((await project.status()).drift ?? []).map(({ kind }) => kind)
  expect(await kinds()).toEqual([])
  await project.write(`${text}# edited\n`)
  expect((await project.run('ps')).stdout).toMatch(
    /\n\nnewer than what runs \(applied \d+ s ago\): \/[^\n]*forwards\.yaml\n {4}edits are not watched: kpf reload\n$/,
  )
  await project.write(`${text}    prots: 1\n`)
  expect((await project.run('reload')).code).toBe(2)
  const refused = await project.status()
  expect(fits(refused), JSON.stringify(fits.errors)).toBe(true)
  expect(refused.drift).toMatchObject([{ kind: 'file', problems: [{ file: 'forwards.yaml' }] }])
  await project.write(text)
  expect(await kinds()).toEqual([])
  const kubeconfig = join(project.dir, 'kubeconfig')
  const later = Date.now() / 1000 + 5
  await utimes(kubeconfig, later, later)
  expect(await kinds()).toEqual(['kubeconfig'])
  await utimes(kubeconfig, 1, 1)
  const stranger = createServer().listen(port, '::1')
  await once(stranger, 'listening')
  expect((await project.status()).drift).toMatchObject([{ kind: 'loopback6', forward: 'web', message: expect.stringContaining(`(pid ${process.pid})`) }])
  stranger.close()
})

test('a kpf that was replaced while it runs', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kpf-bin-'))
  await cp(fileURLToPath(new URL('../../dist', import.meta.url)), join(dir, 'dist'), { recursive: true })
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  const program = join(dir, 'dist/kpf.js')
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  const up = project.spawnProgram(program, 'up')
  await expect.poll(async () => (await project.run('wait')).code).toBe(0)
  expect((await project.status()).drift).toBeUndefined()
  await copyFile(fileURLToPath(new URL('../../dist/kpf.js', import.meta.url)), program)
  expect((await project.status()).drift).toMatchObject([{ kind: 'program', message: 'kpf on this machine is newer than the one that runs' }])
  await rm(program)
  expect((await project.status()).drift).toMatchObject([{ kind: 'program', message: 'the kpf that runs is no more on this machine' }])
  up.signal('SIGINT')
  await up.exited
  await rm(dir, { recursive: true, force: true })
})
