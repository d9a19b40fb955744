/** A second command line for a project that runs: what it says counts, and how soon it is heard. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Context } from '../../src/cli/context.ts'
import { placeOf } from '../../src/cli/place.ts'
import { History } from '../../src/control/history.ts'
import { serveControl } from '../../src/control/server.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { realClock } from '../../src/system/clock.ts'
import { acquire } from '../../src/system/owner-lock.ts'
import { privateFolder } from '../../src/system/private-folder.ts'
import { startOf } from '../../src/system/processes.ts'
import { controlled } from '../control/world.ts'
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
  const elsewhere = await project.runWith(['KUBECONFIG=/nowhere'], 'up', '-d', '--env-file', 'more.env')
  expect(elsewhere.stderr).toContain('it goes on with the KUBECONFIG that it was started with')
})

test.each([
  ['0.0.1', 'to start it anew: kpf down && kpf up -d'],
  ['999.0.0', 'this kpf is the older one'],
])('a run that has not listened yet is waited for; one of version %s is told as such, once', async (version, words) => {
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, sandbox.kubeconfig)
  // Just what finding it takes.
  const place = await placeOf({ cwd: project.dir, env: project.env, home: project.dir, flags: {} } as unknown as Context, process.platform)
  if (place === undefined) throw new Error('there is a file')
  await privateFolder(join(project.dir, 'kpf/projects'))
  const socket = join(project.dir, 'c.sock')
  const started = (await startOf(process.pid)) ?? ''
  const lock = await acquire(place.lock, { pid: process.pid, started, note: { socket }, isAlive: async () => true })
  const asking = project.spawn('ps', '-o', 'name')
  const server = await serveControl(socket, { clock: realClock, controlled: { ...controlled([]), version }, history: new History(isoTime, () => undefined) })
  expect(await asking.exited).toBe(0)
  expect(asking.stdout).toBe('api\ndb\n')
  expect(asking.stderr.split('\n').filter((line) => line.includes(words))).toHaveLength(1)
  const waiting = await project.run('run', '--', process.execPath, '-e', '0')
  expect(waiting.stderr.split(words)).toHaveLength(2)
  await server.close()
  if (lock.kind === 'held') await lock.release()
})
