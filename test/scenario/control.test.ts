/** One supervisor of a project, and what others may ask of it: the real program on the sample cluster. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../../src/control/client.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { fetchText } from '../e2e/clients.ts'
import { freePort, Up } from '../e2e/kpf.ts'
import { startShop } from './shop.ts'

let sandbox: Sandbox
let dir: string
let kubeconfig: string
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  sandbox = await startShop()
  dir = await mkdtemp(join(tmpdir(), 'kpf-ctl-'))
  kubeconfig = join(dir, 'kubeconfig')
  env = { XDG_STATE_HOME: dir, XDG_RUNTIME_DIR: '' }
  await writeFile(kubeconfig, sandbox.kubeconfig)
})
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

/** The sockets and locks that are there. */
async function left(): Promise<readonly string[]> {
  const [run, projects] = await Promise.all([readdir(join(dir, 'kpf/run')).catch(() => []), readdir(join(dir, 'kpf/projects')).catch(() => [])])
  return [...run, ...projects]
}

async function socketOf(): Promise<string> {
  const [lock = ''] = (await readdir(join(dir, 'kpf/projects'))).filter((name) => name.endsWith('.lock'))
  return JSON.parse(await readFile(join(dir, 'kpf/projects', lock), 'utf8')).note.socket
}

test('a run answers on a socket for its owner alone, obeys, and leaves nothing behind', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const up = await Up.start(`name: shop\nforwards:\n  web: svc/web ${a}:80\n  spare: { target: svc/web, ports: ["${b}:80"], enabled: false }\n`, {
    kubeconfig,
    env,
  })
  await up.ready('web')
  await expect.poll(left).toHaveLength(2)
  const socket = await socketOf()
  expect((await stat(socket)).mode & 0o777).toBe(0o600)
  expect((await stat(join(dir, 'kpf/run'))).mode & 0o777).toBe(0o700)
  expect(await ask(socket, { method: 'GET', path: '/v1/status' })).toMatchObject({
    code: 200,
    body: {
      pid: up.pid,
      project: { name: 'shop' },
      mode: 'foreground',
      forwards: [
        { name: 'web', state: 'ready' },
        { name: 'spare', state: 'stopped' },
      ],
    },
  })
  const post = (path: string, body: object): ReturnType<typeof ask> => ask(socket, { method: 'POST', path, body })
  expect(await post('/v1/start', { names: ['spare'] })).toMatchObject({ code: 200 })
  await up.ready('spare')
  expect(await fetchText(b)).toContain('hello')
  expect(await post('/v1/stop', { names: ['web'] })).toMatchObject({ code: 200 })
  await up.next('web stopped', (event) => event.forward === 'web' && event.to === 'stopped')
  await expect(fetchText(a)).rejects.toThrow()
  const since = up.events.length
  expect(await post('/v1/start', {})).toMatchObject({ code: 200, body: { names: ['web'] } })
  await up.next('web again', (event) => event.forward === 'web' && event.to === 'ready', { since })
  await up.edit('forwards: [\n')
  expect(await post('/v1/reload', {})).toMatchObject({ code: 422, body: { kind: 'rejected' } })
  expect(await fetchText(a)).toContain('hello')
  expect(await post('/v1/stop', { end: true, drainMs: 100 })).toMatchObject({ code: 200, body: { forwards: 2 } })
  expect(await up.exited).toBe(0)
  expect(await left()).toEqual([])
  await up.stop()
})

test('a restart never refuses a connection', async () => {
  const port = await freePort()
  const up = await Up.start(`forwards:\n  web: svc/web ${port}:80\n`, { kubeconfig, env })
  await up.ready('web')
  await expect.poll(left).toHaveLength(2)
  const socket = await socketOf()
  const done = new AbortController()
  const refused: string[] = []
  const polling = (async () => {
    while (!done.signal.aborted) await fetchText(port).catch((error: unknown) => refused.push(String(error)))
  })()
  for (let round = 0; round < 5; round++) {
    const since = up.events.length
    expect(await ask(socket, { method: 'POST', path: '/v1/restart', body: { names: ['web'] } })).toMatchObject({ code: 200 })
    await up.next('ready again', (event) => event.forward === 'web' && event.to === 'ready', { since })
  }
  done.abort()
  await polling
  // What was open is reset; a port that is let go would refuse.
  expect(refused.filter((error) => !error.includes('ECONNRESET'))).toEqual([])
  expect(await up.stop()).toBe(0)
})
