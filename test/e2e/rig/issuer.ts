/** A real OpenID Connect issuer on loopback: `oidc-provider` from npm, with one client and one person. */
import { createServer } from 'node:https'
import { once } from 'node:events'
import { Provider } from 'oidc-provider'
import { generate } from 'selfsigned'
import { freePort } from '../kpf.ts'

const CLIENT = { id: 'kpf-test', secret: 'kpf-test-secret' }
const PERSON = 'ann'

/** A running issuer. */
export interface Issuer {
  readonly url: string
  /** PEM, which is its own authority. */
  readonly certificate: string
  readonly client: typeof CLIENT
  /** The user that API servers take its tokens for, when told so by {@link apiServerFlags}. */
  readonly user: string
  /** As after a login: a refresh token of this person. */
  refreshToken(): Promise<string>
  /** How many ID tokens it gave for refresh tokens. */
  readonly refreshes: number
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts one whose ID tokens live for so long. */
export async function startIssuer(idTokenSeconds: number): Promise<Issuer> {
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const tls = await generate([{ name: 'commonName', value: 'issuer' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  const provider = new Provider(url, {
    clients: [
      { client_id: CLIENT.id, client_secret: CLIENT.secret, grant_types: ['refresh_token', 'authorization_code'], redirect_uris: ['https://127.0.0.1/done'] },
    ],
    scopes: ['openid', 'offline_access'],
    features: { devInteractions: { enabled: false } },
    rotateRefreshToken: true,
    ttl: { IdToken: idTokenSeconds, AccessToken: 60, RefreshToken: 3600, Grant: 3600 },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  })
  const answer = provider.callback()
  let refreshes = 0
  provider.on('grant.success', () => refreshes++)
  const server = createServer({ key: tls.private, cert: tls.cert }, (request, response) => void answer(request, response))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url,
    certificate: tls.cert,
    client: CLIENT,
    user: `oidc:${PERSON}`,
    refreshToken: () => issue(provider),
    get refreshes() {
      return refreshes
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function issue(provider: Provider): Promise<string> {
  const client = await provider.Client.find(CLIENT.id)
  if (client === undefined) throw new Error('the client is unknown')
  const grant = new provider.Grant({ accountId: PERSON, clientId: CLIENT.id })
  grant.addOIDCScope('openid offline_access')
  const grantId = await grant.save()
  const token = new provider.RefreshToken({
    accountId: PERSON,
    client,
    grantId,
    scope: 'openid offline_access',
    gty: 'authorization_code',
    authTime: Math.floor(Date.now() / 1000),
  })
  return token.save()
}

/** What makes an API server take the issuer's tokens. `caFile` holds its certificate. */
export function apiServerFlags(issuer: Issuer, caFile: string): readonly string[] {
  return [
    `--oidc-issuer-url=${issuer.url}`,
    `--oidc-client-id=${issuer.client.id}`,
    `--oidc-ca-file=${caFile}`,
    '--oidc-username-claim=sub',
    '--oidc-username-prefix=oidc:',
  ].map((flag) => `--apiserver-arg=${flag}`)
}
