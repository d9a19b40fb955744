/** `kpf check --live` on the sample cluster: each thing that is not there is a problem at its place in the file. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freePort } from '../e2e/kpf.ts'
import { ScenarioProject } from './project.ts'
import { startShop } from './shop.ts'

let shop: Sandbox
const servers: Server[] = []

beforeAll(async () => {
  shop = await startShop()
})
afterEach(() => {
  shop.denied.clear()
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => shop.close())

async function listening(): Promise<number> {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** What is printed, with the numbers that differ from run to run as words. */
async function printed(
  text: string,
  { kubeconfig = shop.kubeconfig, words = {} }: { kubeconfig?: string; words?: Record<string, string> } = {},
): Promise<string> {
  await using project = await ScenarioProject.make(text, kubeconfig)
  const { code, stdout, stderr } = await project.run('check', '--live')
  const named = Object.entries(words).reduce((left, [number, word]) => left.replaceAll(number, word), `${stdout}${stderr}exit ${code}`)
  return named.replaceAll(serverOf(shop.kubeconfig), 'SERVER').replaceAll(project.dir, 'DIR')
}

const serverOf = (kubeconfig: string): string => /https?:\/\/(127\.0\.0\.1:\d+)/.exec(kubeconfig)?.[1] ?? ''

test('a file that is as the cluster is', async () => {
  expect(await printed(`forwards:\n  web: svc/web ${await freePort()}:80\n`)).toMatchInlineSnapshot(`
    "forwards.yaml: 1 forward, no problems, and the clusters and this machine have what it wants
    exit 0"
  `)
})

test('what is not there is told at the word that names it', async () => {
  const [a, b, c, d] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const text = `namespace: nowhere
forwards:
  wbe: -n shop svc/wbe ${a}:80
  port:
    target: svc/web
    namespace: shop
    ports: ["${b}:80", { localPort: ${c}, remotePort: grpc }]
  lost: svc/web ${d}:80
`
  expect(await printed(text, { words: { [a]: 'PORT-A', [b]: 'PORT-B', [c]: 'PORT-C', [d]: 'PORT-D' } })).toMatchInlineSnapshot(`
    "forwards.yaml:3:16 KPF_OBJECT_MISSING forward "wbe": service "wbe" does not exist in namespace "shop"
          wbe: -n shop svc/wbe PORT-A:80
                       ^
        fix: did you mean "web"?; see: kubectl get services -n shop --context sample
    forwards.yaml:7:57 KPF_PORT_UNKNOWN forward "port": the service has no port "grpc"
            ports: ["PORT-B:80", { localPort: PORT-C, remotePort: grpc }]
                                                                ^
        fix: its ports: 80 (http); see: kubectl describe service web -n shop --context sample
    forwards.yaml:8:9 KPF_OBJECT_MISSING forward "lost": service "web" does not exist in namespace "nowhere"
          lost: svc/web PORT-D:80
                ^
        fix: check its name, the namespace and the context; see: kubectl get services -n nowhere --context sample
    exit 3"
  `)
})

test('a right that many forwards lack is one problem', async () => {
  shop.denied.add('create pods/portforward')
  const ports = [await freePort(), await freePort()]
  const text = `forwards:\n  a: svc/web ${ports[0]}:80\n  b: svc/web ${ports[1]}:80\n`
  expect(await printed(text, { words: { [ports[0] ?? 0]: 'PORT-A', [ports[1] ?? 0]: 'PORT-B' } })).toMatchInlineSnapshot(`
    "forwards.yaml:2:6 KPF_FORBIDDEN in namespace "shop" the user may not create pods/portforward (needed by a, b)
          a: svc/web PORT-A:80
             ^
        fix: send the Role that this prints to whoever may grant it: kpf rbac
    exit 4"
  `)
})

test('a server that is away is one problem, however many forwards it has, and so is one that says nothing within 5 s', async () => {
  const [away, a, b] = [await freePort(), await freePort(), await freePort()]
  const text = `context: sample\nforwards:\n  a: svc/web ${a}:80\n  b: svc/web ${b}:80\n`
  const to = (port: number): string => shop.kubeconfig.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`)
  expect(await printed(text, { kubeconfig: to(away), words: { [away]: 'AWAY' } })).toMatchInlineSnapshot(`
    "forwards.yaml:1:10 KPF_CLUSTER_UNREACHABLE cluster of context "sample" (127.0.0.1:AWAY): cluster unreachable (ECONNREFUSED 127.0.0.1:AWAY)
        context: sample
                 ^
        fix: check that the cluster runs, and the network or VPN; see: kubectl --context sample get --raw /version; kpf explain KPF_CLUSTER_UNREACHABLE
    exit 5"
  `)
  const mute = await listening()
  // It is the limit of the whole examination that ends it: what one request may take is told in other words.
  expect(await printed(text, { kubeconfig: to(mute), words: { [mute]: 'MUTE' } })).toMatchInlineSnapshot(`
    "forwards.yaml:1:10 KPF_CLUSTER_TIMEOUT cluster of context "sample" (127.0.0.1:MUTE): no answer in the time of the examination
        context: sample
                 ^
        fix: check the network, the VPN, the credential plugin; see: kubectl --context sample get --raw /version; kpf explain KPF_CLUSTER_TIMEOUT
    exit 5"
  `)
})

test('a context that is none, and one that leads elsewhere', async () => {
  const [a, b] = [await freePort(), await freePort()]
  const text = `clusters:
  prod: { context: sample, expect: { server: "https://prod.example:6443" } }
forwards:
  a: --context sampel svc/web ${a}:80
  b: { cluster: prod, target: svc/web, ports: ["${b}:80"] }
`
  expect(await printed(text, { words: { [a]: 'PORT-A', [b]: 'PORT-B' } })).toMatchInlineSnapshot(`
    "forwards.yaml:2:46 KPF_CLUSTER_UNEXPECTED context "sample" leads to https://SERVER, and the file expects https://prod.example:6443
          prod: { context: sample, expect: { server: "https://prod.example:6443" } }
                                                     ^
        fix: use the context that leads there, or correct expect.server; see: kubectl config view
    forwards.yaml:4:16 KPF_CONTEXT_UNKNOWN context "sampel" is not in DIR/kubeconfig
          a: --context sampel svc/web PORT-A:80
                       ^
        fix: did you mean "sample"?; see: kubectl config get-contexts
    exit 3"
  `)
})

test('a local port that another program has is told with who has it, and one that the project has itself is not', async () => {
  const [busy, own] = [await listening(), await freePort()]
  await using project = await ScenarioProject.make(`forwards:\n  web: svc/web ${own}:80\n`, shop.kubeconfig)
  expect((await project.run('up', '-d', '--wait')).code).toBe(0)
  expect(await project.run('check', '--live', '-q')).toEqual({ code: 0, stdout: '', stderr: '' })
  const { stdout } = await project.run('doctor')
  expect(stdout).toContain('2 of 2 local endpoints held by this project, which runs')
  // A forward of the command line would be one beside it, which cannot have them.
  expect(await project.run('doctor', 'svc/web', `${own}:80`)).toMatchObject({ code: 6, stdout: expect.stringContaining(`127.0.0.1:${own} is used by`) })
  await project.write(`forwards:\n  web: svc/web ${own}:80\n  api: { target: svc/web, ports: [{ localPort: ${busy}, remotePort: 80 }] }\n`)
  const { code, stdout: told } = await project.run('check', '--live', '-o', 'json')
  expect([code, JSON.parse(told)]).toMatchObject([6, { v: 1, problems: [{ file: 'forwards.yaml', line: 3, column: 48, code: 'KPF_PORT_BUSY' }] }])
  expect(told).toContain(`(pid ${process.pid})`)
  const github = await project.run('check', '--live', '-o', 'github')
  expect(github.stdout).toMatch(/^::error file=forwards\.yaml,line=3,col=48,title=KPF_PORT_BUSY::forward "api"/)
})

test('the server that a file expects is kept to by every verb that goes to a cluster', async () => {
  const port = await freePort()
  const text = (server: string): string =>
    `clusters: { dev: { context: sample, expect: { server: "${server}" } } }\ncluster: dev\nforwards:\n  web: svc/web ${port}:80\n`
  await using project = await ScenarioProject.make(text('https://elsewhere:1'), shop.kubeconfig)
  for (const verb of [['check', '--live'], ['doctor'], ['trace', 'web'], ['rbac', '--check'], ['rbac']]) {
    const { code, stdout, stderr } = await project.run(...verb)
    expect(`${stdout}${stderr}`, verb.join(' ')).toContain('and the file expects https://elsewhere:1')
    if (verb.join(' ') !== 'rbac') expect(code, verb.join(' ')).not.toBe(0)
  }
  await project.write(text(/https?:\/\/127\.0\.0\.1:\d+/.exec(shop.kubeconfig)?.[0] ?? ''))
  expect(await project.run('check', '--live')).toMatchObject({ code: 0 })
  expect(await project.run('trace', 'web')).toMatchObject({ code: 0 })
})
