/** A reload into each bad file of the catalogue leaves what runs as it is: an open connection goes on, and no state changes. */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ask } from '../../src/control/client.ts'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { echoed, open } from '../e2e/clients.ts'
import { freePort, type EventLine } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'

const bad = fileURLToPath(new URL('../fixtures/bad/', import.meta.url))
const fixtures = readdirSync(bad).filter((name) => name.endsWith('.yaml') && readFileSync(join(bad, name.replace(/yaml$/, 'txt')), 'utf8') !== 'no problems\n')

test('every bad file, one after the other', { timeout: 60_000 }, async () => {
  const sandbox = await Sandbox.start({
    clock: realClock,
    namespace: 'shop',
    apps: [{ name: 'echo', image: 'shop/echo:1', replicas: 1, ports: { 7000: { name: 'echo', speaks: 'echo' } } }],
  })
  const port = await freePort()
  const good = `forwards:\n  echo: deploy/echo ${port}:7000\n`
  await using project = await ScenarioProject.make(good, sandbox.kubeconfig)
  try {
    // Each file is read when it is asked for, and so once.
    expect((await project.run('up', '-d', '--wait', '--no-watch')).code).toBe(0)
    const [socketName = ''] = await readdir(join(project.dir, 'kpf/run'))
    const socket = join(project.dir, 'kpf/run', socketName)
    const before = await project.status()
    const client = await open(port)
    expect(await echoed(client, 'before')).toBe('before')
    await mkdir(join(project.dir, 'next'))
    for (const name of fixtures) {
      await writeFile(join(project.dir, 'next/forwards.yaml'), readFileSync(join(bad, name)))
      await rename(join(project.dir, 'next/forwards.yaml'), join(project.dir, 'forwards.yaml'))
      expect(await ask(socket, { method: 'POST', path: '/v1/reload' }), name).toMatchObject({ code: 422, body: { kind: 'rejected' } })
      expect(await echoed(client, name)).toBe(name)
    }
    const events = (await project.run('events', '--since', before.startedAt)).stdout
      .trim()
      .split('\n')
      .map((line): EventLine => JSON.parse(line))
      .filter(({ seq }) => seq > before.seq)
    expect(events.map(({ type }) => type).filter((type) => type !== 'connection-accepted')).toEqual(fixtures.map(() => 'config-rejected'))
    const { generation, forwards } = await project.status()
    expect([generation, forwards.map(({ state, restarts, pod }) => ({ state, restarts, pod }))]).toEqual([
      before.generation,
      before.forwards.map(({ state, restarts, pod }) => ({ state, restarts, pod })),
    ])
    await project.write(good)
    expect((await project.run('reload')).code).toBe(0)
    expect(await echoed(client, 'after')).toBe('after')
    client.destroy()
  } finally {
    await sandbox.close()
  }
})
