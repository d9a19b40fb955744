/** `kpf trace` against a real control plane: where a connection goes, and where it breaks. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Account } from '../../src/trace/account.ts'
import { checked, parsed } from '../trace/checked.ts'
import { kpf } from './kpf.ts'
import { draw } from './rig/browser.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { deployment, pod, service } from './rig/manifests.ts'
import { askedMode, type Mode } from './rig/modes.ts'

/** The diagram of the documents, and the same as a picture. Both are written anew with KPF_WRITE_DOCS=1. */
const docs = fileURLToPath(new URL('../../docs/how-it-works', import.meta.url))

/** Without what differs from run to run: names, times, and where lines are broken because of them. */
function masked(diagram: string): readonly string[] {
  return diagram
    .replaceAll('<br/>', ' ')
    .replaceAll('\u00a0', ' ')
    .replaceAll(/ \([\d.]+ m?s\)/g, '')
    .replaceAll(/in [\d.]+ m?s$/gm, 'in TIME')
    .replaceAll(/\bweb-[0-9a-z]+-[0-9a-z]+/g, 'POD')
    .replaceAll(/127\.0\.0\.1:\d{5}/g, 'SERVER')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replaceAll(/v\d+\.\d+\.\d+\S*/g, 'VERSION')
    .split('\n')
}

/** Readable on a dark page too. */
function onWhite(svg: string): string {
  return `${svg.replace('style="', 'style="background-color: white; ')}\n`
}

let cluster: Cluster
let dir: string

async function begin(mode?: Mode): Promise<void> {
  dir = await mkdtemp(join(tmpdir(), 'kpf-trace-'))
  cluster = await startCluster(mode === undefined ? {} : { mode })
  await cluster.apply(
    deployment('web', { containers: [{ app: 'http', ports: { http: 8080 } }] }),
    service('web', {
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'closed', port: 9999, targetPort: 9999 },
      ],
    }),
    pod('slow', { containers: [{ app: 'http', ports: { http: 8080 }, env: { KPF_READY_DELAY: '1h' }, readyWhen: ['kpf-ready'] }] }),
    service('slow', { ports: [{ port: 80, targetPort: 8080 }] }),
  )
  await cluster.waitFor('condition=Available', ['deployment/web'])
  await cluster.waitFor('jsonpath={.status.phase}=Running', ['pod/slow'])
  await writeFile(join(dir, 'forwards.yaml'), 'forwards:\n  web: svc/web 18080:80\n  slow: svc/slow 18081:80\n')
}

async function end(): Promise<void> {
  await cluster.stop()
  await rm(dir, { recursive: true, force: true })
}

/** One trace: its exit code and its account, held to the schema, with a diagram that Mermaid can read. */
async function traced(...args: readonly string[]): Promise<{ readonly code: number; readonly account: Account; readonly stderr: string }> {
  const { code, stdout, stderr } = await kpf(['trace', ...args, '-o', 'json'], { cwd: dir, env: { KUBECONFIG: cluster.kubeconfig } })
  if (stdout === '') throw new Error(`no account: ${stderr}`)
  return { code, account: await checked(JSON.parse(stdout) as Account), stderr }
}

const told = ({ steps }: Account): readonly string[] => steps.filter(({ result }) => result !== 'done').map(({ id, result }) => `${id} ${result}`)

const asked = askedMode()
// Before 1.35 "get" was enough for a WebSocket.
const isGetEnough = asked === 'emulated-1.34'

describe.skipIf(asked === 'spdy-only')('a server that speaks everything', () => {
  beforeAll(() => begin(asked ?? 'default'), 1_200_000)
  afterAll(end)

  test.each(['websocket', 'spdy', 'channel'])('by %s a connection gets through, step by step', async (transport) => {
    const { code, account } = await traced('web', '--transport', transport, '--probe', 'http')
    expect(account).toMatchObject({ outcome: { kind: 'through' }, transport, forward: 'web', podPort: 8080, namespace: 'default' })
    expect(told(account)).toEqual([])
    expect(account.steps.map(({ id }) => id)).toEqual([
      ...['file', 'kubeconfig', 'credential', 'tcp', 'tls', 'version', 'authentication', 'authorization', 'object', 'pods'],
      ...['upgrade', 'ping', 'stream', 'node-dial', 'first-byte', 'close'],
    ])
    expect(account.steps.find(({ id }) => id === 'first-byte')?.answer).toContain('HTTP/1.1 200')
    expect(code).toBe(0)
  })

  test('steps do not overlap: each begins when the one before has ended', async () => {
    const { account } = await traced('web')
    const late = account.steps.filter(({ atMs }, index) => {
      const before = account.steps[index - 1]
      return before?.tookMs !== undefined && atMs < before.atMs + before.tookMs - 0.01
    })
    expect(late.map(({ id }) => id)).toEqual([])
    expect(account.steps.reduce((sum, { tookMs = 0 }) => sum + tookMs, 0)).toBeLessThanOrEqual(account.tookMs)
  })

  test.skipIf(isGetEnough)('a user without "create" is stopped at authorization, and told what to ask for', async () => {
    const { code, account } = await traced('web', '--context', 'get-only')
    expect(account.outcome).toMatchObject({ kind: 'broken', section: 'access', step: 'authorization', failure: { code: 'KPF_FORBIDDEN' } })
    expect(JSON.stringify(account.outcome)).toContain('create pods/portforward')
    expect(JSON.stringify(account.outcome)).toContain('kpf rbac web')
    expect(code).toBe(4)
  })

  test.skipIf(isGetEnough)('a user without "get" gets through by SPDY, and is told', async () => {
    const { code, account } = await traced('web', '--context', 'create-only')
    expect(account).toMatchObject({ outcome: { kind: 'through' }, transport: 'spdy' })
    expect(told(account)).toEqual(['authorization warned', 'upgrade warned'])
    expect(code).toBe(0)
  })

  test.runIf(isGetEnough)('before 1.35 a user without "create" gets through by WebSocket, and is told', async () => {
    const { code, account } = await traced('web', '--context', 'get-only')
    expect(account).toMatchObject({ outcome: { kind: 'through' }, transport: 'websocket' })
    expect(told(account)).toEqual(['authorization warned'])
    expect(code).toBe(0)
  })

  test('a user without "watch" gets through, and is told', async () => {
    const { code, account } = await traced('web', '--context', 'no-watch')
    expect(account.outcome).toEqual({ kind: 'through' })
    expect(told(account)).toEqual(['authorization warned'])
    expect(code).toBe(0)
  })

  test.each(['websocket', 'spdy', 'channel'])('by %s a port where nothing listens is refused inside the node', async (transport) => {
    const { code, account } = await traced('svc/web', '9999', '--transport', transport)
    expect(account.outcome).toMatchObject({ kind: 'broken', section: 'node', step: 'node-dial', failure: { code: 'KPF_STREAM_REFUSED' } })
    expect(code).toBe(1)
  })

  test('pods that are not ready are named', async () => {
    const { code, account } = await traced('slow')
    expect(account.outcome).toMatchObject({ kind: 'broken', section: 'lookup', step: 'pods', failure: { code: 'KPF_NO_POD' } })
    expect(account.steps.at(-1)?.facts).toEqual({ rejected: ['slow: containers with unready status: [http]'] })
    expect(code).toBe(1)
  })

  test('in a namespace that is not there the object is missing', async () => {
    const { code, account } = await traced('-n', 'nowhere', 'svc/web', '80')
    expect(account.outcome).toMatchObject({ kind: 'broken', section: 'lookup', step: 'object', failure: { code: 'KPF_OBJECT_MISSING' } })
    expect(code).toBe(1)
  })

  test.skipIf(isGetEnough)('docs/how-it-works.mmd is what comes out of a real run', async () => {
    await copyFile(cluster.kubeconfig, join(dir, 'kubeconfig'))
    const { stdout } = await kpf(['trace', 'web', '-o', 'mermaid', '--probe', 'http', '--transport', 'websocket'], {
      cwd: dir,
      env: { KUBECONFIG: 'kubeconfig' },
    })
    await parsed(stdout)
    if (process.env['KPF_WRITE_DOCS'] !== undefined) {
      await writeFile(`${docs}.mmd`, stdout)
      await writeFile(`${docs}.svg`, onWhite((await draw(stdout)).svg))
    }
    expect(masked(stdout)).toEqual(masked(await readFile(`${docs}.mmd`, 'utf8')))
  })
})

describe.runIf(asked === undefined || asked === 'spdy-only')('an older server', () => {
  beforeAll(() => begin('spdy-only'), 1_200_000)
  afterAll(end)

  test('the WebSocket that it does not take is told, and SPDY carries the bytes', async () => {
    const { code, account } = await traced('web', '--probe', 'http', '--transport', 'auto')
    expect(account).toMatchObject({ outcome: { kind: 'through' }, transport: 'spdy' })
    expect(told(account)).toEqual(['upgrade warned'])
    expect(code).toBe(0)
  })
})
