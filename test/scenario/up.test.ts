/** The whole program on the sample cluster: what a person or a script sees of `kpf up`. */
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fetchText } from '../e2e/clients.ts'
import { freePort, kpf, Up } from '../e2e/kpf.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox
let dir: string
let kubeconfig: string

beforeAll(async () => {
  sandbox = await startShop()
  dir = await mkdtemp(join(tmpdir(), 'kpf-scenario-'))
  kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, sandbox.kubeconfig)
})
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

async function file(text: string): Promise<string> {
  const path = join(dir, `${Math.random().toString(36).slice(2)}.yaml`)
  await writeFile(path, text)
  return path
}

test('a forward goes from nothing to ready, serves, and stops cleanly on SIGINT', async () => {
  const port = await freePort()
  const up = await Up.start(`forwards:\n  web: svc/web ${port}:80\n`, { kubeconfig })
  await up.ready('web')
  expect(await fetchText(port)).toContain('hello from pod web-')
  expect(await up.stop('SIGINT')).toBe(0)
  const states = up.events.filter((event) => event.forward === 'web' && event.type === 'forward-state-changed')
  expect(states[0]).toMatchObject({ from: null, to: 'starting' })
  expect(up.events.at(-1)).toMatchObject({ type: 'stopped', forwards: 1, served: 1, failed: 0 })
})

test('two forwards that swap their ports in one edit never refuse a connection', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const up = await Up.start(`forwards:\n  a: svc/web ${a}:80\n  b: deploy/web ${b}:http\n`, { kubeconfig })
  await up.ready('a', 'b')
  const done = new AbortController()
  const refused: string[] = []
  const polling = (async () => {
    while (!done.signal.aborted) for (const port of [a, b]) await fetchText(port).catch((error: unknown) => refused.push(String(error)))
  })()
  const since = up.events.length
  await up.edit(`forwards:\n  a: svc/web ${b}:80\n  b: deploy/web ${a}:http\n`)
  await up.next('applied', (event) => event.type === 'config-applied', { since })
  await fetchText(a)
  await fetchText(b)
  done.abort()
  await polling
  expect(refused).toEqual([])
  expect(await up.stop('SIGTERM')).toBe(0)
})

test('a local port that is taken is told with its holder, and taken over when it is free', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const address = squatter.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const up = await Up.start(`forwards:\n  web: svc/web ${port}:80\n`, { kubeconfig })
  const busy = await up.next('busy', (event) => event.phase === 'port-busy')
  expect(busy.message).toContain(`(pid ${process.pid})`)
  squatter.close()
  await up.ready('web')
  expect(await fetchText(port)).toContain('hello')
  expect(await up.stop()).toBe(0)
})

test.each<[string, string, readonly string[], number, string]>([
  ['a mistake', 'forwards:\n  web: { target: svc/web, prots: ["3000:80"] }\n', [], 2, 'did you mean "ports"?'],
  ['an open address', 'forwards:\n  web: { target: svc/web, ports: ["3000:80"], addresses: [0.0.0.0] }\n', [], 9, 'needs approval'],
  ['a name that is not in it', 'forwards:\n  web: svc/web 3000:80\n', ['wbe'], 2, 'did you mean "web"?'],
  ['a name that nothing in it is near to', 'forwards:\n  web: svc/web 3000:80\n', ['postgres'], 2, 'it has: web'],
  ['an output that is none', 'forwards: {}\n', ['-o', 'xml'], 2, 'use auto, plain, jsonl or quiet'],
])('a file with %s ends with its code and says what to do', async (_what, text, args, code, words) => {
  const result = await kpf(['up', '-f', await file(text), ...args], { env: { KUBECONFIG: kubeconfig } })
  expect(result.code).toBe(code)
  expect(result.stderr).toContain(words)
  expect(result.stdout).toBe('')
})

test('an unknown context fails that forward, not the others', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const up = await Up.start(`forwards:\n  good: svc/web ${a}:80\n  bad: { target: svc/web, context: nowhere, ports: ["${b}:80"] }\n`, { kubeconfig })
  await up.ready('good')
  expect(await up.next('failed', (event) => event.forward === 'bad' && event.to === 'failed')).toMatchObject({ reason: 'KPF_CONTEXT_UNKNOWN', phase: 'config' })
  expect(await fetchText(a)).toContain('hello')
  expect(await up.stop()).toBe(0)
})

test('its events are numbered from 1 without a gap, over edits good and bad', async () => {
  const port = await freePort()
  const up = await Up.start(`forwards:\n  web: svc/web ${port}:80\n`, { kubeconfig })
  await up.ready('web')
  await up.edit('forwards: [\n')
  await up.next('rejected', (event) => event.type === 'config-rejected')
  await up.edit(`forwards:\n  site: svc/web ${port}:80\n`)
  await up.next('applied', (event) => event.type === 'config-applied' && event['generation'] === 2)
  expect(await fetchText(port)).toContain('hello')
  expect(await up.stop('SIGINT')).toBe(0)
  expect(up.events.map(({ seq }) => seq)).toEqual(up.events.map((_, index) => index + 1))
  expect(up.events.filter(({ type }) => type.startsWith('config-')).map(({ summary }) => summary)).toEqual([
    '+ web; 0 untouched',
    undefined,
    '~ site (was "web"); 0 untouched',
  ])
})

test('an edit of an included file, and of the variables beside the file, is a reload', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const up = await Up.start(`include: [more/forwards.yaml]\nforwards:\n  web: svc/web \${WEB:-${a}}:80\n`, {
    kubeconfig,
    files: { 'more/forwards.yaml': 'forwards: {}\n' },
  })
  await up.ready('web')
  await writeFile(join(up.dir, 'more/forwards.yaml'), `forwards:\n  site: svc/web ${b}:80\n`)
  await up.ready('site')
  expect(await fetchText(b)).toContain('hello')
  const c = await freePort()
  await writeFile(join(up.dir, '.env'), `WEB=${c}\n`)
  await up.next('moved', (event) => event.type === 'config-applied' && event['generation'] === 3)
  await expect.poll(() => fetchText(c).catch(() => '')).toContain('hello')
  expect(await up.stop()).toBe(0)
})

test('a port that nobody chose is the same in the next run, and an edit does not move it', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kpf-home-'))
  const env = { HOME: home, XDG_STATE_HOME: '' }
  const text = `settings: { portRange: 41000-41999 }\nforwards:\n  web: svc/web :80\n`
  const up = await Up.start(text, { kubeconfig, env })
  await up.ready('web')
  const listeners = (): unknown => up.events.findLast((event) => event.to === 'ready')?.['listeners']
  const before = listeners()
  const port = Number(/\d+$/.exec(String(before))?.[0])
  expect(port >= 41_000 && port <= 41_999).toBe(true)
  await up.edit(`${text}  site: svc/web :80\n`)
  await up.ready('site')
  expect(await fetchText(port)).toContain('hello')
  expect(await up.stop()).toBe(0)
  const [name = ''] = await readdir(join(home, '.local/state/kpf'))
  expect(JSON.parse(await readFile(join(home, '.local/state/kpf', name), 'utf8'))).toMatchObject({
    v: 1,
    ports: { 'web/80': port, 'site/80': expect.any(Number) },
  })
  await rm(home, { recursive: true, force: true })
})

test('what is risky in a file waits for `kpf trust`, which is asked again when it changes', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kpf-home-'))
  const env = { KUBECONFIG: kubeconfig, HOME: home, XDG_STATE_HOME: join(home, 'state') }
  const path = await file(`forwards:\n  web: { target: svc/web, ports: ["0.0.0.0:${await freePort()}:80"] }\n`)
  expect(await kpf(['up', '-f', path], { env })).toMatchObject({ code: 9, stdout: '' })
  expect((await kpf(['up', '-f', path], { env })).stderr).toContain(`approve it with: kpf trust -f ${path}`)
  expect(await kpf(['trust', '-f', path], { env })).toMatchObject({ code: 9 })
  const trusted = await kpf(['trust', '-f', path, '--yes'], { env })
  expect([trusted.code, trusted.stdout]).toEqual([
    0,
    expect.stringMatching(/wants to\n {2}- listen on 0\.0\.0\.0:\d+ for "web", which others can reach\n\S+: approved/),
  ])
  expect(await kpf(['check', '-f', path], { env })).toMatchObject({ code: 0 })
  expect((await stat(join(home, 'state/kpf/approved.json'))).mode & 0o777).toBe(0o600)
  await writeFile(path, 'forwards:\n  web: { target: svc/web, ports: ["0.0.0.0:9999:80"] }\n')
  expect(await kpf(['check', '-f', path], { env })).toMatchObject({ code: 9 })
  await rm(home, { recursive: true, force: true })
})

test('an edit that needs approval is applied as soon as it is approved', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kpf-home-'))
  const env = { HOME: home, XDG_STATE_HOME: '' }
  const [a, b] = [await freePort(), await freePort()]
  const up = await Up.start(`forwards:\n  web: svc/web ${a}:80\n`, { kubeconfig, env })
  await up.ready('web')
  await up.edit(`forwards:\n  web: svc/web ${a}:80\n  open: --address 0.0.0.0 svc/web ${b}:80\n`)
  expect(await up.next('rejected', (event) => event.type === 'config-rejected')).toMatchObject({ problems: [{ code: 'KPF_APPROVAL' }] })
  expect(await kpf(['trust', '--yes', '-f', up.file], { env: { ...env, KUBECONFIG: kubeconfig } })).toMatchObject({ code: 0 })
  await up.ready('open')
  expect(await up.stop()).toBe(0)
  await rm(home, { recursive: true, force: true })
})

test('a protected cluster is started only by somebody who says yes, and an edit cannot bring one in', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const text = (isProtected: boolean): string =>
    `clusters: { prod: { protected: true } }\nforwards:\n  web: svc/web ${a}:80\n  ${isProtected ? `live: --cluster prod svc/web ${b}:80` : 'x-live: 1'}\n`
  const refused = await kpf(['up', '-f', await file(text(true))], { env: { KUBECONFIG: kubeconfig } })
  expect([refused.code, refused.stderr]).toEqual([9, expect.stringContaining('start it with: kpf up --yes')])
  const up = await Up.start(text(false), { kubeconfig })
  await up.ready('web')
  await up.edit(text(true))
  expect(await up.next('rejected', (event) => event.type === 'config-rejected')).toMatchObject({ problems: [{ code: 'KPF_PROTECTED', line: 4 }] })
  expect(await up.stop()).toBe(0)
  const agreed = await Up.start(text(true), { kubeconfig, args: ['--yes'] })
  await agreed.ready('web', 'live')
  expect(await agreed.stop()).toBe(0)
})

test('check says what is wrong as JSON, and nothing on stderr', async () => {
  const good = await kpf(['check', '-o', 'json', '-f', await file('forwards:\n  web: svc/web 3000:80\n')])
  expect([good.code, JSON.parse(good.stdout)]).toMatchObject([0, { problems: [] }])
  const bad = await kpf(['check', '-o', 'json', '-f', await file('forwards:\n  web: { target: svc/web, prots: ["3000:80"], ports: ["3000:80"] }\n')])
  expect([bad.code, JSON.parse(bad.stdout), bad.stderr]).toMatchObject([2, { v: 1, problems: [{ line: 2, column: 27, code: 'KPF_KEY_UNKNOWN' }] }, ''])
})

test('config, plan and check say what the files mean, as data on stdout', async () => {
  const path = await file('forwards:\n  web: svc/web ${PORT:-3000}:80\n  x-note: 1\n  off: { target: svc/web, ports: [":http"], profiles: [more] }\n')
  const run = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
    const { code, stdout } = await kpf([...args, '-f', path], { env: { KUBECONFIG: kubeconfig, PORT: '3100' } })
    return [code, stdout]
  }
  expect(await run('plan')).toEqual([0, '+ web  svc/web:80 on localhost:3100  (added)\nnot started: off\n'])
  expect(await run('plan', '--exit-code', '--profile', 'more')).toEqual([10, expect.stringContaining('+ off  svc/web:http on localhost:auto  (added)')])
  expect(await run('plan', 'off')).toEqual([0, '+ off  svc/web:http on localhost:auto  (added)\nnot started: web\n'])
  expect(await run('plan', 'of')).toEqual([2, ''])
  expect(await run('config', '--variables')).toEqual([0, 'PORT  environment\n'])
  expect(await run('config', '--profiles')).toEqual([0, 'more\n'])
  expect((await run('config', '--hash'))[1]).toMatch(/^web [0-9a-f]{64}\noff [0-9a-f]{64}\n$/)
  expect(await run('config', '--explain', 'forwards.web')).toEqual([0, `forwards.web: svc/web 3100:80\n    forward at ${path}:2:8, with \${PORT}\n`])
  const [, text] = await run('config')
  expect(await kpf(['config', '-f', await file(text)], { env: { KUBECONFIG: kubeconfig } })).toMatchObject({ code: 0, stdout: text })
  const bad = await file('forwards:\n  web: svcs/web 3000:80\n')
  const github = await kpf(['check', '-o', 'github', '-f', bad], { env: { KUBECONFIG: kubeconfig } })
  expect([github.code, github.stdout]).toEqual([2, `::error file=${bad},line=2,col=8,title=KPF_TARGET::unknown kind "svcs" (fix: did you mean "svc/web"?)\n`])
})

test('init writes a file that runs, and never over another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kpf-init-'))
  const path = join(folder, 'forwards.yaml')
  const first = await kpf(['init', '-f', path, '-n', 'shop'], { env: { KUBECONFIG: kubeconfig } })
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('1 service')])
  expect(await readFile(path, 'utf8')).toContain('  web: svc/web 8080:80\n')
  expect(await kpf(['check', '-f', path], { env: { KUBECONFIG: kubeconfig } })).toMatchObject({ code: 0 })
  expect(await kpf(['init', '-f', path], { env: { KUBECONFIG: kubeconfig } })).toMatchObject({ code: 2 })
  const without = await kpf(['init', '-f', '-'], { env: { KUBECONFIG: join(folder, 'none') } })
  expect([without.code, without.stdout, without.stderr]).toEqual([0, expect.stringContaining('forwards: {}'), expect.stringContaining('cannot be listed')])
  await rm(folder, { recursive: true, force: true })
})

test('the compiled code is on disk soon after the start, for a supervisor that is killed', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kpf-home-'))
  const up = await Up.start(`forwards:\n  web: svc/web ${await freePort()}:80\n`, { kubeconfig, env: { HOME: home, XDG_CACHE_HOME: '' } })
  await up.ready('web')
  const folder = join(home, '.cache', 'kpf', 'compiled')
  const size = async (): Promise<number> => (await readdir(folder, { recursive: true }).catch(() => [])).length
  await expect.poll(size).toBeGreaterThan(5)
  await up.stop('SIGKILL')
  await rm(home, { recursive: true, force: true })
})
