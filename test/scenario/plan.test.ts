/** `kpf plan` beside a project that runs, and beside one that does not. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let shop: Sandbox
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

test('a plan is held against what runs, changes nothing, and is what the reload then does', async () => {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()]
  const [a, b, c, d, e] = ports
  const words = (text: string): string => ports.reduce((left, port, index) => left.replaceAll(`${port}`, `PORT-${'abcde'[index]}`), text)
  await using project = await ScenarioProject.make(
    `forwards:\n  api: svc/web ${a}:80\n  db: svc/web ${b}:80\n  old: svc/web ${c}:80\n  free: svc/web :80\n  off: { target: svc/web, ports: [${d}], enabled: false }\n`,
    shop.kubeconfig,
  )
  expect(await project.run('plan', '--exit-code')).toMatchObject({
    code: 10,
    stdout: expect.stringMatching(/^\+ api .*\(added\)\n\+ db[^]*not started: off\n$/),
  })
  expect((await project.run('up', '-d', '--wait', '--no-watch')).code).toBe(0)
  expect(await project.run('plan', '--exit-code')).toEqual({
    code: 0,
    stdout: '= api, db, old, free  (not touched)\nnot started: off\nnothing to do\n',
    stderr: '',
  })
  const before = await project.status()

  await project.write(
    `forwards:\n  api: svc/web ${e}:80\n  db: { target: svc/web, ports: ["${b}:80"], drain: { timeout: 5s } }\n  new: svc/web ${d}:80\n  free: svc/web :80\n`,
  )
  const planned = await project.run('plan', '--exit-code')
  expect([planned.code, words(planned.stdout)]).toMatchInlineSnapshot(`
    [
      10,
      "+ new  svc/web:80 on localhost:PORT-d  (added)
    ~ api  svc/web:80 on localhost:PORT-e  (port PORT-a -> PORT-e)
    ~ db  svc/web:80 on localhost:PORT-b  (drain)
    - old  (removed)
    = free  (not touched)
    ",
    ]
  `)
  const data = await project.run('plan', '-o', 'json')
  expect(JSON.parse(words(data.stdout))).toMatchInlineSnapshot(`
    {
      "isRunning": true,
      "kept": [
        "free",
      ],
      "plan": [
        {
          "cause": "added",
          "forward": "new",
          "kind": "start",
        },
        {
          "cause": "port PORT-a -> PORT-e",
          "forward": "api",
          "kind": "rebind",
        },
        {
          "cause": "drain",
          "forward": "db",
          "kind": "update",
        },
        {
          "cause": "removed",
          "forward": "old",
          "kind": "stop",
        },
      ],
      "resting": [],
      "summary": "+ new  ~ api (port PORT-a -> PORT-e)  ~ db (drain)  - old; 1 untouched",
      "v": 1,
    }
  `)
  expect(await project.status()).toMatchObject({ generation: before.generation, seq: before.seq })

  const { stderr } = await project.run('reload')
  expect(words(stderr)).toContain(JSON.parse(words(data.stdout)).summary)
  expect(await project.run('plan', '--exit-code')).toMatchObject({ code: 0 })
})

test('what was stopped by hand would be started by up, and a name plans for itself', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(`forwards:\n  api: svc/web ${a}:80\n  db: svc/web ${b}:80\n`, shop.kubeconfig)
  expect((await project.run('up', '-d', 'api')).code).toBe(0)
  expect((await project.run('stop', 'api')).code).toBe(0)
  expect((await project.run('plan', '-o', 'json')).stdout).toContain('"cause": "was stopped by hand"')
  expect((await project.run('plan', 'api')).stdout).toMatch(/^\+ api .*\(was stopped by hand\)\n$/)
})

test('a file with problems is told as check does', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make(`forwards:\n  api: svc/web ${port}:80\n`, shop.kubeconfig)
  expect((await project.run('up', '-d', '--no-watch')).code).toBe(0)
  await project.write('forwards:\n  api: svc/web 80:80:80\n')
  expect(await project.run('plan')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^forwards.yaml:2:16 KPF_PORT/) })
})
