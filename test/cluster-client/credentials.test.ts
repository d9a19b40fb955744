import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { generate } from 'selfsigned'
import { afterEach, expect, test } from 'vitest'
import { json, LoopbackServer, until } from './loopback-server.ts'
import { World, worldOf } from './world.ts'

const directories: string[] = []
afterEach(() => {
  for (const path of directories.splice(0)) rmSync(path, { recursive: true })
})

const API = 'client.authentication.k8s.io/v1'

/** A plugin run by this Node: `code` is its text; `runs()` counts its starts. */
function plugin(code: string, more: object = {}): { exec: object; runs: () => number; file: string } {
  const directory = mkdtempSync(join(tmpdir(), 'kpf-plugin-'))
  directories.push(directory)
  const file = join(directory, 'plugin.cjs')
  const log = join(directory, 'log')
  writeFileSync(log, '')
  writeFileSync(
    file,
    `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(log)}, 'x'); const run = fs.readFileSync(${JSON.stringify(log)}, 'utf8').length
     const give = (status, apiVersion = '${API}') => console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion, status }))\n${code}`,
  )
  return {
    exec: { apiVersion: API, command: process.execPath, args: [file], interactiveMode: 'Never', ...more },
    runs: () => readFileSync(log, 'utf8').length,
    file,
  }
}

/** A server that takes only `good` as Authorization, and a world that asks it. */
async function asking(user: object, good: (authorization: string) => boolean): Promise<{ server: LoopbackServer; world: World; ask: () => Promise<string> }> {
  const server = await LoopbackServer.start()
  server.answer = (request, response) =>
    good(request.headers.authorization ?? '')
      ? json(response, 200, { metadata: { resourceVersion: '1' }, items: [] })
      : json(response, 401, { kind: 'Status', message: 'Unauthorized' })
  const world = worldOf(server, { user, env: { PATH: process.env['PATH'] ?? '', CANARY: 'c4nary' } })
  let asks = 0
  const ask = async (): Promise<string> => {
    const cluster = await world.open()
    const seen: string[] = []
    const subscription = cluster.watchTarget({ namespace: `n${asks++}`, target: { kind: 'selector', labelSelector: 'a=b' } }, (picture) =>
      seen.push(picture.kind === 'failure' ? `${picture.code}: ${picture.message} (${picture.hint ?? ''})` : picture.kind),
    )
    await until(() => seen.length > 0)
    subscription.close()
    return seen[0] ?? ''
  }
  return { server, world, ask }
}

test('a token goes with each request, and kpf says who it is', async () => {
  const { server, ask } = await asking({ token: 'tok' }, (authorization) => authorization === 'Bearer tok')
  expect(await ask()).toBe('seen')
  expect(server.headers[0]).toMatchObject({ authorization: 'Bearer tok', 'user-agent': 'kpf/0.0.0', accept: 'application/json' })
})

test('a user name and a password are basic authentication', async () => {
  const { ask } = await asking({ username: 'me', password: 'pass' }, (authorization) => authorization === `Basic ${Buffer.from('me:pass').toString('base64')}`)
  expect(await ask()).toBe('seen')
})

test('a token file is read again within a minute, and at once after a 401', async () => {
  const accepted = new Set(['Bearer one'])
  const { world, ask } = await asking({ tokenFile: '/token' }, (authorization) => accepted.has(authorization))
  world.files['/token'] = 'one\n'
  expect(await ask()).toBe('seen')
  accepted.clear()
  accepted.add('Bearer two')
  world.files['/token'] = 'two\n'
  expect(await ask()).toBe('seen')
  accepted.add('Bearer three')
  world.files['/token'] = 'three\n'
  await world.clock.advance(60_000)
  accepted.delete('Bearer two')
  expect(await ask()).toBe('seen')
})

test('a plugin runs once for all who ask, and again before its token ends', async () => {
  const { exec, runs } = plugin(`give({ token: 'run' + run, expirationTimestamp: '2026-01-01T00:10:00Z' })`)
  const { world, ask } = await asking({ exec }, (authorization) => /^Bearer run\d$/.test(authorization))
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['seen', 'seen', 'seen'])
  expect(runs()).toBe(1)
  await world.clock.advance(9 * 60_000)
  await ask()
  expect(runs()).toBe(1)
  await world.clock.advance(51_000)
  await ask()
  expect(runs()).toBe(2)
})

test('a 401 runs the plugin once more, however many requests met it', async () => {
  const { exec, runs } = plugin(`give({ token: 'run' + run })`)
  const held: (() => void)[] = []
  const { server, ask } = await asking({ exec }, (authorization) => authorization === 'Bearer run2')
  const answer = server.answer
  // The refusals of the first token come back one by one, each after the other was renewed for.
  server.answer = (request, response) => {
    if (request.headers.authorization !== 'Bearer run1') return answer(request, response)
    held.push(() => answer(request, response))
    return undefined
  }
  const asks = Promise.all([ask(), ask(), ask()])
  await until(() => held.length === 3)
  for (const refuse of held) {
    const before = server.asked.length
    refuse()
    await until(() => server.asked.length > before)
  }
  expect(await asks).toEqual(['seen', 'seen', 'seen'])
  expect(runs()).toBe(2)
})

test('credentials that stay the same are not tried twice', async () => {
  const { server, ask } = await asking({ token: 'old' }, () => false)
  expect(await ask()).toMatch(/^KPF_AUTH_REFUSED/)
  expect(server.asked).toHaveLength(1)
})

test('the plugin is told the cluster if it wants to know, that nobody is there to be asked, and no way to the service manager', async () => {
  const { exec } = plugin(
    `const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO); give({ token: [info.apiVersion, info.kind, info.spec.interactive, typeof info.spec.cluster.server, process.env.EXTRA, process.env.CANARY, process.env.NOTIFY_SOCKET].join('|') })`,
    {
      provideClusterInfo: true,
      env: [{ name: 'EXTRA', value: 'more' }],
    },
  )
  const { ask } = await asking({ exec }, (authorization) => authorization === `Bearer ${API}|ExecCredential|false|string|more|c4nary|`)
  expect(await ask()).toBe('seen')
})

test('a token of the user entry is taken, and the plugin left alone', async () => {
  const { exec, runs } = plugin(`give({ token: 'plugin' })`)
  const { ask } = await asking({ token: 'own', exec }, (authorization) => authorization === 'Bearer own')
  expect(await ask()).toBe('seen')
  expect(runs()).toBe(0)
})

test.each<[string, string, object, RegExp]>([
  [
    'fails',
    `console.error('no \\u001b[2Jsession'); console.log('s3cr3t'); process.exit(3)`,
    {},
    /^KPF_AUTH_PLUGIN: .*failed with exit code 3: no \\u\{1b\}\[2Jsession/,
  ],
  ['prints no JSON', `console.log('s3cr3t')`, {}, /^KPF_AUTH_PLUGIN: .*no JSON/],
  [
    'speaks another version',
    `give({ token: 's3cr3t' }, 'client.authentication.k8s.io/v1beta1')`,
    {},
    /^KPF_AUTH_PLUGIN: .*did not print an ExecCredential of client.authentication.k8s.io\/v1 /,
  ],
  ['gives nothing', `give({})`, {}, /^KPF_AUTH_PLUGIN: .*neither a token nor a certificate/],
  ['never ends its output', `process.stdout.write('s3cr3t'.repeat(400000))`, {}, /^KPF_AUTH_PLUGIN: .*more than 1 MiB/],
  [
    'is not there',
    '',
    { command: 'kpf-no-such-plugin', installHint: 'get it from\r https://x' },
    /^KPF_AUTH_PLUGIN: .*is not installed \(get it from\\u\{d\} https:\/\/x\)$/,
  ],
  ['must be talked to', '', { interactiveMode: 'Always' }, /^KPF_AUTH_PLUGIN: .*interactiveMode: Always/],
  ['is of an unknown version', '', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }, /^KPF_AUTH_PLUGIN: .*v1alpha1 is not supported/],
])('a plugin that %s is told, without a secret', async (_what, code, more, expected) => {
  const { exec } = plugin(code, more)
  const { ask } = await asking({ exec }, () => true)
  const told = await ask()
  expect(told).toMatch(expected)
  expect(told).not.toMatch(/s3cr3t/)
})

test('a plugin that hangs is killed after 30 s, and when the cluster is closed', async () => {
  const { exec, runs } = plugin(`require('fs').writeFileSync(__filename + '.pid', String(process.pid)); setInterval(() => {}, 1000)`)
  const { world, ask } = await asking({ exec }, () => true)
  const told = ask()
  await until(() => runs() === 1 && world.clock.waiting >= 1)
  await world.clock.advance(31_000)
  expect(await told).toMatch(/^KPF_AUTH_PLUGIN: .*did not answer within 30 s/)
})

test('a plugin is ended with its cluster, and leaves no timer', async () => {
  const { exec, file } = plugin(`require('fs').writeFileSync(__filename + '.pid', String(process.pid)); setInterval(() => {}, 1000)`)
  const { world } = await asking({ exec }, () => true)
  const cluster = await world.open()
  cluster.watchTarget({ namespace: 'shop', target: { kind: 'selector', labelSelector: 'a=b' } }, () => {})
  const pid = (): number => {
    try {
      return Number(readFileSync(`${file}.pid`, 'utf8'))
    } catch {
      return 0
    }
  }
  await until(() => pid() > 0)
  await world.clusters.close()
  await until(() => !isAlive(pid()))
  expect(world.clock.waiting).toBe(0)
})

test('a plugin is not looked up in the working directory', async () => {
  const { exec, file } = plugin('')
  // The working directory of a test may not be changed; a path relative to it that leads to the plugin says the same.
  const directory = relative(process.cwd(), dirname(file))
  writeFileSync(join(directory, 'kpf-planted'), '#!/bin/sh\n', { mode: 0o755 })
  const server = await LoopbackServer.start()
  const world = worldOf(server, { user: { exec: { ...exec, command: 'kpf-planted' } }, env: { PATH: `${directory}::.:/usr/bin` } })
  const cluster = await world.open()
  const seen: string[] = []
  cluster.watchTarget({ namespace: 'shop', target: { kind: 'selector', labelSelector: 'a=b' } }, (picture) =>
    seen.push(picture.kind === 'failure' ? picture.message : picture.kind),
  )
  await until(() => seen.length > 0)
  expect(seen[0]).toMatch(/is not installed/)
})

test('a certificate and a key that do not fit are told by the fields of the user before anything is sent, and taken once they fit', async () => {
  const [mine, yours] = await Promise.all(['mine', 'yours'].map((value) => generate([{ name: 'commonName', value }], { algorithm: 'sha256' })))
  if (mine === undefined || yours === undefined) throw new Error('no certificates')
  const { server, world, ask } = await asking({ 'client-certificate-data': Buffer.from(mine.cert).toString('base64'), 'client-key': 'me.key' }, () => true)
  expect(await ask()).toBe(
    'KPF_KUBECONFIG: user "me" cannot log in: client-key "/home/me/.kube/me.key" cannot be read (ENOENT) (check its path, owner and mode)',
  )
  world.files['/home/me/.kube/me.key'] = yours.private
  expect(await ask()).toBe(
    'KPF_KUBECONFIG: user "me" cannot log in: client-key "/home/me/.kube/me.key" is not the key of client-certificate-data (take both from one pair, or fetch the kubeconfig again)',
  )
  expect(server.asked).toEqual([])
  world.files['/home/me/.kube/me.key'] = mine.private
  expect(await ask()).toBe('seen')
  world.files['/home/me/.kube/me.key'] = mine.private.slice(0, 300)
  expect(await ask()).toMatch(/^KPF_KUBECONFIG: .* holds a private key that is cut off/)
})

test('a certificate without its key is no login, as for kubectl', async () => {
  const { cert } = await generate([{ name: 'commonName', value: 'me' }], { algorithm: 'sha256' })
  const { ask } = await asking({ 'client-certificate-data': Buffer.from(cert).toString('base64') }, () => true)
  expect(await ask()).toMatch(/^KPF_KUBECONFIG: user "me" cannot log in: client-certificate-data has no key \(add client-key/)
})

test('a plugin whose certificate and key do not fit is told', async () => {
  const [mine, yours] = await Promise.all(['mine', 'yours'].map((value) => generate([{ name: 'commonName', value }], { algorithm: 'sha256' })))
  const { exec } = plugin(`give(${JSON.stringify({ clientCertificateData: mine?.cert, clientKeyData: yours?.private })})`)
  const { ask } = await asking({ exec }, () => true)
  expect(await ask()).toMatch(/^KPF_AUTH_PLUGIN: .* gave what cannot be used: clientKeyData is not the key of clientCertificateData/)
})

test('an auth provider that kubectl dropped is told by its name', async () => {
  const { ask } = await asking({ 'auth-provider': { name: 'gcp', config: { 'access-token': 's3cr3t' } } }, () => true)
  const told = await ask()
  expect(told).toMatch(/^KPF_KUBECONFIG_UNSUPPORTED: .*auth-provider "gcp"/)
  expect(told).not.toMatch(/s3cr3t/)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.each([
  [Date.UTC(2025, 11, 30), 'the credentials were refused (401): the token of user "me" ended 2 days ago'],
  // The server has another reason.
  [Date.UTC(2026, 0, 2), 'the credentials were refused (401)'],
])('a 401 for a token that ends at %i is told as %j', async (endMs, message) => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { world } = await asking({ token: `${part({})}.${part({ exp: endMs / 1000 })}.x` }, () => false)
  const cluster = await world.open()
  expect(await cluster.request({ method: 'GET', path: '/version', signal: new AbortController().signal })).toMatchObject({ code: 'KPF_AUTH_REFUSED', message })
})
