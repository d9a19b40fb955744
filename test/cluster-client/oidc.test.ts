import { createServer as createHttps } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { generate } from 'selfsigned'
import { expect, test } from 'vitest'
import { advanceUntil, json, LoopbackServer, until } from './loopback-server.ts'
import { type World, worldOf } from './world.ts'

const KUBECONFIG = '/home/me/.kube/config'
const startMs = Date.UTC(2026, 0, 1)

/** A token that ends `seconds` after the start of the clock by hand. */
function idToken(seconds: number, name = 'me'): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: name, exp: startMs / 1000 + seconds })}.s3cr3tsig`
}

interface Issuer {
  readonly server: LoopbackServer
  readonly url: string
  /** The forms that were posted, with the Authorization before them. */
  readonly grants: string[]
  answer: (form: URLSearchParams, authorization: string | undefined) => readonly [number, object]
}

async function issuer(scheme = 'http', server?: ConstructorParameters<typeof LoopbackServer>[0]): Promise<Issuer> {
  const made = await LoopbackServer.start(server)
  const url = `${scheme}://127.0.0.1:${made.port}/realm`
  const self: Issuer = { server: made, url, grants: [], answer: () => [200, { id_token: idToken(3600), refresh_token: 'r2-s3cr3t' }] }
  made.answer = (request, response) => {
    if (request.url === '/realm/.well-known/openid-configuration') return json(response, 200, { issuer: url, token_endpoint: `${url}/token` })
    return void bodyOf(request).then((body) => {
      const { authorization } = request.headers
      self.grants.push(`${authorization ?? 'nobody'} ${body}`)
      json(response, ...self.answer(new URLSearchParams(body), authorization))
    })
  }
  return self
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

function user(url: string, more: object = {}): object {
  const config = { 'idp-issuer-url': url, 'client-id': 'kpf', 'id-token': idToken(60), 'refresh-token': 'r1-s3cr3t', ...more }
  return { 'auth-provider': { name: 'oidc', config } }
}

async function start(
  entry: object,
): Promise<{ server: LoopbackServer; world: World; ask: (context?: string) => Promise<string>; last: () => string | undefined }> {
  const server = await LoopbackServer.start()
  server.answer = (_request, response) => json(response, 200, {})
  const world = worldOf(server, { user: entry })
  const ask = async (): Promise<string> => {
    const cluster = await world.open()
    const answer = await cluster.request({ method: 'GET', path: '/version', signal: new AbortController().signal })
    return answer.kind === 'failure' ? `${answer.code}: ${answer.message} (${answer.hint ?? ''})` : answer.kind
  }
  return { server, world, ask, last: () => server.headers.at(-1)?.authorization }
}

function stored(world: World): Record<string, string> {
  const file: { users: { user: { 'auth-provider': { config: Record<string, string> } } }[] } = JSON.parse(world.files[KUBECONFIG] ?? '')
  return file.users[0]?.user['auth-provider'].config ?? {}
}

test('an ID token serves until 10 s before its end; the next one is written where the user stands', async () => {
  const { url, grants } = await issuer()
  const { world, ask, last } = await start(user(url))
  expect(await ask()).toBe('json')
  await world.clock.advance(49_000)
  await ask()
  expect(last()).toBe(`Bearer ${idToken(60)}`)
  expect(grants).toEqual([])
  await world.clock.advance(1_000)
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['json', 'json', 'json'])
  expect(last()).toBe(`Bearer ${idToken(3600)}`)
  expect(grants).toEqual(['nobody grant_type=refresh_token&refresh_token=r1-s3cr3t&client_id=kpf'])
  expect(stored(world)).toEqual({ 'idp-issuer-url': url, 'client-id': 'kpf', 'id-token': idToken(3600), 'refresh-token': 'r2-s3cr3t' })
  expect(world.warnings).toEqual([])
})

test('after the file was read again its own tokens serve, and the rotated one is traded next', async () => {
  const made = await issuer()
  const { world, ask, last } = await start(user(made.url, { 'id-token': undefined }))
  await ask()
  await world.clusters.refresh()
  made.answer = () => [200, { id_token: idToken(7200) }]
  await world.clock.advance(3_595_000)
  expect(await ask()).toBe('json')
  expect(last()).toBe(`Bearer ${idToken(7200)}`)
  expect(made.grants[1]).toContain('refresh_token=r2-s3cr3t')
  expect(stored(world)['refresh-token']).toBe('r2-s3cr3t')
})

test('two clusters of one user trade its refresh token once', async () => {
  const { url, grants } = await issuer()
  const { world, ask } = await start(user(url, { 'id-token': idToken(0) }))
  const other = await world.clusters.open({ as: 'jane' })
  if ('code' in other) throw new Error(other.message)
  await Promise.all([ask(), other.request({ method: 'GET', path: '/version', signal: new AbortController().signal })])
  expect(grants).toHaveLength(1)
})

test('a token that another program has written meanwhile is taken', async () => {
  const { url, grants } = await issuer()
  const { world, ask, last } = await start(user(url))
  await ask()
  world.files[KUBECONFIG] = (world.files[KUBECONFIG] ?? '').replace(idToken(60), idToken(900))
  await world.clock.advance(55_000)
  expect(await ask()).toBe('json')
  expect(last()).toBe(`Bearer ${idToken(900)}`)
  expect(grants).toEqual([])
})

test('a file that stays locked is left alone: the tokens live in memory, and that is said', async () => {
  const made = await issuer()
  const { world, ask, last } = await start(user(made.url, { 'id-token': idToken(0) }))
  world.locked.add(KUBECONFIG)
  const asking = ask()
  await advanceUntil(world.clock, 100, () => world.warnings.length > 0)
  expect(await asking).toBe('json')
  expect(world.warnings).toEqual([
    `${KUBECONFIG} is locked by another program: the new tokens of user "me" are kept in memory, and kubectl may ask for a login`,
  ])
  expect(stored(world)['refresh-token']).toBe('r1-s3cr3t')
  await ask()
  expect(made.grants).toHaveLength(1)
  made.answer = () => [200, { id_token: idToken(7200) }]
  world.locked.clear()
  await world.clock.advance(3_600_000)
  expect(await ask()).toBe('json')
  expect(last()).toBe(`Bearer ${idToken(7200)}`)
  expect(made.grants[1]).toContain('refresh_token=r2-s3cr3t')
  expect(stored(world)['refresh-token']).toBe('r2-s3cr3t')
})

test('a token that the API server refuses is traded before its end, once', async () => {
  const { url, grants } = await issuer()
  const { server, ask } = await start(user(url))
  server.answer = (_request, response) => json(response, 401, { kind: 'Status' })
  expect(await ask()).toMatch(/^KPF_AUTH_REFUSED/)
  expect(grants).toHaveLength(1)
})

test('a server that refuses every token does not make kpf trade and write without end', async () => {
  const made = await issuer()
  let trades = 0
  made.answer = () => [200, { id_token: idToken(3600 + ++trades), refresh_token: `r${trades}` }]
  const { server, world, ask } = await start(user(made.url, { 'id-token': idToken(3600) }))
  server.answer = (_request, response) => json(response, 401, { kind: 'Status' })
  for (let asks = 0; asks < 5; asks++) {
    expect(await ask()).toMatch(/^KPF_AUTH_REFUSED/)
    // What was written is seen, and read again.
    await world.clusters.refresh()
  }
  expect(trades).toBe(1)
  await world.clock.advance(301_000)
  await ask()
  expect(trades).toBe(2)
})

test('a client with a secret shows it in a header, and in the form where only that is known', async () => {
  const made = await issuer()
  made.answer = (form, authorization) =>
    authorization === undefined && form.get('client_secret') === 'c s3cr3t' ? [200, { id_token: idToken(3600) }] : [401, { error: 'invalid_client' }]
  const { ask } = await start(user(made.url, { 'id-token': '', 'client-secret': 'c s3cr3t' }))
  expect(await ask()).toBe('json')
  expect(made.grants[0]).toMatch(`Basic ${Buffer.from('kpf:c%20s3cr3t').toString('base64')} grant_type=refresh_token&refresh_token=r1-s3cr3t`)
  expect(made.grants).toHaveLength(2)
})

test('an issuer is verified by the authority that the kubeconfig names', async () => {
  const pki = await generate([{ name: 'commonName', value: 'idp' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  })
  const { url } = await issuer('https', createHttps({ cert: pki.cert, key: pki.private }))
  const inFile = await start(user(url, { 'id-token': '', 'idp-certificate-authority': 'idp.crt' }))
  inFile.world.files['/home/me/.kube/idp.crt'] = pki.cert
  expect(await inFile.ask()).toBe('json')
  const inData = await start(user(url, { 'id-token': '', 'idp-certificate-authority-data': Buffer.from(pki.cert).toString('base64') }))
  expect(await inData.ask()).toBe('json')
  expect(await (await start(user(url, { 'id-token': '' }))).ask()).toMatch(/^KPF_CREDENTIAL_ISSUER: .*DEPTH_ZERO_SELF_SIGNED_CERT/)
  expect(await (await start(user(url, { 'id-token': '', 'idp-certificate-authority': '/none' }))).ask()).toMatch(/^KPF_KUBECONFIG: .*\/none/)
})

test.each<[string, readonly [number, object], RegExp]>([
  [
    'an ended session',
    [400, { error: 'invalid_grant', error_description: 'Session\u001b[2J not active' }],
    /^KPF_CREDENTIAL_EXPIRED: .*\(invalid_grant: Session\\u\{1b\}.* \(log in again/,
  ],
  ['another refusal', [400, { error: 'unauthorized_client' }], /^KPF_CREDENTIAL_ISSUER: .*HTTP 400: unauthorized_client/],
  ['no ID token', [200, { access_token: 'a-s3cr3t' }], /^KPF_CREDENTIAL_ISSUER: .*without an id_token/],
  ['nonsense', [500, []], /^KPF_CREDENTIAL_ISSUER: .*HTTP 500/],
])('%s is told, without a secret', async (_what, answer, expected) => {
  const made = await issuer()
  made.answer = () => answer
  const { ask, server } = await start(user(made.url, { 'id-token': idToken(0) }))
  const told = await ask()
  expect(told).toMatch(expected)
  expect(told).not.toMatch(/s3cr3t/)
  expect(server.asked).toEqual([])
})

test.each<[string, object, RegExp]>([
  ['no refresh token', { 'refresh-token': undefined }, /^KPF_CREDENTIAL_EXPIRED: .*no refresh-token/],
  ['no client', { 'client-id': '' }, /^KPF_KUBECONFIG: .*has no client-id/],
  ['an issuer in the clear', { 'idp-issuer-url': 'http://198.51.100.1' }, /^KPF_KUBECONFIG: .*in the clear/],
  ['an issuer that is none', { 'idp-issuer-url': 'x' }, /^KPF_KUBECONFIG: .*no https URL/],
  ['nobody there', { 'idp-issuer-url': 'http://127.0.0.1:1' }, /^KPF_CREDENTIAL_ISSUER: .*ECONNREFUSED/],
])('a user with %s is told', async (_what, more, expected) => {
  const { ask } = await start(user('http://127.0.0.1:1', { 'id-token': '', ...more }))
  expect(await ask()).toMatch(expected)
})

test('an issuer that says nothing is given up after 10 s, and a close ends the wait', async () => {
  const made = await issuer()
  made.server.answer = () => {}
  const { world, ask } = await start(user(made.url, { 'id-token': '' }))
  const asking = ask()
  await until(() => made.server.asked.length === 1)
  await world.clock.advance(10_000)
  expect(await asking).toMatch(/^KPF_CREDENTIAL_ISSUER: .*no answer within 10 s/)
  const cluster = await world.open()
  const hanging = cluster.request({ method: 'GET', path: '/version', signal: new AbortController().signal })
  await until(() => made.server.asked.length === 2)
  await world.clusters.close()
  expect(await hanging).toMatchObject({ code: 'KPF_CREDENTIAL_ISSUER' })
  expect(world.clock.waiting).toBe(0)
})
