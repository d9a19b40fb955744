/** A project in the background, and every verb that talks to it: the real program on the sample cluster. */
import { once } from 'node:events'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fetchText } from '../e2e/clients.ts'
import { fits } from '../control/status-schema.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

const two = (a: number, b: number): string =>
  `name: shop\nforwards:\n  web: svc/web ${a}:80\n  spare: { target: svc/web, ports: ["${b}:80"], enabled: false }\n`

test('up -d ends when the ports are bound, ps tells, down ends it, and all of them may be said again', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(two(a, b), sandbox.kubeconfig)
  expect(await project.run('ps')).toMatchObject({ code: 8, stdout: '' })
  expect(await project.run('down')).toMatchObject({ code: 0, stderr: 'nothing runs\n' })
  const up = await project.run('up', '-d')
  expect([up.code, up.stdout, up.stderr]).toEqual([0, '', expect.stringMatching(/^shop runs in the background \(pid \d+\)/)])
  // The port is bound already, and whoever comes is held until there is a pod.
  expect(await fetchText(a)).toContain('hello')
  expect(await project.run('wait')).toMatchObject({ code: 0 })
  const status = await project.status()
  expect(fits(status), JSON.stringify(fits.errors)).toBe(true)
  expect(status).toMatchObject({
    mode: 'detached',
    forwards: [
      { name: 'web', state: 'ready' },
      { name: 'spare', state: 'stopped' },
    ],
  })
  const ps = (await project.run('ps')).stdout.split('\n')
  expect(ps[0]).toMatch(/^NAME +STATE +LOCAL +TARGET +POD +CONNS +RESTARTS +AGE +REASON$/)
  expect(ps[1]).toMatch(new RegExp(`^web +ready +localhost:${a} +svc/web:80 +web-\\w+ +\\d+ +0 +\\d+s$`))
  expect(await project.run('ps', '-o', 'name')).toMatchObject({ stdout: 'web\n' })
  expect((await project.run('ps', '-o', 'yaml')).stdout).toMatch(/^v: 1\n/)
  expect(await project.run('ps', '-o', 'xml')).toMatchObject({ code: 2 })
  expect(await project.run('port', 'web')).toMatchObject({ stdout: `127.0.0.1:${a}\n` })
  expect(await project.run('url', 'web', '80')).toMatchObject({ stdout: `http://localhost:${a}\n` })
  expect(await project.run('port', 'spare')).toMatchObject({ code: 3, stdout: '' })
  expect(await project.run('port', 'wbe')).toMatchObject({ code: 2, stderr: 'kpf: no forward "wbe" in shop\n    did you mean "web"?\n' })
  expect((await project.run('ls')).stdout).toMatch(/\nshop +1\/1 +\d+ +detached +\d+s +\//)
  expect(await project.run('up', '-q', '-d')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await project.run('down')).toMatchObject({ code: 0, stderr: expect.stringMatching(/^shop stopped: 1 forward, 1 connection served/) })
  expect(await project.run('up', '-q', '-d')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await project.run('down', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await project.run('down')).toMatchObject({ code: 0, stderr: 'nothing runs\n' })
  expect(await project.left()).toEqual([])
  await expect(fetchText(a)).rejects.toThrow()
})

test('open hands the page to the browser that BROWSER names; without one it prints it, with 1', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(two(a, b), sandbox.kubeconfig)
  expect((await project.run('up', '-d')).code).toBe(0)
  const seen = join(project.dir, 'seen')
  await writeFile(join(project.dir, 'browser'), `#!/bin/sh\necho "$@" > '${seen}'\n`, { mode: 0o755 })
  const url = `http://localhost:${a}`
  const browser = `BROWSER=/nowhere/browser:${join(project.dir, 'browser')} --tab`
  expect(await project.runWith([browser], 'open', 'web')).toEqual({ code: 0, stdout: '', stderr: `opening ${url}\n` })
  expect(await readFile(seen, 'utf8')).toBe(`--tab ${url}\n`)
  expect(await project.runWith(['BROWSER=/nowhere/browser'], 'open', 'web')).toMatchObject({ code: 1, stdout: `${url}\n` })
  await project.write(
    `name: shop\nforwards:\n  web: { target: svc/web, ports: [{ localPort: ${a}, remotePort: 80, appProtocol: postgresql }] }\n  spare: svc/web ${b}:80\n`,
  )
  expect((await project.run('reload')).code).toBe(0)
  expect(await project.runWith([browser], 'open', 'web')).toMatchObject({ code: 1, stdout: `postgresql://localhost:${a}\n` })
  expect((await project.run('stop', 'spare')).code).toBe(0)
  await expect.poll(async () => (await project.status()).forwards[1]?.state).toBe('stopped')
  expect(await project.run('open', 'spare')).toMatchObject({ code: 3, stdout: '' })
  expect(await project.run('open', 'web', 'nine')).toMatchObject({ code: 2, stderr: expect.stringContaining('has no port "nine"') })
})

test('ps --watch says it again when something happens, and ends with the project', async () => {
  await using project = await ScenarioProject.make(two(await freePort(), await freePort()), sandbox.kubeconfig)
  expect((await project.run('up', '--wait')).code).toBe(0)
  const watching = project.spawn('ps', '--watch', '--all')
  await expect.poll(() => watching.stdout).toContain('web    ready')
  expect((await project.run('stop', 'web')).code).toBe(0)
  await expect.poll(() => watching.stdout).toMatch(/web +stopped/)
  expect((await project.run('down')).code).toBe(0)
  expect(await watching.exited).toBe(8)
})

test('start, stop and restart are in force over edits of the file, and reload says what it did', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(two(a, b), sandbox.kubeconfig)
  expect((await project.run('up', '--wait')).code).toBe(0)
  expect(await project.run('start', 'spare')).toMatchObject({ code: 0, stderr: 'started: spare\n' })
  expect((await project.run('wait', 'spare')).code).toBe(0)
  expect(await project.run('stop', 'web')).toMatchObject({ code: 0 })
  expect((await project.run('wait', 'web', '--for', 'stopped')).code).toBe(0)
  await project.write(`${two(a, b)}  third: svc/web ${await freePort()}:80\n`)
  expect((await project.run('reload')).code).toBe(0)
  expect((await project.run('wait', 'third')).code).toBe(0)
  expect((await project.status()).forwards.map(({ name, state }) => `${name} ${state}`)).toEqual(['web stopped', 'spare ready', 'third ready'])
  expect((await project.run('logs')).stdout).toMatch(/ by hand: - web; 1 untouched\n/)
  expect(await project.run('start')).toMatchObject({ stderr: 'started: web\n' })
  expect((await project.run('wait')).code).toBe(0)
  expect(await project.run('restart', 'web')).toMatchObject({ code: 0, stderr: 'restarted: web\n' })
  expect((await project.run('wait')).code).toBe(0)
  expect((await project.status()).forwards[0]).toMatchObject({ name: 'web', restarts: 1 })
  expect(await project.run('stop', 'wbe')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "web"?') })
  await project.write('forwards: [\n')
  expect(await project.run('reload')).toMatchObject({ code: 2, stderr: expect.stringContaining('not applied, what runs goes on') })
  expect(await fetchText(a)).toContain('hello')
  expect(await project.run('down', 'web', 'third')).toMatchObject({ code: 0 })
  // The last one takes the supervisor with it.
  expect(await project.run('down', 'spare')).toMatchObject({ code: 0 })
  expect(await project.run('ps')).toMatchObject({ code: 8 })
})

test('a second up applies its file to the one that runs, attaches, and leaves it running', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(two(a, b), sandbox.kubeconfig)
  expect((await project.run('up', '--wait', '--no-watch')).code).toBe(0)
  const { pid } = await project.status()
  await project.write(two(b, a))
  const second = project.spawn('up')
  await expect.poll(() => second.stderr).toContain(`shop already runs (pid ${pid}`)
  expect(second.stderr).toContain('~ web')
  await expect.poll(async () => (await project.status()).forwards[0]?.listeners).toContain(`127.0.0.1:${b}`)
  second.signal('SIGINT')
  expect(await second.exited).toBe(0)
  expect(second.stderr).toContain(`shop goes on in pid ${pid}; \`kpf down\` stops it`)
  expect(await fetchText(b)).toContain('hello')
  expect(await project.run('up', '-d', 'spare')).toMatchObject({ code: 0, stderr: expect.stringContaining('already runs') })
  expect((await project.run('wait', 'spare')).code).toBe(0)
  const third = project.spawn('up', '-o', 'jsonl')
  await expect.poll(() => third.stderr).toContain('already runs')
  expect((await project.run('down')).code).toBe(0)
  expect(await third.exited).toBe(0)
  expect(
    third.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type)
      .at(-1),
  ).toBe('stopped')
  await project.write('forwards: [\n')
  expect((await project.run('up', '-d')).code).toBe(2)
})

test('a quiet up says what is wrong, and nothing else', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  bad: svc/wbe ${b}:80\n  good: svc/web ${a}:80\n`, sandbox.kubeconfig)
  const up = project.spawn('up', '-q')
  await expect.poll(() => up.stderr).toContain('bad: waiting: ')
  expect(await fetchText(a)).toContain('hello')
  up.signal('SIGINT')
  expect(await up.exited).toBe(0)
  expect(up.stderr).toMatch(/^bad: waiting: service "wbe" does not exist [^]*$/)
  expect(up.stderr).not.toContain('good')
})

test('-v tells each connection, also to a second up', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(two(a, b), sandbox.kubeconfig)
  const first = project.spawn('up', '-v')
  await expect.poll(() => first.stderr).toContain('web: ready on')
  const second = project.spawn('up', '--verbose')
  await expect.poll(() => second.stderr).toContain('Attached: Ctrl-C leaves it running')
  await fetchText(a)
  for (const one of [first, second]) await expect.poll(() => one.stderr).toContain(`web: connection on port ${a}\n`)
  second.signal('SIGINT')
  expect(await second.exited).toBe(0)
  first.signal('SIGINT')
  expect(await first.exited).toBe(0)
})

test('a run in the foreground owns its project too', async () => {
  const [a, b] = [await freePort(), await freePort()]
  await using project = await ScenarioProject.make(two(a, b), sandbox.kubeconfig)
  const first = project.spawn('up')
  await expect.poll(async () => (await project.run('wait')).code).toBe(0)
  expect(await project.status()).toMatchObject({ pid: first.child.pid, mode: 'foreground' })
  expect((await project.run('down', '-t', '500ms')).code).toBe(0)
  expect(await first.exited).toBe(0)
  expect(first.stderr).toContain('stopped: 1 forward')
})

test('a port that is taken ends up -d with 6 and its holder, and the run goes on', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const address = squatter.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await using project = await ScenarioProject.make(`name: shop\nforwards:\n  web: svc/web ${port}:80\n`, sandbox.kubeconfig)
  expect(await project.run('up', '-d')).toMatchObject({ code: 6, stderr: expect.stringContaining(`(pid ${process.pid}); taken over when it is free`) })
  expect(await project.run('wait', '--timeout', '200ms')).toMatchObject({
    code: 124,
    stderr: expect.stringContaining('timed out after 0.2 s\n    web: waiting'),
  })
  squatter.close()
  expect((await project.run('wait')).code).toBe(0)
})

test('--wait ends at once with the code of a forward that fails, and says which', async () => {
  await using project = await ScenarioProject.make(
    `forwards:\n  web: { target: svc/web, context: nowhere, ports: ["${await freePort()}:80"] }\n`,
    sandbox.kubeconfig,
  )
  const up = await project.run('up', '--wait')
  expect([up.code, up.stderr]).toEqual([3, expect.stringContaining('web: failed: ')])
  const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: '/nowhere/login', interactiveMode: 'Never' }
  const locked = JSON.stringify({ ...JSON.parse(sandbox.kubeconfig), users: [{ name: 'sample', user: { exec: plugin } }] })
  await using second = await ScenarioProject.make(`forwards:\n  web: svc/web ${await freePort()}:80\n`, locked)
  const out = await second.run('up', '--wait')
  expect([out.code, out.stderr]).toEqual([4, expect.stringContaining('web: failed: ')])
})

test('a mistake in the file, or of the machine, is told by who asked for the background', async () => {
  await using project = await ScenarioProject.make('forwards:\n  web: { target: svc/web, prots: [1] }\n', sandbox.kubeconfig)
  expect(await project.run('up', '-d')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "ports"?') })
  expect(await project.run('up', '-d', '--ttl', 'soon')).toMatchObject({ code: 2, stderr: expect.stringContaining('--ttl is no duration') })
  await project.write(`forwards:\n  web: svc/web ${await freePort()}:80\n`)
  await project.run('ls')
  await chmod(join(project.dir, 'kpf'), 0o700)
  await chmod(join(project.dir, 'kpf/projects'), 0o755)
  expect(await project.run('up', '-d')).toMatchObject({ code: 1, stderr: expect.stringContaining('its mode must be 0700') })
  await chmod(join(project.dir, 'kpf/projects'), 0o700)
})

test('the log is for its owner alone, and logs and events give it back', async () => {
  await using project = await ScenarioProject.make(two(await freePort(), await freePort()), sandbox.kubeconfig)
  expect((await project.run('up', '--wait')).code).toBe(0)
  const { log } = await project.status()
  expect((await stat(log ?? '')).mode & 0o777).toBe(0o600)
  await expect.poll(async () => await readFile(log ?? '', 'utf8')).toContain('"text":"web: ready on')
  const logs = await project.run('logs')
  expect(logs.stdout).toMatch(/^\d\d:\d\d:\d\d web: ready on localhost:\d+ \(svc\/web:80, pod web-\w+\)\n$/)
  expect(await project.run('logs', '--level', 'error')).toMatchObject({ code: 0, stdout: '' })
  expect(await project.run('logs', '--tail', 'x')).toMatchObject({ code: 2 })
  const all = (await project.run('events')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).seq)
  expect(all).toEqual(all.map((_, index) => index + 1))
  const following = project.spawn('logs', '-f', '--tail', '0')
  const events = project.spawn('events', '-f')
  await expect.poll(() => events.stdout).toContain('"seq":3')
  expect((await project.run('stop', 'web')).code).toBe(0)
  await expect.poll(() => following.stdout).toContain('web: stopped')
  expect((await project.run('down')).code).toBe(0)
  expect([await following.exited, await events.exited]).toEqual([0, 0])
  const seen = events.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).seq)
  expect(seen).toEqual(seen.map((_, index) => index + 1))
  expect(events.stdout.trim()).toMatch(/"type":"stopped"[^\n]*$/)
})

test('a supervisor that does not answer is told as such, with 7', async () => {
  await using project = await ScenarioProject.make(two(await freePort(), await freePort()), sandbox.kubeconfig)
  expect((await project.run('up', '--wait')).code).toBe(0)
  const { pid } = await project.status()
  const [lock = ''] = (await project.left()).filter((name) => name.endsWith('.lock'))
  const path = join(project.dir, 'kpf/projects', lock)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('.sock', '.none'))
  expect(await project.run('ps')).toMatchObject({ code: 7, stderr: expect.stringContaining(`the supervisor (pid ${pid}) does not answer (ENOENT)`) })
  await writeFile(path, text)
})

test('--ttl ends a run, --abort-on-failure with the code, --ports-file says where the ports are', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make(two(port, await freePort()), sandbox.kubeconfig)
  const path = join(project.dir, 'ports.json')
  expect((await project.run('up', '--ttl', '1500ms', '--ports-file', path)).code).toBe(0)
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ v: 1, forwards: { web: { ports: [{ address: '127.0.0.1', localPort: port }] } } })
  await project.write(`forwards:\n  web: { target: svc/web, context: nowhere, ports: ["${port}:80"] }\n`)
  expect((await project.run('up', '--abort-on-failure')).code).toBe(3)
})

test('a file of ports that cannot be written is told by who started the run, which goes on, and is no success', async () => {
  await using project = await ScenarioProject.make(two(await freePort(), await freePort()), sandbox.kubeconfig)
  const path = join(project.dir, 'nothing', 'ports.json')
  expect(await project.run('up', '--wait', '--ports-file', path)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`kpf: the ports cannot be written to ${path} (ENOENT)\n    name a file in a folder that you can write to\n`),
  })
  expect((await project.run('ps')).code).toBe(0)
})
