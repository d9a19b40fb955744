/** Every way to say who one is, and every way to the API server: each with the real thing at the other end. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchText } from './clients.ts'
import { type EventLine, freePort, program, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { microsocks, stunnel, tinyproxy } from './rig/daemons.ts'
import { apiServerFlags, type Issuer, startIssuer } from './rig/issuer.ts'
import { pod } from './rig/manifests.ts'
import { outputOf } from './rig/program.ts'
import { Terminal } from './rig/terminal.ts'

let issuer: Issuer
let cluster: Cluster
let dir: string
let token: string
let kubeconfigs = 0

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kpf-ways-'))
  issuer = await startIssuer(25)
  const caFile = join(dir, 'issuer.crt')
  await writeFile(caFile, issuer.certificate)
  cluster = await startCluster({ flags: apiServerFlags(issuer, caFile) })
  await cluster.apply(pod('web', { containers: [{ app: 'http', ports: { http: 8080 } }] }))
  await cluster.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'forwarder' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
    ],
  })
  await cluster.kubectlOutput(['create', 'clusterrolebinding', 'forwarder', '--clusterrole=forwarder', '--user=forwarder', `--user=${issuer.user}`])
  await cluster.waitFor('condition=Ready', ['pod/web'])
  token = await cluster.token({ expiresIn: '1h' })
}, 1_200_000)
afterAll(async () => {
  await cluster.stop()
  await issuer[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

interface Way {
  readonly user: object
  /** Fields of the kubeconfig's cluster over the usual ones. */
  readonly cluster?: object
}

/** A kubeconfig of its own; a CA file, unless the way says otherwise. */
async function kubeconfig({ user, cluster: more = {} }: Way): Promise<string> {
  const path = join(dir, `${++kubeconfigs}.kubeconfig`)
  const base = { server: cluster.server, 'certificate-authority': cluster.caFile() }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { ...base, ...more } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  }
  await writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 })
  return path
}

/** The forward becomes ready this way, and the pod answers. */
async function expectThrough(way: Way | string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const port = await freePort()
  const path = typeof way === 'string' ? way : await kubeconfig(way)
  await using up = await Up.start(`forwards:\n  web: pod/web ${port}:8080\n`, { kubeconfig: path, env })
  await up.ready('web')
  expect(await fetchText(port)).toContain('pod web')
}

/** The forward fails this way; what is said of it. */
async function failedWith(way: Way, more: { readonly env?: Readonly<Record<string, string>>; readonly file?: string } = {}): Promise<EventLine> {
  const up = await Up.start(more.file ?? `forwards:\n  web: pod/web ${await freePort()}:8080\n`, { kubeconfig: await kubeconfig(way), env: more.env ?? {} })
  try {
    return await up.next('a reason', ({ reason }) => typeof reason === 'string')
  } finally {
    await up.stop('SIGTERM')
  }
}

async function script(name: string, body: string): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return path
}

function exec(command: string, more: object = {}): object {
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command, ...more } }
}

function credential(status: object): string {
  return `echo '${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })}'`
}

describe('credentials', () => {
  test('a client certificate, as files and as data', async () => {
    const [certificate, key] = [join(cluster.dir, 'pki/admin.crt'), join(cluster.dir, 'pki/admin.key')]
    await expectThrough({ user: { 'client-certificate': certificate, 'client-key': key } })
    const data = async (path: string): Promise<string> => (await readFile(path)).toString('base64')
    await expectThrough({ user: { 'client-certificate-data': await data(certificate), 'client-key-data': await data(key) } })
  })

  test('a static token, and one of a service account in a file', async () => {
    const [line = ''] = (await readFile(join(cluster.dir, 'pki/tokens.csv'), 'utf8')).split('\n').filter((entry) => entry.includes(',token,'))
    await expectThrough({ user: { token: line.split(',')[0] } })
    const tokenFile = join(dir, 'token')
    await writeFile(tokenFile, `${token}\n`)
    await expectThrough({ user: { tokenFile } })
  })

  test('a plugin that takes its time', async () => {
    await expectThrough({ user: exec(await script('slow', `sleep 2\n${credential({ token })}`)) })
  })

  test('a plugin that fails is told with what it said', async () => {
    const told = await failedWith({ user: exec(await script('failing', 'echo "token has expired, run: sso login" >&2\nexit 3')) })
    expect(told).toMatchObject({ to: 'failed', phase: 'auth', reason: 'KPF_AUTH_PLUGIN' })
    expect(`${told.message} ${String(told['hint'])}`).toContain('run: sso login')
  })

  test('a plugin that is missing is told with how to install it', async () => {
    const told = await failedWith({ user: exec(join(dir, 'not-there'), { installHint: 'get it with: brew install kube-login' }) })
    expect(told).toMatchObject({ to: 'failed', phase: 'auth' })
    expect(`${told.message} ${String(told['hint'])}`).toContain('brew install kube-login')
  })

  test('a plugin that must ask a person is told as such where there is no terminal', async () => {
    const told = await failedWith({ user: exec(await script('asking', `read -r word\n${credential({ token })}`), { interactiveMode: 'Always' }) })
    expect(told).toMatchObject({ to: 'failed', phase: 'auth' })
    expect(told.message).toContain('terminal')
  })

  test('a plugin that asks a person has the terminal, and the table comes back after it', async () => {
    const plugin = await script('login', `printf 'password: ' >&2\nread -r word\n[ "$word" = open ] || exit 1\n${credential({ token })}`)
    const home = await mkdtemp(join(dir, 'home-'))
    const port = await freePort()
    await writeFile(join(home, 'forwards.yaml'), `forwards:\n  web: pod/web ${port}:8080\n`)
    await using terminal = new Terminal([process.execPath, program, 'up'], {
      cwd: home,
      env: { KUBECONFIG: await kubeconfig({ user: exec(plugin, { interactiveMode: 'Always' }) }) },
    })
    await terminal.shows('password: ')
    terminal.type('open\n')
    await terminal.shows('ready in')
    expect(await fetchText(port)).toContain('pod web')
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
  })

  test('30 forwards with one plugin run it once, and once more when its credential ends', async () => {
    const runs = join(dir, 'runs')
    const plugin = await script(
      'short',
      `echo run >> ${runs}\nend=$(date -u -d '+20 seconds' +%Y-%m-%dT%H:%M:%SZ)\n${credential({ token, expirationTimestamp: 'END' }).replace('END', `'"$end"'`)}`,
    )
    const count = async (): Promise<number> => (await readFile(runs, 'utf8')).split('\n').length - 1
    const ports = await Promise.all(Array.from({ length: 30 }, freePort))
    const text = (more: string): string => `forwards:\n${ports.map((port, index) => `  f${index}: pod/web ${port}:8080\n`).join('')}${more}`
    const startedMs = performance.now()
    await using up = await Up.start(text(''), { kubeconfig: await kubeconfig({ user: exec(plugin) }) })
    await up.ready(...ports.map((_, index) => `f${index}`))
    await Promise.all(ports.map((port) => fetchText(port)))
    expect(await count()).toBe(1)
    // It is renewed 10 s before its end; the next request after that is the forward that is added.
    const dueMs = startedMs + 11_000 - performance.now()
    await up.next('nothing for so long', () => false, { limitMs: dueMs }).catch(() => {})
    const spare = await freePort()
    await up.edit(text(`  more: -n kube-system -l k8s-app=nobody ${spare}:80\n`))
    await up.next('the new forward has asked', ({ forward, phase }) => forward === 'more' && phase === 'no-pod')
    expect(await count()).toBe(2)
    await Promise.all(ports.map((port) => fetchText(port)))
  }, 60_000)

  test('OpenID: a token that has ended is renewed at the issuer, and the new one is where kubectl finds it', async () => {
    const ended = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"exp":1}').toString('base64url')}.x`
    const config = {
      'idp-issuer-url': issuer.url,
      'client-id': issuer.client.id,
      'client-secret': issuer.client.secret,
      'idp-certificate-authority-data': Buffer.from(issuer.certificate).toString('base64'),
      'id-token': ended,
      'refresh-token': await issuer.refreshToken(),
    }
    const path = await kubeconfig({ user: { 'auth-provider': { name: 'oidc', config } } })
    const before = issuer.refreshes
    await expectThrough(path)
    expect(issuer.refreshes).toBe(before + 1)
    const stored = JSON.parse(await readFile(path, 'utf8')) as { users: { user: { 'auth-provider': { config: Record<string, string> } } }[] }
    const now = stored.users[0]?.user['auth-provider'].config
    expect(now?.['id-token']).not.toBe(ended)
    expect(now?.['refresh-token']).not.toBe(config['refresh-token'])
    // kubectl goes on with what kpf has written.
    expect(await cluster.kubectlOutput(['--kubeconfig', path, 'get', 'pods', '-o', 'name'])).toBe('pod/web\n')
    expect((await readFile(path, 'utf8')).startsWith('{')).toBe(true)
  })

  test('OpenID: a refresh token that the issuer does not take is told with what to do', async () => {
    const config = {
      'idp-issuer-url': issuer.url,
      'client-id': issuer.client.id,
      'client-secret': issuer.client.secret,
      'idp-certificate-authority-data': Buffer.from(issuer.certificate).toString('base64'),
      'refresh-token': 'long-gone-canary',
    }
    const told = await failedWith({ user: { 'auth-provider': { name: 'oidc', config } } })
    expect(told).toMatchObject({ to: 'failed', phase: 'auth', reason: 'KPF_CREDENTIAL_EXPIRED' })
    expect(JSON.stringify(told)).not.toContain('long-gone-canary')
  })

  test('another user is acted as, from the kubeconfig and from the file', async () => {
    const admin = { 'client-certificate': join(cluster.dir, 'pki/admin.crt'), 'client-key': join(cluster.dir, 'pki/admin.key') }
    await expectThrough({ user: { ...admin, as: 'forwarder', 'as-groups': ['dev', 'qa'], 'as-user-extra': { 'example.com/team': ['shop'] } } })
    const told = await failedWith({ user: { ...admin, as: 'none' } })
    expect(told).toMatchObject({ to: 'failed', phase: 'forbidden' })
    expect(`${told.message}`).toContain('"none"')
    const file = `defaults: { as: none, asGroups: [dev] }\nforwards:\n  web: pod/web ${await freePort()}:8080\n`
    expect(await failedWith({ user: admin }, { file })).toMatchObject({ to: 'failed', phase: 'forbidden' })
  })
})

describe('ways', () => {
  const login = { user: 'ann', password: 'pass-canary' }
  const apiPort = (): string => new URL(cluster.server).port

  test('an http proxy, with and without a password', async () => {
    await using open = await tinyproxy()
    await expectThrough({ user: { token }, cluster: { 'proxy-url': `http://127.0.0.1:${open.port}` } })
    expect(open.log()).toContain(`CONNECT 127.0.0.1:${apiPort()}`)
    await using closed = await tinyproxy(login)
    await expectThrough({ user: { token }, cluster: { 'proxy-url': `http://${login.user}:${login.password}@127.0.0.1:${closed.port}` } })
    const told = await failedWith({ user: { token }, cluster: { 'proxy-url': `http://${login.user}:wrong-canary@127.0.0.1:${closed.port}` } })
    expect(told).toMatchObject({ reason: 'KPF_PROXY_AUTH' })
    expect(JSON.stringify(told)).not.toContain('canary')
  })

  test('a proxy of the environment', async () => {
    await using proxy = await tinyproxy()
    // Loopback by another name: what is called loopback is never proxied by the environment.
    const way = { user: { token }, cluster: { server: `https://0.0.0.0:${apiPort()}`, 'tls-server-name': 'kubernetes' } }
    await expectThrough(way, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` })
    expect(proxy.log()).toContain(`CONNECT 0.0.0.0:${apiPort()}`)
    await expectThrough(way, { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '0.0.0.0' })
  })

  test('an https proxy, with and without a password', async () => {
    const { pem, certificate } = await selfSigned()
    const authority = Buffer.concat([await readFile(cluster.caFile()), Buffer.from(certificate)]).toString('base64')
    await using open = await tinyproxy()
    await using front = await stunnel(open.port, pem)
    const base = { 'certificate-authority': undefined, 'certificate-authority-data': authority }
    await expectThrough({ user: { token }, cluster: { ...base, 'proxy-url': `https://127.0.0.1:${front.port}` } })
    await using closed = await tinyproxy(login)
    await using closedFront = await stunnel(closed.port, pem)
    await expectThrough({ user: { token }, cluster: { ...base, 'proxy-url': `https://${login.user}:${login.password}@127.0.0.1:${closedFront.port}` } })
    expect(await failedWith({ user: { token }, cluster: { ...base, 'proxy-url': `https://127.0.0.1:${closedFront.port}` } })).toMatchObject({
      reason: 'KPF_PROXY_AUTH',
    })
  })

  test('a SOCKS 5 proxy, with and without a password', async () => {
    await using open = await microsocks()
    await expectThrough({ user: { token }, cluster: { 'proxy-url': `socks5://127.0.0.1:${open.port}` } })
    await using closed = await microsocks(login)
    await expectThrough({ user: { token }, cluster: { 'proxy-url': `socks5://${login.user}:${login.password}@127.0.0.1:${closed.port}` } })
    expect(await failedWith({ user: { token }, cluster: { 'proxy-url': `socks5://127.0.0.1:${closed.port}` } })).toMatchObject({ reason: 'KPF_PROXY_AUTH' })
  })

  test('a proxy that is not there, and one that cannot reach the server', async () => {
    expect(await failedWith({ user: { token }, cluster: { 'proxy-url': 'http://127.0.0.1:1' } })).toMatchObject({ reason: 'KPF_PROXY_UNREACHABLE' })
    await using proxy = await tinyproxy()
    const told = await failedWith({ user: { token }, cluster: { server: 'https://127.0.0.1:1', 'proxy-url': `http://127.0.0.1:${proxy.port}` } })
    expect(told.reason).toMatch(/^KPF_PROXY_(GATEWAY|REFUSED)$/)
  })

  test('`kubectl proxy` as the server', async () => {
    const port = await freePort()
    const proxy = cluster.spawnKubectl(['proxy', `--port=${port}`, '--reject-paths=^$'])
    try {
      await expect
        .poll(
          () =>
            fetch(`http://127.0.0.1:${port}/readyz`).then(
              ({ status }) => status,
              () => 0,
            ),
          { timeout: 10_000 },
        )
        .toBe(200)
      await expectThrough({ user: {}, cluster: { server: `http://127.0.0.1:${port}`, 'certificate-authority': undefined } })
    } finally {
      proxy.kill('SIGKILL')
    }
  })

  test('a certificate of another authority, one that has ended, and one for another name', async () => {
    const user = { token: 'secret-canary' }
    const wrong = await failedWith({ user, cluster: { 'certificate-authority': cluster.caFile('wrong') } })
    const { pem, certificate } = await selfSigned(new Date('2020-01-01'))
    await using old = await stunnel(Number(apiPort()), pem, 'TLS behind')
    const authority = { 'certificate-authority': undefined, 'certificate-authority-data': Buffer.from(certificate).toString('base64') }
    const ended = await failedWith({ user, cluster: { server: `https://127.0.0.1:${old.port}`, ...authority } })
    const other = await failedWith({ user, cluster: { 'tls-server-name': 'elsewhere.example' } })
    for (const told of [wrong, ended, other]) expect(told).toMatchObject({ to: 'failed', phase: 'config', reason: 'KPF_TLS_VERIFY' })
    expect(ended.message).toContain('EXPIRED')
    expect(other.message).toContain('elsewhere.example')
    expect(JSON.stringify([wrong, ended, other])).not.toContain('secret-canary')
  })

  test('a client certificate that has ended is told as refused credentials', async () => {
    const [crt, key] = [join(dir, 'ended.crt'), join(dir, 'ended.key')]
    const pki = join(cluster.dir, 'pki')
    await outputOf('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=admin', '-keyout', key, '-out', join(dir, 'ended.csr')])
    await outputOf('openssl', [
      'x509',
      '-req',
      '-in',
      join(dir, 'ended.csr'),
      '-CA',
      join(pki, 'ca.crt'),
      '-CAkey',
      join(pki, 'ca.key'),
      '-set_serial',
      '7',
      '-days',
      '-1',
      '-out',
      crt,
    ])
    expect(await failedWith({ user: { 'client-certificate': crt, 'client-key': key } })).toMatchObject({ to: 'failed', phase: 'auth' })
  })
})

/** A certificate for 127.0.0.1 that is its own authority. */
async function selfSigned(ended?: Date): Promise<{ readonly pem: string; readonly certificate: string }> {
  const times = ended ? { notBeforeDate: new Date(ended.getTime() - 86_400_000), notAfterDate: ended } : {}
  const made = await generate([{ name: 'commonName', value: 'front' }], {
    ...times,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  return { pem: `${made.private}\n${made.cert}`, certificate: made.cert }
}
