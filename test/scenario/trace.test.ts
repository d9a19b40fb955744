/** `kpf trace` as a person or a script runs it: what is printed where, and with which exit code. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import type { Account } from '../../src/trace/account.ts'
import { kpf } from '../e2e/kpf.ts'
import { checked, parsed } from '../trace/checked.ts'
import { nothingIsOpen, startSandbox } from '../trace/world.ts'

let sandbox: Sandbox
let dir: string

beforeAll(async () => {
  sandbox = await startSandbox()
  dir = await mkdtemp(join(tmpdir(), 'kpf-scenario-'))
  await writeFile(join(dir, 'kubeconfig'), sandbox.kubeconfig)
  await writeFile(join(dir, 'forwards.yaml'), 'forwards:\n  web: svc/web 18080:80\n  queue: svc/queue 17000:7000\n')
})
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

function traced(...args: readonly string[]): ReturnType<typeof kpf> {
  return kpf(['trace', ...args], { cwd: dir, env: { KUBECONFIG: join(dir, 'kubeconfig'), LC_ALL: 'C.UTF-8' } })
}

async function accountsOf(stdout: string): Promise<readonly Account[]> {
  return Promise.all(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => checked(JSON.parse(line) as Account)),
  )
}

test('a forward of the file is told step by step, with a link to its diagram', async () => {
  const { code, stdout, stderr } = await traced('web', '--probe', 'http')
  // Where a line is broken depends on how long the names of this machine are.
  const masked = stdout
    .replaceAll(/ +\d+(\.\d)? m?s$/gm, '')
    .replaceAll(/\n {20}/g, ' ')
    .replaceAll(dir, '/project')
    .replaceAll(/in \d+(\.\d)? m?s/g, 'in N ms')
    .replaceAll(/web-[0-9a-f]{5}/g, 'web-xxxxx')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/#pako:[\w-]+/, '#pako:...')
  expect(masked).toMatchInlineSnapshot(`
    "web: svc/web:80  context sample  namespace shop

    Initialization
      ✓  file           read forwards.yaml: forward "web" in line 2
      ✓  kubeconfig     read /project/kubeconfig: context sample, server 127.0.0.1:PORT, namespace shop

    Authentication & Authorization
      ✓  credential     credential of user "sample": token
      ✓  tcp            TCP connection: 127.0.0.1:PORT
      ✓  tls            TLS handshake: TLSv1.3, CN=kpf sample cluster
      ✓  version        GET /version: v1.36.0-sample
      ✓  authentication who am I? (SelfSubjectReview): sample
      ✓  authorization  may I? (SelfSubjectAccessReview): yes: list and watch services, list and watch pods, get and create pods/portforward

    Information retrieval for the pod
      ✓  object         list what svc/web:80 is, and the pods of namespace shop: found, 2 pods behind it
      ✓  pods           choose a pod: web-xxxxx, port 8080, on node sample-node

    Port-forwarding session establishment
      ✓  upgrade        GET portforward, upgrade to SPDY inside WebSocket: 101 SPDY/3.1+portforward.k8s.io
      ✓  ping           SPDY ping through the tunnel: answered

    Inside the node
      ✓  stream         open a stream for port 8080: accepted
      ✓  node-dial      connect to 127.0.0.1:PORT in the pod's network namespace: connected

    SPDY/WebSocket session
      ✓  first-byte     GET /: "HTTP/1.1 200 OK"
      ✓  close          close the tunnel

    through to port 8080 of pod web-xxxxx by websocket in

    diagram: https://mermaid.live/edit#pako:...
    "
  `)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  await nothingIsOpen(sandbox)
})

test('words that are no forward are read as kubectl reads them', async () => {
  const { code, stdout } = await traced('deploy/web', '8080', '-o', 'json')
  const [account] = await accountsOf(stdout)
  expect(account).toMatchObject({ target: 'deploy/web:8080', outcome: { kind: 'through' } })
  expect(account?.forward).toBeUndefined()
  expect(code).toBe(0)
})

test('--repeat traces anew each time; the file was read once', async () => {
  const { code, stdout } = await traced('web', '--repeat', '3', '--probe', 'http', '-o', 'json')
  const accounts = await accountsOf(stdout)
  expect(accounts.map(({ outcome }) => outcome.kind)).toEqual(['through', 'through', 'through'])
  expect(accounts.map(({ steps }) => steps[0]?.tookMs !== undefined)).toEqual([true, false, false])
  // A connection and a TLS handshake each: nothing is kept from one to the next.
  for (const { steps } of accounts) expect(steps.filter(({ id }) => id === 'tls').length).toBeGreaterThan(0)
  expect(code).toBe(0)
})

test('--repeat as text tells how the times lie', async () => {
  const { stdout } = await traced('web', '--repeat', '2', '--probe', 'http')
  expect(stdout).toMatch(/^2 times: 2 through; least [\d.]+ m?s, median [\d.]+ m?s, most [\d.]+ m?s$/m)
})

test('-o mermaid prints the diagram and nothing else', async () => {
  const { code, stdout, stderr } = await traced('web', '-o', 'mermaid', '--probe', 'http')
  expect(await parsed(stdout)).toMatch(/^sequenceDiagram\n[\s\S]*\n$/)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test.each<[string, readonly string[], number]>([
  ['a port where nothing listens', ['deploy/web', '9999'], 1],
  ['an object that is not there', ['svc/nobody', '80'], 1],
  ['a context that is not there', ['web', '--context', 'prod'], 1],
])('%s ends with its code and the same words on the screen as in the account', async (_name, args, code) => {
  const asText = await traced(...args)
  const [account] = await accountsOf((await traced(...args, '-o', 'json')).stdout)
  const { outcome } = account ?? {}
  expect(asText.code).toBe(code)
  expect(outcome?.kind).toBe('broken')
  if (outcome?.kind === 'broken')
    expect(asText.stdout.replaceAll(/\s+/g, ' ')).toContain(`at ${outcome.step}: ${outcome.failure.code} ${outcome.failure.message}`)
})

async function withKubeconfig(change: (kubeconfig: { clusters: { cluster: { server: string } }[]; users: { user: object }[] }) => void): Promise<string> {
  const kubeconfig = JSON.parse(sandbox.kubeconfig) as Parameters<typeof change>[0]
  change(kubeconfig)
  const path = join(await mkdtemp(join(dir, 'k-')), 'kubeconfig')
  await writeFile(path, JSON.stringify(kubeconfig))
  return path
}

test('refused credentials end with 4', async () => {
  const path = await withKubeconfig(({ users }) => {
    for (const entry of users) entry.user = { token: 'secret-canary' }
  })
  const { code, stdout, stderr } = await traced('web', '--kubeconfig', path)
  // The one that is named, and not the one of the variable besides.
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`kubeconfig read( [\\d.]+ ms)? ${path}: context sample`))
  expect(code).toBe(4)
  expect(stdout).toContain('at authentication: KPF_AUTH_REFUSED')
  expect(stdout + stderr).not.toContain('secret-canary')
})

test('a server that is not there ends with 5', async () => {
  const path = await withKubeconfig(({ clusters }) => {
    for (const { cluster } of clusters) cluster.server = 'https://127.0.0.1:1'
  })
  const { code, stdout } = await traced('web', '--kubeconfig', path)
  expect(code).toBe(5)
  expect(stdout).toContain('at tcp: KPF_CLUSTER_UNREACHABLE')
})

test.each<[readonly string[], string]>([
  [[], 'kpf: trace wants one target, and at most one port\n    write: kpf trace NAME, or kpf trace svc/api 80\n'],
  [['svc/web', '80', '81'], 'kpf: trace wants one target, and at most one port\n    write: kpf trace NAME, or kpf trace svc/api 80\n'],
  [['svc/web'], 'kpf: no forward of the file is named "svc/web", and no port is named\n    write a name of the file, or: kpf trace svc/web PORT\n'],
  [['nobody'], 'kpf: no forward of the file is named "nobody", and no port is named\n    write a name of the file, or: kpf trace nobody PORT\n'],
  [['web', '81'], 'kpf: forward "web" has no port 81\n    its ports: 80\n'],
  [['web', '-o', 'yaml'], 'kpf: trace knows no output "yaml"\n    use text, json or mermaid\n'],
  [['web', '--transport', 'udp'], 'kpf: there is no transport "udp"\n    use auto, websocket, spdy, channel\n'],
  [['web', '--probe', 'tls'], 'kpf: there is no probe "tls"\n    use none or http\n'],
  [['web', '--repeat', '0'], 'kpf: --repeat is no number of times\n    write a number from 1 to 100\n'],
  [['web', '--repeat', '1e9'], 'kpf: --repeat is no number of times\n    write a number from 1 to 100\n'],
])('%j is a mistake of usage, and says what to write', async (args, words) => {
  expect(await traced(...args)).toEqual({ code: 2, stdout: '', stderr: words })
})

/** Accepts connections and says nothing: the TLS handshake hangs. */
async function startSilent(): Promise<{ readonly server: Server; readonly port: number; readonly accepted: Promise<unknown> }> {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  const accepted = once(server, 'connection')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, accepted }
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])('%s in the middle tells how far it came, blames nobody, and ends with %d', async (signal, expected) => {
  const { server, port, accepted } = await startSilent()
  try {
    const path = await withKubeconfig(({ clusters }) => {
      for (const { cluster } of clusters) cluster.server = `https://127.0.0.1:${port}`
    })
    const interrupt = new AbortController()
    const running = kpf(['trace', 'web', '--kubeconfig', path, '-o', 'json', '--repeat', '5'], { cwd: dir, interrupt: interrupt.signal })
    await accepted
    interrupt.abort(signal)
    const { code, stdout, stderr } = await running
    const accounts = await accountsOf(stdout)
    expect(accounts.map(({ outcome }) => outcome)).toEqual([{ kind: 'stopped', section: 'access', step: 'tls' }])
    expect({ code, stderr }).toEqual({ code: expected, stderr: '' })
  } finally {
    server.close()
  }
})
