/** A second command line for a project that runs: what it says counts, and how soon it is heard. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Context } from '../../src/cli/context.ts'
import { ownerOf, silent } from '../../src/cli/ask/reach.ts'
import { placeOf } from '../../src/cli/place.ts'
import type { StatusBody } from '../../src/control/shapes.ts'
import { History } from '../../src/control/history.ts'
import { serveControl } from '../../src/control/server.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { realClock } from '../../src/system/clock.ts'
import { readLock } from '../../src/system/lock-record.ts'
import { acquire } from '../../src/system/owner-lock.ts'
import { privateFolder } from '../../src/system/private-folder.ts'
import { startOf } from '../../src/system/processes.ts'
import { controlled, status } from '../control/world.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

test('its flags, files of variables and variables are those that the file is read with from then on', async () => {
  const [a, b, c] = [await freePort(), await freePort(), await freePort()]
  await using project = await ScenarioProject.make(
    `name: shop\nforwards:\n  web: svc/web \${WEB_PORT:-${a}}:80\n  more: { target: svc/web, ports: [":80"], profiles: [extra] }\n`,
    sandbox.kubeconfig,
  )
  const local = async (): Promise<unknown> =>
    (await project.status()).forwards.map(({ name, ports, state }) => [name, ports[0]?.localPort, state !== 'stopped'])
  expect((await project.run('up', '--wait')).code).toBe(0)
  expect(await local()).toEqual([
    ['web', a, true],
    ['more', expect.any(Number), false],
  ])
  const second = await project.runWith([`WEB_PORT=${b}`], 'up', '-d', '--profile', 'extra')
  expect(second).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^read with other --profile, \$WEB_PORT than before\napplied: \+ more {2}~ web \(port \d+ -> \d+\); 0 untouched\n/),
  })
  expect(await local()).toEqual([
    ['web', b, true],
    ['more', expect.any(Number), true],
  ])
  // An edit, and a reload, are read with the same.
  await project.write((await project.text()).replace('name: shop', 'name: shop # edited'))
  expect(await project.run('reload')).toMatchObject({ code: 0, stderr: 'applied: nothing changed; 2 untouched\n' })
  // A file of variables that only the second names is watched as well.
  await writeFile(join(project.dir, 'more.env'), `WEB_PORT=${a}\n`)
  const third = await project.run('up', '-d', '--env-file', 'more.env')
  expect(third).toMatchObject({ code: 0, stderr: expect.stringContaining('read with other --profile, --env-file, $WEB_PORT than before\napplied: ~ web') })
  await writeFile(join(project.dir, 'more.env'), `WEB_PORT=${c}\n`)
  await expect.poll(local).toEqual([
    ['web', c, true],
    ['more', expect.any(Number), false],
  ])
  expect(await project.run('up', '-d', '--context', 'nowhere', '--env-file', 'more.env')).toMatchObject({
    stderr: expect.stringContaining('read with other --context than before'),
  })
  await expect.poll(async () => (await project.status()).forwards[0]?.phase).toBe('config')
})

test('variables that belong to the process are not taken over: that is said each time, and only of those that differ from its own', async () => {
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  await project.run('up', '--wait')
  const other = async (...variables: readonly string[]): Promise<string> => (await project.runWith(variables, 'up', '-d')).stderr
  const kubeconfig = `kpf: it was started with another $KUBECONFIG, and goes on with that
    to change that: kpf down, then kpf up; for a kubeconfig alone: kpf up --kubeconfig PATH\n`
  expect(await other('KUBECONFIG=/nowhere')).toContain(kubeconfig)
  // The second time it was silent, and the first environment was told to be another one.
  expect(await other('KUBECONFIG=/nowhere')).toContain(kubeconfig)
  expect(await other()).not.toContain('it was started with')
  expect(await other('KUBECONFIG=kubeconfig')).not.toContain('it was started with')
  expect(await other('HTTPS_PROXY=http://proxy:3128')).toContain(
    'it was started with another $HTTPS_PROXY, and goes on with that\n    to change that: kpf down, then kpf up\n',
  )
  expect((await project.run('up', '-d', '--kubeconfig', 'nowhere')).stderr).toContain('read with other --kubeconfig than before')
})

test('flags of a run that another process has are told to be of no use, by the names they were given with', async () => {
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  await project.run('up', '--wait')
  const second = await project.runWith(['KPF_TTL=1h'], 'up', '-d', '--ports-file', 'ports.json')
  expect(second).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('kpf: KPF_TTL and --ports-file say nothing to a project that runs\n    for a run with them: kpf down, then kpf up\n'),
  })
  expect((await project.run('up', '-d')).stderr).not.toContain('say nothing')
})

/** This process as the supervisor of a project: its lock, and where it is to listen. */
async function held(project: ScenarioProject): Promise<{ readonly socket: string; readonly lock: string; readonly release: () => Promise<void> }> {
  // Just what finding it takes.
  const place = await placeOf({ cwd: project.dir, env: project.env, home: project.dir, flags: {} }, process.platform)
  if (place === undefined) throw new Error('there is a file')
  await privateFolder(join(project.dir, 'kpf/projects'))
  const socket = join(project.dir, 'c.sock')
  const lock = await acquire(place.lock, { pid: process.pid, started: (await startOf(process.pid)) ?? '', note: { socket }, isAlive: async () => true })
  return { socket, lock: place.lock, release: async () => (lock.kind === 'held' ? lock.release() : undefined) }
}

test.each([
  ['0.0.1', 'to start it anew: kpf down && kpf up -d'],
  ['999.0.0', 'this kpf is the older one'],
])('a run that has not listened yet is waited for; one of version %s is told as such, once', async (version, words) => {
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  const { socket, release } = await held(project)
  const asking = project.spawn('ps', '-o', 'name')
  const server = await serveControl(socket, { clock: realClock, controlled: { ...controlled([]), version }, history: new History(isoTime, () => undefined) })
  expect(await asking.exited).toBe(0)
  expect(asking.stdout).toBe('api\ndb\n')
  expect(asking.stderr.split('\n').filter((line) => line.includes(words))).toHaveLength(1)
  const waiting = await project.run('run', '--', process.execPath, '-e', '0')
  expect(waiting.stderr.split(words)).toHaveLength(2)
  await server.close()
  await release()
})

test('one that has closed its socket and is about to leave does not run: that is 8, not 7', async () => {
  await using project = await ScenarioProject.make('forwards: {}\n', sandbox.kubeconfig)
  const { lock, release } = await held(project)
  const record = readLock(lock)
  if (record === undefined) throw new Error('it was written')
  let said = ''
  const asking = silent({ err: (text: string) => void (said += text) } as unknown as Context, ownerOf(record, lock), 'ECONNREFUSED')
  await release()
  expect(await asking).toBe(8)
  expect(said).toContain('this project does not run')
})

test('run waits for one that is ending, and then has forwards of its own', async () => {
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  const { socket, release } = await held(project)
  const asked = Promise.withResolvers<void>()
  let looks = 0
  const ending = { ...status(), forwards: status(['web']).forwards.map((row) => ({ ...row, state: 'stopping' as const })) }
  // It runs when it is found, and is ending when its forwards are waited for.
  const look = (): StatusBody => {
    looks++
    if (looks > 1) asked.resolve()
    return { ...ending, isStopping: looks > 1 }
  }
  const parts = { ...controlled([]), status: look }
  const server = await serveControl(socket, { clock: realClock, controlled: parts, history: new History(isoTime, () => undefined) })
  const running = project.spawn('run', '--', process.execPath, '-p', 'process.env.WEB_HOST')
  await asked.promise
  await server.close()
  await release()
  expect(await running.exited).toBe(0)
  expect(running.stdout).toBe('127.0.0.1\n')
})
