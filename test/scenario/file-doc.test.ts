/** Every example of docs/file.md, run as it is written there, on the sample cluster. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileExamples } from '../../src/file/file-examples.ts'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import type { App } from '../../src/sandbox/workloads.ts'
import { realClock } from '../../src/system/clock.ts'
import { ScenarioProject } from './project.ts'

const app = (name: string, ports: App['ports']): App => ({ name, image: `shop/${name}:1`, replicas: 1, ports })
const http = { name: 'http', speaks: 'http' } as const

let sandbox: Sandbox
let kubeconfig: string

beforeAll(async () => {
  sandbox = await Sandbox.start({
    clock: realClock,
    namespace: 'shop-dev',
    apps: [
      app('web', { 8080: http }),
      app('api', { 8080: http, 8081: { name: 'admin', speaks: 'http' }, 9090: { name: 'metrics', speaks: 'http' } }),
      app('postgres', { 5432: { name: 'postgres', speaks: 'echo' } }),
    ],
  })
  const config = JSON.parse(sandbox.kubeconfig) as { contexts: readonly object[] }
  kubeconfig = JSON.stringify({ ...config, contexts: [{ ...config.contexts[0], name: 'kind-dev' }] })
})
afterAll(() => sandbox.close())

test.each(fileExamples.map((example) => [example.section, example] as const))('the example of %s comes up', async (_section, { text, others = {} }) => {
  await using project = await ScenarioProject.make(text, kubeconfig)
  for (const [path, content] of Object.entries(others)) {
    await mkdir(dirname(join(project.dir, path)), { recursive: true })
    await writeFile(join(project.dir, path), content)
  }
  // The ports of the document may be taken on this machine.
  const offset = ['--port-offset', '14000']
  expect(await project.run('check', '--live', ...offset)).toMatchObject({ code: 0, stderr: '' })
  expect(await project.run('up', '-d', '--wait', ...offset)).toMatchObject({ code: 0 })
  expect((await project.run('plan', '--exit-code', ...offset)).code).toBe(0)
  expect((await project.run('down', '--now', ...offset)).code).toBe(0)
})
