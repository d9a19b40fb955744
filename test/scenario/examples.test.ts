/** Every example of the repository, run as it is committed: on the sample cluster, with local ports that are free. */
import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readArguments } from '../../src/cli/arguments.ts'
import type { Project } from '../../src/file/forward.ts'
import { loadBytes } from '../../src/file/load.ts'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import type { App } from '../../src/sandbox/workloads.ts'
import { realClock } from '../../src/system/clock.ts'
import { freePorts } from '../../src/system/free-ports.ts'
import { Up } from '../e2e/kpf.ts'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))

/** What the examples take for granted. */
const apps: readonly App[] = [
  app('grafana', 'monitoring', { 3000: 'http' }),
  app('web', 'shop', { 8000: 'http' }),
  app('api', 'shop', { 8080: 'http', 9090: 'metrics' }),
  app('redis', 'shop', { 6379: 'redis' }),
  app('jaeger-query', 'tracing', { 16686: 'http-query' }),
  { ...app('worker', 'shop', { 6060: 'debug' }), labels: { tier: 'jobs' } },
  app('api', 'shop-staging', { 8080: 'http' }),
  app('preview-app', 'preview', { 8080: 'web' }),
  app('mailpit', 'preview', { 8025: 'http', 1025: 'smtp' }),
  app('rabbitmq', 'messaging', { 5672: 'amqp', 15672: 'http-stats', 15692: 'prometheus' }),
  app('nats', 'messaging', { 4222: 'client', 8222: 'monitor', 6222: 'cluster' }),
  { ...app('postgresql', 'data', { 5432: 'tcp-postgresql' }), kind: 'StatefulSet' },
  { ...app('clickhouse', 'data', { 9000: 'native', 8123: 'http' }), kind: 'StatefulSet' },
]

function app(name: string, namespace: string, ports: Readonly<Record<number, string>>): App {
  const named = Object.entries(ports).map(([port, portName]) => [port, { name: portName, speaks: 'http' as const }])
  return { name, namespace, image: `sample/${name}:1`, replicas: 1, ports: Object.fromEntries(named) as App['ports'] }
}

let sandbox: Sandbox
let dir: string
let kubeconfig: string

beforeAll(async () => {
  sandbox = await Sandbox.start({ clock: realClock, namespace: 'default', apps })
  dir = await mkdtemp(join(tmpdir(), 'kpf-examples-'))
  kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, withContexts(sandbox.kubeconfig, ['kind-shop', 'shop-staging']))
})
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

/** The same cluster under the names that the team's file uses. */
function withContexts(text: string, names: readonly string[]): string {
  const config = JSON.parse(text) as { contexts: { name: string; context: object }[] }
  const [first] = config.contexts
  return JSON.stringify({ ...config, contexts: [...config.contexts, ...names.map((name) => ({ ...first, name }))] })
}

function project(text: string): Project {
  const loaded = loadBytes('forwards.yaml', Buffer.from(text), { directory: dir, flags: {} })
  if (loaded.kind === 'rejected') throw new Error(JSON.stringify(loaded.problems))
  return loaded.project
}

/** The file with other local ports: those of the examples may be taken on this machine. */
async function moved(text: string): Promise<string> {
  const locals = [...new Set(project(text).forwards.flatMap(({ ports }) => ports.map(({ localPort }) => localPort)))]
  const free = await freePorts(locals.length)
  return locals.reduce((now, local, index) => {
    const other = `${free[index]}`
    return now
      .replace(new RegExp(`(localPort: |127\\.0\\.0\\.\\d:)${local}\\b`, 'g'), `$1${other}`)
      .replace(new RegExp(`(?<![\\d:.])${local}:(?=\\w)`, 'g'), `${other}:`)
      .replace(new RegExp(`(?<!Port: )(?<![\\d:.])${local}(?![\\d:])`, 'g'), `${other}:${local}`)
  }, text)
}

test('the unit of systemd starts a verb that tells its readiness, and reloads what it started', () => {
  const unit = readFileSync(join(examples, 'systemd/kpf-shop.service'), 'utf8')
  const lines = unit.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines.filter((line) => line.startsWith('['))).toEqual(['[Unit]', '[Service]', '[Install]'])
  const service = Object.fromEntries(
    lines.filter((line) => !line.startsWith('[')).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  expect(service).toMatchObject({ Type: 'notify', NotifyAccess: 'all', ExecReload: '/bin/kill -HUP $MAINPID', WantedBy: 'default.target' })
  const [shell, program, ...words] = service['ExecStart']?.split(' ') ?? []
  expect([shell, program]).toEqual(['/usr/bin/env', 'kpf'])
  expect(readArguments(words, {})).toMatchObject({ kind: 'verb', verb: { name: 'up' }, flags: {} })
})

test.each(readdirSync(examples))('example %s runs, and every one of its ports answers', async (name) => {
  const text = await moved(readFileSync(join(examples, name, 'forwards.yaml'), 'utf8'))
  const { forwards } = project(text)
  const started = forwards.filter(({ enabled }) => enabled)
  await using up = await Up.start(text, { kubeconfig })
  await up.ready(...started.map((forward) => forward.name))
  for (const port of started.flatMap(({ ports }) => ports)) {
    const [first] = port.addresses
    const response = await fetch(`http://${first?.address}:${port.localPort}`, { headers: { connection: 'close' } })
    expect(await response.text()).toContain('hello from pod')
  }
  expect(await up.stop()).toBe(0)
})
