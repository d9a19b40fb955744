/** What a completion knows of a project that runs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

test('the ports of a forward are offered by name or number, with where they are', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const file = `forwards:\n  web:\n    target: svc/web\n    ports: [{ name: ui, localPort: ${a}, remotePort: 80 }, "${b}:80"]\n`
  await using project = await ScenarioProject.make(file, sandbox.kubeconfig)
  const offered = async (...words: readonly string[]): Promise<string> => (await project.run('__complete', '--', ...words)).stdout
  expect(await offered('port', 'web', '=')).toBe('')
  expect((await project.run('up', '--wait')).code).toBe(0)
  expect(await offered('port', 'web', '=')).toBe(`ui\t127.0.0.1:${a}\n80\t127.0.0.1:${b}\n`)
  expect(await offered('url', 'web', '=u')).toBe(`ui\t127.0.0.1:${a}\n`)
  expect(await offered('open', 'none', '=')).toBe('')
  expect(await offered('-p', 'other', 'port', 'web', '=')).toBe('')
})
