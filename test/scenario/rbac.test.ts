/** `kpf rbac` on the sample cluster: what a person pipes into kubectl, and what a script asks. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { realClock } from '../../src/system/clock.ts'
import { kpf } from '../e2e/kpf.ts'

let sandbox: Sandbox
let dir: string
let env: Record<string, string>

beforeAll(async () => {
  sandbox = await Sandbox.start({
    clock: realClock,
    namespace: 'shop',
    apps: [{ name: 'web', image: 'shop/web:2.1.0', replicas: 1, ports: { 8080: { name: 'http', speaks: 'http' } } }],
  })
  dir = await mkdtemp(join(tmpdir(), 'kpf-rbac-'))
  await writeFile(join(dir, 'kubeconfig'), sandbox.kubeconfig)
  await writeFile(
    join(dir, 'forwards.yaml'),
    'name: shop\nforwards:\n  web: svc/web 8080:80\n  pod: -n other pod/db-0 5432\n  off:\n    target: svc/off\n    ports: ["9999:9"]\n    enabled: false\n',
  )
  env = { KUBECONFIG: join(dir, 'kubeconfig') }
})
afterEach(() => sandbox.denied.clear())
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

const run = (args: readonly string[], more: Record<string, string> = {}): ReturnType<typeof kpf> =>
  kpf(['rbac', ...args], { cwd: dir, env: { ...env, ...more } })

test('a Role and its binding for each namespace, for who asks', async () => {
  const { code, stdout, stderr } = await run([])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.match(/^kind: .*$/gm)).toEqual(['kind: Role', 'kind: RoleBinding', 'kind: Role', 'kind: RoleBinding'])
  expect(stdout).toContain('name: kpf-shop')
  expect(stdout).toContain('    name: sample\n')
  expect(stdout).not.toContain('off')
  expect(stdout).toContain('v1.36.0-sample')
})

test('names choose, also what is not enabled; a target needs no file', async () => {
  expect((await run(['off', '-o', 'json'])).stdout).toContain('"resourceNames": [\n            "off"')
  expect((await run(['pod', 'web'])).stdout).toContain('  name: kpf-shop-pod-web\n')
  const { code, stdout } = await run(['-n', 'far', 'deploy/web', '--for-service-account', 'ci/bot'])
  expect(code).toBe(0)
  expect(stdout).toContain('resources: ["deployments"]')
  expect(stdout).toContain('kind: ServiceAccount\n    name: bot\n    namespace: ci')
  expect(await run(['nobody'])).toMatchObject({ code: 2, stdout: '' })
  expect(await run(['--for-user', 'a', '--for-group', 'b'])).toMatchObject({ code: 2, stdout: '' })
})

test('a service that cannot be seen may have no selector, and a comment says so', async () => {
  expect((await run([])).stdout).not.toContain('selector')
  expect((await run(['off'])).stdout).toMatch(/^# the services of off could not be looked at: .*endpointslices as well$/m)
})

test('without a server the Role is for a new one and a user to be named, and a comment says so', async () => {
  const { code, stdout } = await run([], { KUBECONFIG: join(dir, 'missing') })
  expect(code).toBe(0)
  expect(stdout).toContain('name: "REPLACE-ME"')
  expect(stdout).toMatch(/^# the server could not be asked .*KPF_KUBECONFIG/m)
  expect(stdout).toMatch(/^# nobody could say who the user is/m)
})

test('a check says yes and no, and ends with 4 when something is missing', async () => {
  expect(await run(['--check'])).toMatchObject({ code: 0, stderr: '' })
  sandbox.denied.add('create pods/portforward')
  const { code, stdout, stderr } = await run(['--check', 'web'])
  expect(code).toBe(4)
  expect(stdout).toMatch(/^ {2}yes {2}list services "web" +web$/m)
  expect(stdout).toMatch(/^ {2}no +create pods\/portforward +web$/m)
  expect(stderr).toContain('this prints: kpf rbac web\n')
  expect((await run(['--check', '-n', 'shop', 'svc/web'])).stderr).toContain('this prints: kpf rbac --namespace shop svc/web\n')
  const data: unknown = JSON.parse((await run(['--check', 'web', '-o', 'json'])).stdout)
  expect(data).toMatchObject({ v: 1, areas: [{ context: 'sample', namespace: 'shop', user: 'sample' }] })
})

test('a check without a server ends with what stands in the way', async () => {
  expect(await run(['--check'], { KUBECONFIG: join(dir, 'missing') })).toMatchObject({ code: 1 })
})
