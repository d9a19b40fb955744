/** `kpf run` and `kpf env`: forwards for as long as a command needs them. */
import { execFile } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort, program } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startShop()
})
afterAll(() => sandbox.close())

const node = process.execPath
const fetching = `fetch('http://' + process.env.WEB_HOST + ':' + process.env.WEB_PORT).then((r) => r.text()).then((t) => { console.log(t.slice(0, 10)); process.exit(7) })`
const one = async (): Promise<string> => `name: shop\nforwards:\n  web: svc/web ${await freePort()}:80\n`

test('the command finds the forwards ready, its code is the code, and nothing is left', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  expect(await project.run('run', '--', node, '-e', fetching)).toEqual({ code: 7, stdout: 'hello from\n', stderr: '' })
  expect(await project.left()).toEqual([])
})

test('what the file exports is in the command, in env and in the file of ports, and in config the same', async () => {
  const port = await freePort()
  await using project = await ScenarioProject.make(
    `name: shop
exports:
  PAGE: $(web.url)/from?pod=$(web.pod)
  SPARE: $(spare.address):$(spare.port)
  WEB_HOST: web.local
forwards:
  web: svc/web ${port}:80
  spare: { target: svc/web, ports: ["${await freePort()}:80"], enabled: false }
`,
    sandbox.kubeconfig,
  )
  const page = new RegExp(`^http://localhost:${port}/from\\?pod=web-\\w+$`)
  const script = 'console.log(JSON.stringify([process.env.PAGE, process.env.WEB_HOST, process.env.WEB_PORT, process.env.SPARE]))'
  const ran = await project.run('run', '--', node, '-e', script)
  expect(JSON.parse(ran.stdout)).toEqual([expect.stringMatching(page), 'web.local', `${port}`, null])
  expect(ran.stderr).toBe('kpf: SPARE is left out: "spare" does not run, or has no pod\n    see: kpf ps --all\n')
  const path = join(project.dir, 'ports.json')
  expect((await project.run('up', '--wait', '--ports-file', path)).code).toBe(0)
  const all = { PAGE: expect.stringMatching(page), WEB_HOST: 'web.local', WEB_PORT: `${port}` }
  expect(JSON.parse((await project.run('env', '-o', 'json')).stdout)).toEqual(all)
  await expect.poll(async () => JSON.parse(await readFile(path, 'utf8')).exports).toEqual(all)
  expect((await project.run('start', 'spare')).code).toBe(0)
  await expect.poll(async () => Object.keys(JSON.parse(await readFile(path, 'utf8')).exports)).toContain('SPARE')
  expect((await project.run('config', '--exports')).stdout).toContain(`PAGE=http://localhost:${port}/from?pod=$(web.pod)\n`)
})

test('words after -- are the command, flags and all', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const ran = await project.run('run', 'web', '--', node, '-p', 'process.argv.slice(1).join(" ")', '--', '-f', 'x')
  expect(ran).toMatchObject({ code: 0, stdout: '-f x\n' })
})

test('a command that is not there is 127, one that cannot be run 126, and kpf’s own failure 125', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  expect(await project.run('run', '--', './nothing')).toMatchObject({ code: 127, stderr: expect.stringContaining('cannot run "./nothing" (ENOENT)') })
  await writeFile(join(project.dir, 'plain'), '')
  await chmod(join(project.dir, 'plain'), 0o600)
  expect(await project.run('run', '--', './plain')).toMatchObject({ code: 126 })
  expect(await project.run('run')).toMatchObject({ code: 2, stderr: expect.stringContaining('run takes a command') })
  await project.write('forwards: [\n')
  expect(await project.run('run', '--', node, '-e', '0')).toMatchObject({ code: 125 })
  await project.write(`forwards:\n  web: { target: svc/web, context: nowhere, ports: ["${await freePort()}:80"] }\n`)
  expect(await project.run('run', '--', node, '-e', '0')).toMatchObject({ code: 125, stderr: expect.stringContaining('web: failed') })
})

test('signals reach the command, and its end is the end', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const listening = "process.on('SIGTERM', () => { console.log('told'); process.exit(3) }); console.log('up'); setInterval(() => {}, 1000)"
  const running = project.spawn('run', '--', node, '-e', listening)
  await expect.poll(() => running.stdout).toContain('up')
  running.signal('SIGTERM')
  expect(await running.exited).toBe(3)
  expect(running.stdout).toBe('up\ntold\n')
  const killed = project.spawn('run', '--', node, '-e', "console.log('up'); setInterval(() => {}, 1000)")
  await expect.poll(() => killed.stdout).toContain('up')
  killed.signal('SIGINT')
  expect(await killed.exited).toBe(130)
  expect(await project.left()).toEqual([])
})

test('a project that runs is used and left; one that is ended meanwhile ends the command', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  expect((await project.run('up', '--wait')).code).toBe(0)
  expect(await project.run('run', '--', node, '-e', fetching)).toMatchObject({ code: 7, stdout: 'hello from\n' })
  expect((await project.status()).mode).toBe('detached')
  const env = await project.run('env')
  expect(env.stdout).toMatch(/^export WEB_HOST='127\.0\.0\.1'\nexport WEB_PORT='\d+'\n$/)
  expect(await project.run('env', '-o', 'csh')).toMatchObject({ code: 2 })
  expect((await project.run('down')).code).toBe(0)
  const running = project.spawn('run', '--', node, '-e', "console.log('up'); setInterval(() => {}, 1000)")
  await expect.poll(() => running.stdout).toContain('up')
  expect((await project.run('down')).code).toBe(0)
  expect(await running.exited).toBe(125)
})

// The lock was held until the command had ended: `down` and a command that waited for it waited for each other, for 10 s, and then it was 7.
test('down answers while the command goes on: the project is free, and the command was told to end', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const staying =
    "process.on('SIGTERM', () => console.log('told')); process.on('SIGINT', () => process.exit(4)); console.log(process.pid); setInterval(() => {}, 1000)"
  const running = project.spawn('run', '--', node, '-e', staying)
  await expect.poll(() => running.stdout).toMatch(/^\d+\n/)
  const pid = Number(running.stdout)
  expect(await project.run('down')).toEqual({
    code: 0,
    stdout: '',
    stderr: `shop stopped: 1 forward, 0 connections served, 0 failed, 0 reset at the end\nthe command of kpf run was told to end: ${node} (pid ${pid})\n`,
  })
  expect(await project.left()).toEqual([])
  expect(running.child.exitCode).toBe(null)
  expect(await project.run('down')).toMatchObject({ code: 0, stderr: 'nothing runs\n' })
  await expect.poll(() => running.stdout).toBe(`${pid}\ntold\n`)
  running.signal('SIGINT')
  expect(await running.exited).toBe(125)
  expect(running.stderr).toBe(
    'kpf: the forwards were stopped while the command ran: it was told to end (SIGTERM)\n    kpf down did it, or another client of the control socket\n',
  )
})

test.each([
  ['the command itself', [node, program, 'down']],
  // A shell hears of a signal when what it waits for has ended.
  ['what the command waits for', ['sh', '-c', `trap 'echo told' TERM; '${node}' '${program}' down; echo $?`]],
])('down ends the project when it is %s', async (_what, command) => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const ran = await project.run('run', '--', ...command)
  expect(ran).toMatchObject({ code: 125, stdout: command[0] === 'sh' ? 'told\n0\n' : '' })
  expect(ran.stderr).toContain('shop stopped: 1 forward')
  expect(await project.left()).toEqual([])
})

// Linux shows the flags of what a descriptor leads to, O_NONBLOCK (04000) among them.
test.skipIf(process.platform !== 'linux')('a pipe on stdin is read by the command as if kpf were not there', async () => {
  await using project = await ScenarioProject.make(await one(), sandbox.kubeconfig)
  const look = `read -r word; flags=$(sed -n 's/^flags:[^0-9]*//p' /proc/self/fdinfo/0); echo "$word $((flags & 04000))"`
  const { stdout } = await promisify(execFile)('sh', ['-c', 'echo word | "$0" "$1" run -- sh -c "$2" | cat', node, program, look], {
    cwd: project.dir,
    env: { ...process.env, ...project.env },
  })
  expect(stdout).toBe('word 0\n')
})
