/** The examples that are programs, run as they are committed: the job of a CI, and a Makefile. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { isRefused } from './clients.ts'
import { freePort, program } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { deployment, service } from './rig/manifests.ts'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
/** Local ports of the two examples. */
const PORTS = [8080, 8025, 1025, 3000]

let cluster: Cluster
let dir: string
let offset: number
beforeAll(async () => {
  cluster = await startCluster()
  dir = await mkdtemp(join(tmpdir(), 'kpf-examples-'))
  // What a shell finds: the program that was built, on the runtime of the tests.
  await mkdir(join(dir, 'bin'))
  await writeFile(join(dir, 'bin/kpf'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, { mode: 0o755 })
  for (const namespace of ['preview', 'partial', 'shop']) await cluster.kubectlOutput(['create', 'namespace', namespace])
  const http = { containers: [{ app: 'http' as const, ports: { http: 8080 } }] }
  await cluster.apply(
    deployment('preview-app', { namespace: 'preview', ...http }),
    deployment('mailpit', { namespace: 'preview', ...http }),
    service('mailpit', {
      namespace: 'preview',
      ports: [
        { name: 'http', port: 8025, targetPort: 'http' },
        { name: 'smtp', port: 1025, targetPort: 'http' },
      ],
    }),
    deployment('preview-app', { namespace: 'partial', ...http }),
    ...['web', 'api'].flatMap((name) => [
      deployment(name, { namespace: 'shop', ...http }),
      service(name, { namespace: 'shop', ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
    ]),
  )
  await Promise.all([
    cluster.waitFor('condition=Available', ['deployment/preview-app', 'deployment/mailpit', '-n', 'preview']),
    cluster.waitFor('condition=Available', ['deployment/preview-app', '-n', 'partial']),
    cluster.waitFor('condition=Available', ['deployment/web', 'deployment/api', '-n', 'shop']),
  ])
  offset = await freeOffset()
}, 1_200_000)
afterAll(async () => {
  await cluster.stop()
  await rm(dir, { recursive: true, force: true })
})

/** What a test that failed has left would be found by the next one. */
afterEach(async () => {
  for (const name of ['ci', 'make']) await begin([`${dir}/bin/kpf`, 'down', '--now', '--quiet', '-f', join(examples, name, 'forwards.yaml')]).ended
})

/** Ports of this machine are others' too. */
async function freeOffset(): Promise<number> {
  for (;;) {
    const found = (await freePort()) - 8080
    if (found > 0 && (await allFree(found))) return found
  }
}

async function allFree(by: number): Promise<boolean> {
  return (await Promise.all(PORTS.map((port) => isRefused(`tcp://127.0.0.1:${port + by}`)))).every((isFree) => isFree)
}

interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A program of an example as a process group, as a CI starts it. */
function begin(command: readonly string[], env: Readonly<Record<string, string>> = {}): { readonly pid: number; said: () => string; ended: Promise<Finished> } {
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    detached: true,
    env: {
      ...process.env,
      PATH: `${dir}/bin:${process.env['PATH'] ?? ''}`,
      KUBECONFIG: cluster.kubeconfig,
      KPF_PORT_OFFSET: `${offset}`,
      XDG_STATE_HOME: dir,
      XDG_RUNTIME_DIR: '',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: Number(code), stdout, stderr }))
  return { pid: child.pid ?? 0, said: () => stderr, ended }
}

const job = (env: Readonly<Record<string, string>> = {}): ReturnType<typeof begin> => begin([join(examples, 'ci/integration-test.sh')], env)
const make = (targets: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof begin> =>
  begin(['make', '--no-print-directory', '-C', join(examples, 'make'), ...targets], env)
const lastLine = ({ stderr }: Finished): string => stderr.trimEnd().split('\n').at(-1) ?? ''

/** Nothing of a job is left: no supervisor, no port. */
async function expectNothingLeft(): Promise<void> {
  expect((await readdir(join(dir, 'kpf/projects'))).filter((name) => name.endsWith('.lock'))).toEqual([])
  expect(await allFree(offset)).toBe(true)
}

test('the job of a CI brings its forwards up, tests through them, and leaves nothing behind', async () => {
  const ran = await job().ended
  expect([ran.code, ran.stderr]).toEqual([0, expect.stringMatching(/^ci runs in the background \(pid \d+\)[^\n]*\n$/)])
  expect(ran.stdout.match(/pod preview-app-/g)).toHaveLength(2)
  expect(ran.stdout.match(/pod mailpit-/g)).toHaveLength(1)
  await expectNothingLeft()
})

test('a Service that is not there ends the job, with the reason as its last line, and nothing is left', async () => {
  const ran = await job({ KPF_NAMESPACE: 'partial', WAIT_TIMEOUT: '2s' }).ended
  expect([ran.code, lastLine(ran)]).toEqual([
    124,
    '    mailpit: waiting: service "mailpit" does not exist in namespace "partial"; check its name, the namespace and the context; see: kubectl get services -n partial --context admin',
  ])
  expect(ran.stdout).toBe('')
  await expectNothingLeft()
})

test('a user who may not forward ends the job with 4, and the log says which permission is missing', async () => {
  const ran = await job({ KPF_CONTEXT: 'none', WAIT_TIMEOUT: '20s' }).ended
  expect([ran.code, ran.stderr]).toEqual([4, expect.stringMatching(/: failed: .*forbidden|: failed: .*may not/)])
  await expectNothingLeft()
})

test('a job that is cancelled while it waits ends its forwards', async () => {
  const running = job({ KPF_NAMESPACE: 'partial' })
  await expect.poll(running.said, { timeout: 20_000 }).toContain('runs in the background')
  process.kill(-running.pid, 'SIGTERM')
  expect(await running.ended).toMatchObject({ code: 143 })
  await expectNothingLeft()
})

test('make brings the forwards up, tests through them, and takes them down', async () => {
  const ran = await make(['up', 'up', 'test', 'down']).ended
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/pod web-[^]*pod api-/) })
  await expectNothingLeft()
  // The command alone has forwards of its own.
  expect(await make(['test']).ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/pod web-[^]*pod api-/) })
  await expectNothingLeft()
})

test('make ends at the target whose forwards cannot be ready, and says why', async () => {
  const ran = await make(['up', 'test'], { KPF_NAMESPACE: 'partial', WAIT_TIMEOUT: '2s' }).ended
  expect([ran.code, ran.stdout]).toEqual([2, expect.not.stringContaining('pod ')])
  const told = ran.stderr.trimEnd().split('\n').slice(-3)
  expect(told.slice(0, 2).toSorted()).toEqual(
    ['api', 'web'].map((name) => expect.stringContaining(`    ${name}: waiting: service "${name}" does not exist in namespace "partial"`)),
  )
  expect(told[2]).toMatch(/^make: \*\*\* \[Makefile:\d+: up\] Error 124$/)
  expect(await make(['down'], { KPF_NAMESPACE: 'partial' }).ended).toMatchObject({ code: 0 })
  await expectNothingLeft()
})
