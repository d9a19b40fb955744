/** What `kpf up` may be told beside the file: only plan, only these, keep what the file has dropped. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fetchText } from '../e2e/clients.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

const needing = (web: number, db: number): string =>
  `name: shop\nforwards:\n  web: { target: svc/web, ports: ["${web}:80"], dependsOn: [db] }\n  db: svc/web ${db}:80\n`

test('--dry-run prints the plan and starts nothing', async () => {
  const [web, db] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(needing(web, db), sandbox.kubeconfig)
  const dry = await project.run('up', '--dry-run')
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining(`+ web  svc/web:80 on localhost:${web}`) })
  expect(JSON.parse((await project.run('up', '-d', '--dry-run', '-o', 'jsonl')).stdout).plan).toHaveLength(2)
  expect((await project.run('up', '--no-deps', 'web', '--dry-run')).stdout).not.toContain('+ db')
  expect(await project.run('ps')).toMatchObject({ code: 8 })
  expect(await project.left()).toEqual([])
})

test('--no-deps starts the named alone, and they wait for nobody', async () => {
  await using project = await ScenarioProject.make(needing(await freePort(), await freePort()), sandbox.kubeconfig)
  expect(await project.run('up', '--no-deps')).toMatchObject({ code: 2, stderr: expect.stringContaining('--no-deps is for forwards that are named') })
  expect((await project.run('up', '--wait', '--no-deps', 'web')).code).toBe(0)
  const states = async (): Promise<readonly string[]> => (await project.status()).forwards.map(({ name, state }) => `${name} ${state}`)
  expect(await states()).toEqual(['web ready', 'db stopped'])
  // An edit is read the same way.
  await project.write((await project.text()).replace('name: shop', 'name: shop # edited'))
  expect((await project.run('reload')).code).toBe(0)
  expect(await states()).toEqual(['web ready', 'db stopped'])
})

test('what the file has dropped is removed and listed, or with --keep-orphans goes on and is shown as an orphan', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const [both, one] = [`name: shop\nforwards:\n  web: svc/web ${a}:80\n  old: svc/web ${b}:80\n`, `name: shop\nforwards:\n  web: svc/web ${a}:80\n`]
  await using project = await ScenarioProject.make(both, sandbox.kubeconfig)
  expect((await project.run('up', '--wait', '--no-watch')).code).toBe(0)
  await project.write(one)
  expect(await project.run('reload')).toMatchObject({ code: 0, stderr: 'applied: - old; 1 untouched\n' })
  await expect.poll(() => fetchText(b).catch(() => 'refused')).toBe('refused')
  expect((await project.run('down')).code).toBe(0)

  await project.write(both)
  expect((await project.run('up', '--wait', '--no-watch', '--keep-orphans')).code).toBe(0)
  await project.write(one)
  expect(await project.run('reload')).toMatchObject({ code: 0, stderr: 'applied: nothing changed; 2 untouched\nkept, though not in the file: old\n' })
  expect(await fetchText(b)).toContain('hello')
  expect((await project.run('ps')).stdout).toMatch(/\nold +ready .* orphan: not in the file any more; it ends with: kpf stop old\n/)
  expect((await project.status()).forwards).toMatchObject([{ name: 'web' }, { name: 'old', orphan: true }])
  expect((await project.run('env', '-o', 'dotenv')).stdout).toContain(`OLD_PORT=${b}\n`)
  expect((await project.run('stop', 'old')).code).toBe(0)
  await expect.poll(() => fetchText(b).catch(() => 'refused')).toBe('refused')
  await expect.poll(async () => (await project.status()).forwards.map(({ name }) => name)).toEqual(['web'])
})
