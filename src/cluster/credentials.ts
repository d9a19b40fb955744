/**
 * Who the user is to one cluster: headers and certificates for the next request.
 *
 * Which kind counts is decided here; what it takes to have it is its own file's. Secrets
 * stay in here and in the request; no message holds one.
 */
import type { Clock } from '../system/clock.ts'
import type { CredentialKind, CredentialPhase } from '../tunnel/dialer.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { ExecCredential } from './exec-plugin.ts'
import { ExecSource, type Terminal } from './exec-source.ts'
import type { KubeUser } from './kubeconfig.ts'
import { record } from './kube-object.ts'
import type { OidcUsers } from './oidc.ts'

/** What goes with a request. */
export interface Credential {
  readonly kind: 'credential'
  readonly authorization?: string
  readonly certificate?: string | Buffer
  readonly key?: string | Buffer
  /** Where it is from, for `kpf trace`. */
  readonly origin: Omit<CredentialPhase, 'kind'>
}

/** What credentials need of the machine. */
export interface CredentialsParts {
  readonly clock: Clock
  readonly readFile: (path: string) => Promise<Buffer>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clusterInfo: () => Promise<object>
  readonly terminal: Terminal | undefined
  readonly oidc: OidcUsers
}

const TOKEN_FILE_MS = 50_000

/** One user's credentials. */
export class Credentials {
  readonly #closed = new AbortController()
  #user: KubeUser
  readonly #parts: CredentialsParts
  readonly #exec: ExecSource
  /** A token that the server did not take: an issuer is asked for another, though it has not ended. */
  #rejected: string | undefined
  #tokenFile: { text: string; readMs: number } | undefined

  constructor(user: KubeUser, parts: CredentialsParts) {
    this.#user = user
    this.#parts = parts
    this.#exec = new ExecSource({ ...parts, signal: this.#closed.signal })
  }

  /** Whether anything secret would travel. */
  get isAnonymous(): boolean {
    return kindOf(this.#user) === 'anonymous'
  }

  /** The kubeconfig says something else about the user now. */
  replace(user: KubeUser): void {
    this.#user = user
    this.#forget()
  }

  /** Somebody did something: a plugin may talk to them again. */
  kick(): void {
    this.#exec.kick()
  }

  /** Ends a plugin that is running. */
  close(): void {
    this.#closed.abort()
  }

  /** Another credential after a 401, or undefined when there is none: the same one is not tried twice. */
  async renew(rejected: Credential): Promise<Credential | Failure | undefined> {
    // The 401 of another request may have had it renewed already.
    const current = await this.get()
    if (current.kind === 'failure' || !isSame(current, rejected)) return current
    this.#forget()
    this.#rejected = rejected.authorization?.replace(/^Bearer /, '')
    const fresh = await this.get()
    return fresh.kind === 'credential' && isSame(fresh, rejected) ? undefined : fresh
  }

  /** The credential for a request. */
  async get(): Promise<Credential | Failure> {
    const user = this.#user
    const startMs = this.#parts.clock.now()
    if (user.unsupported !== undefined) {
      return failure('KPF_KUBECONFIG_UNSUPPORTED', `user "${user.name}" uses ${user.unsupported}, which kubectl does not know any more either`, {
        hint: 'use an exec plugin: see the documentation of your cluster',
      })
    }
    try {
      const certificate = await this.#certificate()
      const own = await this.#authorization()
      const issued = own === undefined && !user.exec && user.authProvider ? await this.#parts.oidc.token(user, this.#rejected) : undefined
      if (typeof issued === 'object') return issued
      const authorization = own ?? (issued && `Bearer ${issued}`)
      // A plugin is asked only when the entry has nothing of its own, as client-go does.
      if (user.exec && authorization === undefined && certificate.certificate === undefined) return await this.#plugin(startMs)
      return { kind: 'credential', ...certificate, ...(authorization !== undefined && { authorization }), origin: this.#origin(startMs) }
    } catch (error) {
      return failure('KPF_KUBECONFIG', `a credential file of user "${user.name}" cannot be read`, {
        hint: 'check client-certificate, client-key and tokenFile',
        cause: error,
      })
    }
  }

  async #certificate(): Promise<{ certificate?: Buffer; key?: Buffer }> {
    const { certData, certFile, keyData, keyFile } = this.#user
    const certificate = await this.#bytes(certData, certFile)
    const key = await this.#bytes(keyData, keyFile)
    return { ...(certificate && { certificate }), ...(key && { key }) }
  }

  async #bytes(data: string | undefined, file: string | undefined): Promise<Buffer | undefined> {
    if (data) return Buffer.from(data, 'base64')
    return file ? this.#parts.readFile(file) : undefined
  }

  #forget(): void {
    this.#exec.forget()
    this.#tokenFile = undefined
  }

  async #authorization(): Promise<string | undefined> {
    const { tokenFile, token, username, password } = this.#user
    if (tokenFile) return `Bearer ${await this.#readToken(tokenFile)}`
    if (token) return `Bearer ${token}`
    return username ? `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` : undefined
  }

  async #readToken(path: string): Promise<string> {
    const now = this.#parts.clock.now()
    if (this.#tokenFile === undefined || now - this.#tokenFile.readMs > TOKEN_FILE_MS) {
      this.#tokenFile = { text: (await this.#parts.readFile(path)).toString('utf8').trim(), readMs: now }
    }
    return this.#tokenFile.text
  }

  #origin(startMs: number): Credential['origin'] {
    const { name, tokenFile, certFile } = this.#user
    const credential = kindOf(this.#user)
    const source = (credential === 'token file' && tokenFile) || (credential === 'client certificate' && certFile) || `user "${name}"`
    return { credential, source, tookMs: this.#parts.clock.now() - startMs }
  }

  async #plugin(startMs: number): Promise<Credential | Failure> {
    const sourced = await this.#exec.get(this.#user)
    if ('code' in sourced) return sourced
    const plugin = { command: String(record(this.#user.exec)['command']), from: sourced.from }
    return credentialOf(sourced.credential, { ...this.#origin(startMs), plugin })
  }
}

function isSame(a: Credential, b: Credential): boolean {
  const text = ({ authorization, certificate, key }: Credential): string => [authorization, certificate, key].map((part) => part?.toString() ?? '').join('\n')
  return text(a) === text(b)
}

function kindOf({ token, tokenFile, username, exec, authProvider, certData, certFile }: KubeUser): CredentialKind {
  if (tokenFile) return 'token file'
  if (token) return 'token'
  if (username) return 'basic'
  if (authProvider && !exec) return 'oidc'
  if (certData || certFile) return 'client certificate'
  return exec ? 'exec plugin' : 'anonymous'
}

function credentialOf({ token, certificate, key, expiresMs }: ExecCredential, origin: Credential['origin']): Credential {
  return {
    kind: 'credential',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    origin: { ...origin, ...(expiresMs !== undefined && { expiresMs }) },
  }
}
