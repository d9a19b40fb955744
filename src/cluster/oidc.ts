/**
 * Users who log in by OpenID Connect (`auth-provider: oidc`): their ID token until it is
 * about to end, then a new one from the issuer, written back where the user stands, as
 * kubectl does.
 *
 * Shared by all clusters: an issuer may take a refresh token once only, so a user is
 * refreshed once, however many clusters and forwards wait for it.
 */
import { isAbsolute, join } from 'node:path'
import type { Clock } from '../system/clock.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { tokenEndMs } from './credential-end.ts'
import { isRecord, record } from './kube-object.ts'
import type { KubeUser } from './kubeconfig.ts'
import { later } from './later.ts'
import type { OidcClient, OidcTokens } from './oidc-issuer.ts'

/** What these users need of the machine. */
export interface OidcParts {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => Promise<Buffer>
  readonly parseYaml: (text: string) => unknown
  /** Writes texts into a YAML document, leaving the rest as it is; throws when it cannot. */
  readonly editYaml: (text: string, edits: readonly { readonly path: readonly (string | number)[]; readonly value: string }[]) => string
  /** Replaces a file at once, under kubectl's lock. */
  readonly editFile: (path: string, change: (text: string) => string) => Promise<'written' | 'locked'>
  readonly onWarning: (text: string) => void
}

/** kubectl renews so long before the end. */
const MARGIN_MS = 10_000
/**
 * A token that has not ended is traded for being refused so often at most. What refuses it
 * may be set up wrongly and refuse the next one too; and as each trade is written, and what
 * is written is read, nothing else would end the circle.
 */
const REFUSED_AGAIN_MS = 300_000
const LOCKED_TRIES = 10
const LOCKED_MS = 100

interface Known {
  /** What the last refresh was made with, and what it gave. */
  latest?: { readonly used: string; readonly tokens: OidcTokens }
  running?: Promise<string | Failure>
  /** When a token was last traded before its end. */
  forcedMs?: number
}

/** All users of this kind. */
export class OidcUsers {
  readonly #parts: OidcParts
  readonly #closed = new AbortController()
  readonly #known = new Map<string, Known>()

  constructor(parts: OidcParts) {
    this.#parts = parts
  }

  /** An ID token that is good for a while, and is not the one that was just `rejected`. */
  async token(user: KubeUser, rejected: string | undefined): Promise<string | Failure> {
    const config = configOf(user.authProvider)
    const key = `${user.file ?? ''} ${user.name}`
    const known = this.#known.get(key) ?? {}
    this.#known.set(key, known)
    const good = [config['id-token'], known.latest?.tokens.idToken].filter((token) => this.#isGood(token))
    const other = good.find((token) => token !== rejected)
    if (other !== undefined) return other
    const [refused] = good
    if (refused !== undefined && known.running === undefined) {
      const nowMs = this.#parts.clock.now()
      if (known.forcedMs !== undefined && nowMs - known.forcedMs < REFUSED_AGAIN_MS) return refused
      known.forcedMs = nowMs
    }
    known.running ??= this.#refresh(user, known, rejected).finally(() => {
      delete known.running
    })
    return known.running
  }

  /** Ends what is asked. */
  close(): void {
    this.#closed.abort()
  }

  #isGood(token: string | undefined): token is string {
    return token !== undefined && this.#parts.clock.wallMs() < (tokenEndMs(token) ?? 0) - MARGIN_MS
  }

  async #refresh(user: KubeUser, known: Known, rejected: string | undefined): Promise<string | Failure> {
    // kubectl, or another kpf, may have been faster.
    const config = (await this.#stored(user)) ?? configOf(user.authProvider)
    const stored = config['id-token']
    if (this.#isGood(stored) && stored !== rejected) return stored
    const used = known.latest?.used
    const refreshToken = used !== undefined && config['refresh-token'] === used ? known.latest?.tokens.refreshToken : config['refresh-token']
    if (!refreshToken)
      return failure('KPF_CREDENTIAL_EXPIRED', `the id-token of user "${user.name}" has ended, and there is no refresh-token to get another`, {
        hint: 'log in again with the tool that wrote it into the kubeconfig; kpf then goes on by itself',
      })
    const client = await this.#client(user, config)
    if ('code' in client) return client
    const { refreshTokens } = await later.oidcIssuer()
    const tokens = await refreshTokens(client, refreshToken, { ...this.#parts, signal: this.#closed.signal })
    if ('code' in tokens) return tokens
    // In the file there is still what it had, until it is written.
    known.latest = { used: config['refresh-token'] ?? '', tokens }
    await this.#write(user, tokens)
    return tokens.idToken
  }

  async #stored(user: KubeUser): Promise<OidcConfig | undefined> {
    try {
      const text = (await this.#parts.readFile(user.file ?? '')).toString('utf8')
      const found = usersOf(this.#parts.parseYaml(text)).find((entry) => entry['name'] === user.name)
      return found && configOf(record(found['user'])['auth-provider'])
    } catch {
      return undefined
    }
  }

  async #client(user: KubeUser, config: OidcConfig): Promise<OidcClient | Failure> {
    const { 'idp-issuer-url': issuer, 'client-id': clientId, 'client-secret': clientSecret } = config
    if (!issuer || !clientId)
      return failure('KPF_KUBECONFIG', `the auth-provider of user "${user.name}" has no ${issuer ? 'client-id' : 'idp-issuer-url'}`, { hint: 'log in again' })
    const authority = await this.#authority(user, config)
    if (authority !== undefined && 'code' in authority) return authority
    return { issuer, clientId, ...(clientSecret && { clientSecret }), ...(authority && { authority }) }
  }

  async #authority(user: KubeUser, config: OidcConfig): Promise<Buffer | Failure | undefined> {
    const data = config['idp-certificate-authority-data']
    if (data) return Buffer.from(data, 'base64')
    const path = config['idp-certificate-authority']
    if (!path) return undefined
    try {
      return await this.#parts.readFile(isAbsolute(path) ? path : join(user.directory, path))
    } catch (cause) {
      return failure('KPF_KUBECONFIG', `the idp-certificate-authority of user "${user.name}" cannot be read: ${path}`, { hint: 'correct it', cause })
    }
  }

  async #write(user: KubeUser, tokens: OidcTokens): Promise<void> {
    const change = (text: string): string => {
      const index = usersOf(this.#parts.parseYaml(text)).findIndex((entry) => entry['name'] === user.name)
      const path = ['users', index, 'user', 'auth-provider', 'config']
      return this.#parts.editYaml(text, [
        { path: [...path, 'id-token'], value: tokens.idToken },
        { path: [...path, 'refresh-token'], value: tokens.refreshToken },
      ])
    }
    let why = 'is locked by another program'
    try {
      for (let tries = 0; tries < LOCKED_TRIES; tries++) {
        if ((await this.#parts.editFile(user.file ?? '', change)) === 'written') return
        if (!(await this.#parts.clock.sleep(LOCKED_MS, this.#closed.signal))) return
      }
    } catch (error) {
      // The words of the error may quote the file.
      why = `cannot be written${error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''}`
    }
    this.#parts.onWarning(`${user.file ?? 'the kubeconfig'} ${why}: the new tokens of user "${user.name}" are kept in memory, and kubectl may ask for a login`)
  }
}

type OidcConfig = Readonly<Record<string, string | undefined>>

function configOf(authProvider: unknown): OidcConfig {
  const config = record(record(authProvider)['config'])
  return Object.fromEntries(Object.entries(config).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])))
}

/** In the places that they have in the file, whatever else is in the list. */
function usersOf(file: unknown): readonly Readonly<Record<string, unknown>>[] {
  const users = record(file)['users']
  return Array.isArray(users) ? users.map((entry: unknown) => (isRecord(entry) ? entry : {})) : []
}
