/** An update of kpf replaces its files under a supervisor that runs: that goes on, and is asked and ended as before. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../../src/control/client.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort, program } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

/** The age of the supervisor, in ms. Not by `kpf ps`: that has it look at the machine. */
async function ageOf(project: ScenarioProject): Promise<number> {
  const folder = join(project.dir, 'kpf/projects')
  const lock = (await readdir(folder)).find((name) => name.endsWith('.lock')) ?? ''
  const asked = await ask(JSON.parse(await readFile(join(folder, lock), 'utf8')).note.socket, { method: 'GET', path: '/v1/status' })
  if (asked.kind !== 'answered') return 0
  const { now, startedAt } = asked.body as { now: string; startedAt: string }
  return Date.parse(now) - Date.parse(startedAt)
}

/** A user whose plugin nobody has needed before the update. */
function withPlugin(kubeconfig: string): string {
  const config = JSON.parse(kubeconfig)
  const credential = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: config.users[0].user.token } })
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command: '/bin/echo', args: [credential] }
  config.users.push({ name: 'plugged', user: { exec } })
  config.contexts.push({ name: 'plugged', context: { ...config.contexts[0].context, user: 'plugged' } })
  return JSON.stringify(config)
}

test('what runs needs no file of the program any more', async () => {
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, withPlugin(sandbox.kubeconfig))
  const dir = await mkdtemp(join(tmpdir(), 'kpf-update-'))
  await cp(dirname(program), dir, { recursive: true })
  const up = project.spawnProgram(join(dir, 'kpf.js'), 'up')
  await expect.poll(() => up.stderr).toContain('web: ready on')
  await expect.poll(() => ageOf(project)).toBeGreaterThan(3_000)
  await rm(join(dir, 'chunks'), { recursive: true })
  await writeFile(join(dir, 'kpf.js'), 'another version')
  expect((await project.status()).drift).toMatchObject([{ kind: 'program' }])
  await project.write(`${await project.text()}  more: { target: svc/web, context: plugged, ports: ["${await freePort()}:80"] }\n`)
  await expect.poll(() => up.stderr).toContain('more: ready on')
  expect(await project.run('restart')).toMatchObject({ code: 0 })
  expect(await project.run('wait')).toMatchObject({ code: 0 })
  expect(await project.run('down')).toMatchObject({ code: 0 })
  expect(await up.exited).toBe(0)
  expect(up.stderr).not.toMatch(/warning|Error/)
  await rm(dir, { recursive: true })
})
