import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { afterEach, expect, test } from 'vitest'
import type { Terminal } from '../../src/cluster/exec-source.ts'
import { json, LoopbackServer, until } from './loopback-server.ts'
import { World, worldOf } from './world.ts'

const directories: string[] = []
afterEach(() => {
  for (const path of directories.splice(0)) rmSync(path, { recursive: true })
})

const V1 = 'client.authentication.k8s.io/v1'

/** A plugin whose token is `RUN-interactive`; `code` may do otherwise. */
function plugin(interactiveMode: string | undefined, code = 'give()', apiVersion = V1): { exec: object; runs: () => string } {
  const directory = mkdtempSync(join(tmpdir(), 'kpf-plugin-'))
  directories.push(directory)
  const [file, log] = [join(directory, 'plugin.cjs'), join(directory, 'log')]
  writeFileSync(log, '')
  writeFileSync(
    file,
    `const fs = require('fs'); const { interactive, cluster } = JSON.parse(process.env.KUBERNETES_EXEC_INFO).spec
     fs.appendFileSync(${JSON.stringify(log)}, interactive ? 'i' : 'n'); const run = fs.readFileSync(${JSON.stringify(log)}, 'utf8').length
     const give = (status = { token: run + '-' + interactive, expirationTimestamp: '2026-01-01T00:01:00Z' }) =>
       console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: '${apiVersion}', status }))
     ${code}`,
  )
  return { exec: { apiVersion, command: process.execPath, args: [file], interactiveMode }, runs: () => readFileSync(log, 'utf8') }
}

/** A terminal that notes when it is lent. */
class NotedTerminal implements Terminal {
  lent = 0
  isLent = false
  async lend<T>(run: () => Promise<T>): Promise<T> {
    this.lent++
    this.isLent = true
    try {
      return await run()
    } finally {
      this.isLent = false
    }
  }
}

async function start(exec: object, terminal?: Terminal, more: object = {}): Promise<{ server: LoopbackServer; world: World; ask: () => Promise<string> }> {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => json(response, 200, {})
  const world = worldOf(server, { user: { exec }, env: { PATH: process.env['PATH'] ?? '' }, ...(terminal && { terminal }), ...more })
  return { server, world, ask: async () => ask(world, server) }
}

/** The Authorization that arrived, or the failure. */
async function ask(world: World, server: LoopbackServer): Promise<string> {
  const cluster = await world.open()
  const answer = await cluster.request({ method: 'GET', path: '/version', signal: new AbortController().signal })
  return answer.kind === 'failure' ? `${answer.code}: ${answer.message} (${answer.hint ?? ''})` : (server.headers.at(-1)?.authorization ?? '')
}

test.each([
  ['Always', true, 'Bearer 1-true'],
  ['IfAvailable', true, 'Bearer 1-true'],
  ['Never', true, 'Bearer 1-false'],
  ['IfAvailable', false, 'Bearer 1-false'],
  ['Never', false, 'Bearer 1-false'],
])('interactiveMode %s, with a terminal %s: %s', async (mode, hasTerminal, expected) => {
  const { exec } = plugin(mode)
  const terminal = new NotedTerminal()
  expect(await (await start(exec, hasTerminal ? terminal : undefined)).ask()).toBe(expected)
  expect(terminal.lent).toBe(expected.endsWith('true') ? 1 : 0)
  expect(terminal.isLent).toBe(false)
})

test('the mode is IfAvailable where none is written, and an unknown one is told', async () => {
  const old = plugin(undefined, 'give()', 'client.authentication.k8s.io/v1beta1')
  expect(await (await start(old.exec, new NotedTerminal())).ask()).toBe('Bearer 1-true')
  const odd = plugin('Sometimes')
  expect(await (await start(odd.exec)).ask()).toMatch(/^KPF_AUTH_PLUGIN: .*interactiveMode "Sometimes" is not known \(use Never/)
})

test('a plugin that must have a terminal is not started without one', async () => {
  const { exec, runs } = plugin('Always')
  expect(await (await start(exec)).ask()).toMatch(
    /^KPF_AUTH_PLUGIN: .*needs a terminal \(interactiveMode: Always\), and kpf runs without one \(run kpf in a terminal/,
  )
  expect(runs()).toBe('')
})

test('a person is asked once in 5 min, or after they did something', async () => {
  const { exec, runs } = plugin('Always', 'process.exit(1)')
  const { world, ask: again } = await start(exec, new NotedTerminal())
  const told = await again()
  expect(told).toMatch(/^KPF_AUTH_PLUGIN: .*exit code 1/)
  expect(await again()).toBe(told)
  await world.clock.advance(200_000)
  await again()
  expect(runs()).toBe('i')
  const cluster = await world.open()
  cluster.kick()
  await again()
  expect(runs()).toBe('ii')
  // The plugin may have written the kubeconfig itself.
  await world.clock.advance(1_000)
  cluster.kick()
  await again()
  expect(runs()).toBe('ii')
  await world.clock.advance(300_000)
  await again()
  expect(runs()).toBe('iii')
})

test('a plugin that can do without a person does so until the 5 min are over', async () => {
  const { exec, runs } = plugin('IfAvailable')
  const { world, ask: again } = await start(exec, new NotedTerminal())
  await again()
  await world.clock.advance(60_000)
  expect(await again()).toBe('Bearer 2-false')
  expect(runs()).toBe('in')
})

test('one person, one question: whoever else asks waits for the same answer', async () => {
  const { exec, runs } = plugin('Always')
  const terminal = new NotedTerminal()
  const { ask: again } = await start(exec, terminal)
  expect(await Promise.all([again(), again(), again()])).toEqual(['Bearer 1-true', 'Bearer 1-true', 'Bearer 1-true'])
  expect(runs()).toBe('i')
  expect(terminal.lent).toBe(1)
})

test('a person has 5 min to answer', async () => {
  const { exec, runs } = plugin('Always', 'setInterval(() => {}, 1000)')
  const terminal = new NotedTerminal()
  const { world, ask: again } = await start(exec, terminal)
  const first = again()
  await until(() => runs() === 'i' && world.clock.waiting > 0)
  await world.clock.advance(290_000)
  expect(terminal.isLent).toBe(true)
  await world.clock.advance(10_000)
  await first
  expect(await again()).toMatch(/^KPF_AUTH_PLUGIN: .*did not answer within 300 s/)
})

test('what a failing plugin said is shown escaped, up to 4 KiB', async () => {
  const { exec } = plugin('Never', `process.stderr.write('no\\u001b[2J ' + 'x'.repeat(10000), () => process.exit(2))`)
  const told = await (await start(exec)).ask()
  expect(told).toMatch(/^KPF_AUTH_PLUGIN: .*failed with exit code 2: no\\u\{1b\}\[2J xxx/)
  expect(told.length).toBeGreaterThan(4_000)
  expect(told.length).toBeLessThan(4_500)
})

test('a plugin is told the cluster with the content of its files, and what is meant for it', async () => {
  const { exec } = plugin('Never', `give({ token: Buffer.from(JSON.stringify(cluster)).toString('base64url') })`)
  const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'a' } }]
  const { world, server, ask: again } = await start({ ...exec, provideClusterInfo: true })
  const url = `http://127.0.0.1:${server.port}`
  const user = { exec: { ...exec, provideClusterInfo: true } }
  world.use(url, { user, cluster: { 'certificate-authority': 'ca.crt', 'disable-compression': true, extensions } })
  world.files['/home/me/.kube/ca.crt'] = 'PEM'
  await world.clusters.refresh()
  const told = (await again()).replace('Bearer ', '')
  expect(JSON.parse(Buffer.from(told, 'base64url').toString())).toEqual({
    server: url,
    'certificate-authority-data': Buffer.from('PEM').toString('base64'),
    'disable-compression': true,
    config: { audience: 'a' },
  })
})

/** Which certificates the server was shown, connection by connection. */
async function mutualTls(): Promise<{ server: LoopbackServer; shown: string[]; url: string }> {
  const pki = await generate([{ name: 'commonName', value: 'k8s' }], { algorithm: 'sha256' })
  const shown: string[] = []
  const https = createServer({ cert: pki.cert, key: pki.private, requestCert: true, rejectUnauthorized: false })
  https.on('secureConnection', (socket: TLSSocket) => shown.push(String(socket.getPeerCertificate().subject?.CN)))
  const server = await LoopbackServer.start(https)
  server.answer = (_request, response) => json(response, 200, {})
  return { server, shown, url: `https://127.0.0.1:${server.port}` }
}

async function certificate(name: string, notAfterDate?: Date): Promise<{ cert: string; private: string }> {
  return generate([{ name: 'commonName', value: name }], { algorithm: 'sha256', ...(notAfterDate && { notBeforeDate: new Date('2025-01-01'), notAfterDate }) })
}

test('a certificate file that was replaced is shown by the next connection, and the old one ends when idle', async () => {
  const { server, shown, url } = await mutualTls()
  const world = new World(url, { user: { 'client-certificate': 'me.crt', 'client-key': 'me.key' }, cluster: { 'insecure-skip-tls-verify': true } })
  const write = ({ cert, private: key }: { cert: string; private: string }): void => {
    world.files['/home/me/.kube/me.crt'] = cert
    world.files['/home/me/.kube/me.key'] = key
  }
  write(await certificate('one'))
  await ask(world, server)
  await ask(world, server)
  expect(shown).toEqual(['one'])
  write(await certificate('two'))
  await ask(world, server)
  expect(shown).toEqual(['one', 'two'])
  await until(() => server.connections === 1)
})

test('a connection of an old certificate serves its request to the end', async () => {
  const { server, shown, url } = await mutualTls()
  const world = new World(url, { user: { 'client-certificate': 'me.crt', 'client-key': 'me.key' }, cluster: { 'insecure-skip-tls-verify': true } })
  const pair = await certificate('one')
  world.files['/home/me/.kube/me.crt'] = pair.cert
  world.files['/home/me/.kube/me.key'] = pair.private
  const held: (() => void)[] = []
  server.answer = (_request, response) => void held.push(() => json(response, 200, {}))
  const first = ask(world, server)
  await until(() => held.length === 1)
  const next = await certificate('two')
  world.files['/home/me/.kube/me.crt'] = next.cert
  world.files['/home/me/.kube/me.key'] = next.private
  const second = ask(world, server)
  await until(() => held.length === 2)
  expect(shown).toEqual(['one', 'two'])
  for (const answer of held) answer()
  expect(await Promise.all([first, second])).toEqual(['', ''])
  await until(() => server.connections === 1)
})

test('a certificate from a plugin is renewed before it ends, whatever the plugin says of its end', async () => {
  const { server, shown, url } = await mutualTls()
  const [one, two] = [await certificate('one', new Date('2026-01-01T00:10:00Z')), await certificate('two', new Date('2026-01-01T01:00:00Z'))]
  const status = ({ cert, private: key }: { cert: string; private: string }): object => ({ clientCertificateData: cert, clientKeyData: key })
  const { exec, runs } = plugin('Never', `give(run === 1 ? ${JSON.stringify(status(one))} : ${JSON.stringify(status(two))})`)
  const world = new World(url, { user: { exec }, cluster: { 'insecure-skip-tls-verify': true } })
  await ask(world, server)
  await world.clock.advance(589_000)
  await ask(world, server)
  expect(runs()).toBe('n')
  await world.clock.advance(1_000)
  await ask(world, server)
  expect(runs()).toBe('nn')
  expect(shown).toEqual(['one', 'two'])
})
