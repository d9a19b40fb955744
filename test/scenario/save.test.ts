/** `--save`: a forward that was typed once stands in the file from then on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fetchText } from '../e2e/clients.ts'
import { freePort } from '../e2e/kpf.ts'
import { type Running, ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

async function stopped(run: Running): Promise<number> {
  run.signal('SIGINT')
  return run.exited
}

test('it makes the file, forwards as ever, and up takes it from there', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make('', sandbox.kubeconfig)
  await project.remove()
  const first = project.spawn('svc/web', `${port}:80`, '--save')
  await expect.poll(() => first.stdout).toContain(`Forwarding from 127.0.0.1:${port} -> 8080\n`)
  await expect.poll(() => first.stderr).toBe('saved as "web" in forwards.yaml (new file). Next time: kpf up\n')
  expect(await fetchText(port)).toContain('hello')
  expect(await stopped(first)).toBe(0)
  expect(await project.text()).toBe(`forwards:\n  web: svc/web ${port}:80\n`)
  // The same again is no clash.
  const again = project.spawn('svc/web', `${port}:80`, '--save')
  await expect.poll(() => again.stderr).toBe('saved as "web" in forwards.yaml before. Next time: kpf up\n')
  expect(await stopped(again)).toBe(0)
  expect((await project.run('up', '--wait')).code).toBe(0)
  expect(await fetchText(port)).toContain('hello')
})

test('what was never ready is not written: a mistyped target does not stay in the file', async () => {
  await using project = await ScenarioProject.make('', sandbox.kubeconfig)
  await project.remove()
  const missing = await project.run('svc/wbe', `${await freePort()}:80`, '--save')
  expect(missing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/"wbe"[^]*\nkpf: not saved: the forward was not ready before the end\n/) })
  await expect(project.text()).rejects.toThrow()
})

test('comments and layout stay, and what the top of the file says otherwise is named in the line', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const text = `# the shop\ncontext: other\nnamespace: elsewhere\nforwards:\n    old: { target: svc/old, ports: ["${a}:80"] }   # keep\n\n# the end\n`
  await using project = await ScenarioProject.make(text, sandbox.kubeconfig)
  const run = project.spawn('svc/web', `${b}:80`, '--save', '-n', 'shop')
  await expect.poll(() => run.stdout).toContain('Forwarding from')
  expect(await stopped(run)).toBe(0)
  const { 'current-context': current } = JSON.parse(sandbox.kubeconfig) as { 'current-context': string }
  expect(await project.text()).toBe(text.replace('# keep\n', `# keep\n    web: --context ${current} -n shop svc/web ${b}:80\n`))
})

test('a name or a port that is taken, and a file that is broken, are told with 2, and nothing is written or forwarded', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${port}:80\n`, sandbox.kubeconfig)
  const before = await project.text()
  const taken = await project.run('svc/web', `${await freePort()}:80`, '--save')
  expect(taken).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('not saved: forwards.yaml has a forward "web" already\n    add it there under another name'),
  })
  const busy = await project.run('deploy/web-2', `${port}:80`, '--save')
  expect([busy.code, busy.stderr]).toEqual([2, expect.stringContaining('KPF_PORT_TAKEN')])
  expect(await project.text()).toBe(before)
  await project.write('forwards: [\n')
  expect(await project.run('svc/web', '1234:80', '--save')).toMatchObject({ code: 2, stderr: expect.stringContaining('not saved: it is no valid YAML') })
  expect(await project.run('svc/web', '1234:80', '--save', '-f', '-')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('a forward is saved in one file'),
  })
})
