/** What variables hold stands in nothing that kpf prints of a file: not in problems, plans, `config`, events or logs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort, kpf, program } from '../e2e/kpf.ts'
import { type Ran, ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let shop: Sandbox
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

/** Two that look like secrets and two that do not, by their names. */
const held = { API_TOKEN: 'canary-token', DB: 'canary/db:1', WORD: 'canary word', LIMIT: 'canary7' }

const good = (port: number): string => `description: for \${WORD}
vars: { JOINED: "\${DB}#\${WORD}" }
exports: { URL: "pg://\${DB}@$(web.address):$(web.port)/\${JOINED}", TOKEN: "\${API_TOKEN}" }
forwards:
  web:
    target: svc/web
    ports: [{ localPort: ${port}, remotePort: 80, appProtocol: http }]
    description: "\${WORD}"
    links: { home: "$(web.url)/?t=\${API_TOKEN}" }
`

const bad = `description: "\${NOBODY:?say \${WORD}}"
context: "\${WORD}"
include: ["\${DB}.yaml"]
envFile: "\${WORD}.env"
exports: { "\${WORD}": 1, A: "$(\${WORD}.port) $(web.\${DB})" }
defaults: { hold: "\${LIMIT}", namespace: "\${DB}" }
settings: { concurrency: "\${LIMIT}", portRange: "\${WORD}" }
forwards:
  a: -n \${DB} svc/\${WORD} \${LIMIT}:\${DB}
  b: { target: "\${DB}", ports: ["\${WORD}:80", { localPort: "\${LIMIT}", remotePort: "\${DB}" }] }
  c: { target: { kind: "\${LIMIT}", name: "\${WORD}" }, ports: [8080], restart: "\${WORD}", drain: { timeout: "\${LIMIT}" } }
  d: { target: { labelSelector: "\${WORD} in (" }, ports: ["\${API_TOKEN}"], addresses: ["\${DB}"], dependsOn: ["\${WORD}"] }
  e: { target: svc/web, cluster: "\${API_TOKEN}", ports: ["8081:\${WORD}"], transport: "\${LIMIT}", enabled: "\${DB}" }
`

test('a file that is wrong in every field that has a variable', async () => {
  await using project = await ScenarioProject.make(bad, shop.kubeconfig)
  const run = (...args: readonly string[]): Promise<Ran> => kpf(args, { cwd: project.dir, env: { ...project.env, ...held } })
  for (const verb of [['check'], ['check', '-o', 'json'], ['check', '-o', 'github'], ['plan'], ['config'], ['up'], ['doctor'], ['trust'], ['rbac']]) {
    const { code, stdout, stderr } = await run(...verb)
    expect(code, verb.join(' ')).not.toBe(0)
    expect(`${stdout}${stderr}`, verb.join(' ')).toContain('KPF_')
    expect(`${stdout}${stderr}`, verb.join(' ')).not.toMatch(/canary/)
  }
})

test('a run of a file that has them, and an edit of it that is wrong', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make(good(port), shop.kubeconfig)
  const env = { ...project.env, ...held }
  const run = (...args: readonly string[]): Promise<Ran> => kpf(args, { cwd: project.dir, env })
  // What is for programs is whole.
  expect((await run('run', '--', 'printenv', 'URL')).stdout).toBe(`pg://canary/db:1@127.0.0.1:${port}/canary/db:1#canary word\n`)

  const up = spawn(process.execPath, [program, 'up', '-o', 'jsonl'], { cwd: project.dir, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  up.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
  up.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  const until = async (word: string): Promise<void> => {
    while (!told.includes(word)) await Promise.race([once(up.stdout, 'data'), once(up, 'exit')])
  }
  await until('"to":"ready"')
  await project.write(good(port).replace('localPort: ', 'localPort: "${LIMIT}", x-was: '))
  await until('config-rejected')
  expect(told).toContain('${LIMIT}')
  const words = [
    ...['check', 'plan', 'reload', 'ps -o json', 'ps -o wide', 'ls', 'events', 'logs', 'config'].map((line) => line.split(' ')),
    ...[
      ['events', '--since', '1h'],
      ['check', '-o', 'json'],
    ],
  ]
  for (const verb of words) {
    const { stdout, stderr } = await run(...verb)
    expect(`${stdout}${stderr}`, verb.join(' ')).not.toMatch(/canary/)
  }
  await project.write(good(port).replace('for ', 'of '))
  for (const verb of [
    ['config'],
    ['config', '-o', 'json'],
    ['config', '--exports'],
    ['config', '--exports', '-o', 'json'],
    ['config', '--variables'],
    ['config', '--explain', 'exports.URL'],
    ['config', '--explain', 'exports.URL', '-o', 'json'],
    ['plan'],
  ]) {
    const { code, stdout, stderr } = await run(...verb)
    expect([code, `${stdout}${stderr}`], verb.join(' ')).toEqual([0, expect.not.stringMatching(/canary/)])
  }
  expect((await run('config', '--exports')).stdout).toContain(`URL=pg://\${DB}@127.0.0.1:${port}/\${DB}#\${WORD}\n`)
  up.kill('SIGTERM')
  await once(up, 'close')
  expect(told).not.toMatch(/canary/)
})
