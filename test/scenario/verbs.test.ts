/** Every verb in every form of its output and to every one of its exit codes: the real program, on the sample cluster. */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { placeOf } from '../../src/cli/place.ts'
import { verbs } from '../../src/cli/verbs.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { acquire } from '../../src/system/owner-lock.ts'
import { privateFolder } from '../../src/system/private-folder.ts'
import { startOf } from '../../src/system/processes.ts'
import { freePort } from '../e2e/kpf.ts'
import { type Ran, ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'
import { type Form, verbTable, type Words, type World } from './verb-table.ts'

const folder = fileURLToPath(new URL('../../schema/', import.meta.url))
const ajv = new Ajv({ strict: false, validateFormats: false })
const schemas: Readonly<Record<string, ValidateFunction>> = Object.fromEntries(
  readdirSync(folder).map((name) => [name, ajv.compile(JSON.parse(readFileSync(join(folder, name), 'utf8')))]),
)
const good = async (): Promise<string> => `name: shop\nforwards:\n  web: svc/web ${await freePort()}:80\n`
const worlds = new Map<World, ScenarioProject>()
let sandbox: Sandbox
let squatter: Server
let busyPort = 0

beforeAll(async () => {
  sandbox = await startShop()
  squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const address = squatter.address()
  busyPort = typeof address === 'object' && address !== null ? address.port : 0
  const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: '/nowhere/login', interactiveMode: 'Never' }
  const locked = JSON.stringify({ ...JSON.parse(sandbox.kubeconfig), users: [{ name: 'sample', user: { exec: plugin } }] })
  const away = sandbox.kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${await freePort()}`)
  const nowhere = async (): Promise<string> => `forwards:\n  web: { target: svc/web, context: nowhere, ports: ["${await freePort()}:80"] }\n`
  const risky = 'forwards:\n  web: svc/web 80:80\n'
  const make = async (world: World, text: string, kubeconfig = sandbox.kubeconfig): Promise<ScenarioProject> => {
    const project = await ScenarioProject.make(text, kubeconfig)
    worlds.set(world, project)
    return project
  }
  await make('idle', await good())
  await make('broken', 'forwards:\n  web: { target: svc/web, prots: [80] }\n')
  await make('risky', risky)
  const made = await Promise.all([
    make('running', `${await good()}  spare: { target: svc/web, ports: [":80"], enabled: false }\n`),
    make('failing', await nowhere()),
    make('locked', await good(), locked),
    make('busy', `forwards:\n  web: { target: svc/web, ports: [{ localPort: ${busyPort}, remotePort: 80, onConflict: fail }] }\n`),
    make('spoilt', await good()),
    make('turned', await good()),
  ])
  await make('away', await good(), away)
  await make('lost', await nowhere())
  await make('barred', await good(), locked)
  await Promise.all(made.map((project) => project.run('up', '-d', '--no-watch')))
  await worlds.get('running')?.run('wait')
  await worlds.get('spoilt')?.write('forwards: [\n')
  await worlds.get('turned')?.write(risky)
  await muted(await make('silent', await good()))
})
afterAll(async () => {
  await writeFile(join(worlds.get('silent')?.dir ?? '', 'kpf/projects', silentLock), '{}')
  for (const project of worlds.values()) await project[Symbol.asyncDispose]()
  squatter.close()
  await sandbox.close()
})

let silentLock = ''

/** Its lock is held by a process that lives, and nobody listens where the lock says. */
async function muted(project: ScenarioProject): Promise<void> {
  // Just what finding it takes.
  const place = await placeOf({ cwd: project.dir, env: project.env, home: project.dir, flags: {} }, process.platform)
  if (place === undefined) throw new Error('there is a file')
  await privateFolder(join(project.dir, 'kpf/projects'))
  const socket = join(project.dir, 'dead.sock')
  await writeFile(socket, '')
  silentLock = place.lock.split('/').at(-1) ?? ''
  await acquire(place.lock, { pid: process.pid, started: (await startOf(process.pid)) ?? '', note: { socket }, isAlive: async () => true })
}

async function ran([world, ...words]: Words): Promise<Ran> {
  const at = words.findIndex((word) => !/^[A-Z_]+=/.test(word))
  const args = words.slice(at).map((word) => word.replace('BUSYPORT', `${busyPort}`))
  if (world === 'own') {
    await using own = await ScenarioProject.make(await good(), sandbox.kubeconfig)
    return await own.runWith(words.slice(0, at), ...args)
  }
  const project = worlds.get(world)
  if (project === undefined) throw new Error(`no world ${world}`)
  return project.runWith(words.slice(0, at), ...args)
}

const named = (verb: string): string => (verb === '' ? 'kpf TYPE/NAME' : `kpf ${verb}`)
const forms = Object.entries(verbTable).flatMap(([verb, cells]) =>
  [...Object.entries(cells.forms), ...(cells.more ?? []).map((cell) => [cell.words.slice(1).join(' '), cell] as const)].flatMap(([form, cell]) =>
    'words' in cell ? [[`${named(verb)}, ${form}`, cell] as const] : [],
  ),
)
const exits = Object.entries(verbTable).flatMap(([verb, cells]) =>
  Object.entries(cells.exits).flatMap(([code, cell]) => ('file' in cell ? [] : [[`${named(verb)}, ${code}`, Number(code), cell] as const])),
)

test.concurrent.each(forms)('the form is as told: %s', async (_name, { words, looks }: Form) => {
  const { stdout, stderr } = await ran(words)
  if (looks instanceof RegExp) return expect(stdout, stderr).toMatch(looks)
  const parts = looks === 'json' || /^(trace|doctor|config)/.test(looks) ? [stdout] : stdout.trim().split('\n')
  for (const part of parts) {
    const value: unknown = JSON.parse(part)
    const fits = schemas[looks]
    expect(fits === undefined || fits(value), JSON.stringify(fits?.errors)).toBe(true)
  }
})

test.concurrent.each(exits)('the exit code is reached, and anything wrong is said on stderr: %s', async (_name, code, words) => {
  const result = await ran(words)
  expect(result.code, result.stderr).toBe(code)
  // Three parts: what went wrong, and below it what to do; a child's own end is its own business, and a plan that differs no mistake.
  const isOwn = code === 0 || code === 10 || code === 130 || code === 143
  if (!isOwn) expect(`${result.stderr}${result.stdout}`).not.toBe('')
})

test.concurrent.each(verbs.map(({ name }) => name))(
  'a flag that %s does not have is 2, its help is on stdout, and the Tab key knows the verb',
  async (name) => {
    const wrong = await worlds.get('idle')?.run(name, '--no-such-flag')
    expect(wrong).toEqual({ code: 2, stdout: '', stderr: `kpf: unknown flag "--no-such-flag"\n    see: kpf help ${name}\n` })
    const help = await worlds.get('idle')?.run('help', name)
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(new RegExp(`^kpf ${name}( |\\n)`)) })
    expect(await worlds.get('idle')?.run(name, '--help')).toEqual(help)
    expect((await worlds.get('idle')?.run('__complete', '--', `=${name.slice(0, -1)}`))?.stdout).toContain(name)
  },
)
