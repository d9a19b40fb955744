/**
 * Who the user is to one cluster: headers and certificates for the next request.
 *
 * Which kind counts is decided here; what it takes to have it is its own file's. Secrets
 * stay in here and in the request; no message holds one.
 */
import type { Clock } from '../system/clock.ts'
import { errnoOf } from '../system/errno.ts'
import type { CredentialKind, CredentialPhase } from '../tunnel/dialer.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { ExecCredential } from './exec-plugin.ts'
import { ExecSource, type Terminal } from './exec-source.ts'
import type { KubeUser } from './kubeconfig.ts'
import { pairFault, type KeyPair } from './key-pair.ts'
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
  /** A certificate and a key that were looked at and fit. */
  #fitting: KeyPair | undefined

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
    const certificate = await this.#certificate()
    if ('code' in certificate) return certificate
    const own = await this.#authorization()
    if (typeof own === 'object') return own
    const issued = own === undefined && !user.exec && user.authProvider ? await this.#parts.oidc.token(user, this.#rejected) : undefined
    if (typeof issued === 'object') return issued
    const authorization = own ?? (issued && `Bearer ${issued}`)
    // A plugin is asked only when the entry has nothing of its own, as client-go does.
    if (user.exec && authorization === undefined && certificate.certificate === undefined) return await this.#plugin(startMs)
    return { kind: 'credential', ...certificate, ...(authorization !== undefined && { authorization }), origin: this.#origin(startMs) }
  }

  async #certificate(): Promise<{ certificate?: Buffer; key?: Buffer } | Failure> {
    const { certData, certFile, keyData, keyFile } = this.#user
    const certificate = await this.#bytes('client-certificate', certData, certFile)
    if (certificate && 'code' in certificate) return certificate
    const key = await this.#bytes('client-key', keyData, keyFile)
    if (key && 'code' in key) return key
    return (certificate && this.#misfit({ certificate, key })) ?? { ...(certificate && { certificate }), ...(key && { key }) }
  }

  /** What is wrong with the pair; what fits is looked at once. */
  #misfit(pair: KeyPair): Failure | undefined {
    if (this.#fitting && isSame(this.#fitting, pair)) return undefined
    const { name, certData, certFile, keyData, keyFile } = this.#user
    const fault = pairFault(pair, { certificate: fieldText('client-certificate', certData, certFile), key: fieldText('client-key', keyData, keyFile) })
    if (fault === undefined) this.#fitting = pair
    return (
      fault && failure('KPF_KUBECONFIG', `user "${escapeForeign(name)}" cannot log in: ${fault.what}`, { hint: `${fault.fix}, or fetch the kubeconfig again` })
    )
  }

  async #bytes(field: string, data: string | undefined, file: string | undefined): Promise<Buffer | Failure | undefined> {
    if (data) return Buffer.from(data, 'base64')
    return file ? this.#read(field, file) : undefined
  }

  async #read(field: string, file: string): Promise<Buffer | Failure> {
    try {
      return await this.#parts.readFile(file)
    } catch (error) {
      const what = `user "${escapeForeign(this.#user.name)}" cannot log in: ${fieldText(field, undefined, file)} cannot be read (${errnoOf(error)})`
      return failure('KPF_KUBECONFIG', what, { hint: 'check its path, owner and mode', cause: error })
    }
  }

  #forget(): void {
    this.#exec.forget()
    this.#tokenFile = undefined
  }

  async #authorization(): Promise<string | Failure | undefined> {
    const { tokenFile, token, username, password } = this.#user
    if (tokenFile) {
      const read = await this.#readToken(tokenFile)
      return typeof read === 'string' ? `Bearer ${read}` : read
    }
    if (token) return `Bearer ${token}`
    return username ? `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` : undefined
  }

  async #readToken(path: string): Promise<string | Failure> {
    const now = this.#parts.clock.now()
    const known = this.#tokenFile
    if (known !== undefined && now - known.readMs <= TOKEN_FILE_MS) return known.text
    const bytes = await this.#read('tokenFile', path)
    if ('code' in bytes) return bytes
    const text = bytes.toString('utf8').trim()
    this.#tokenFile = { text, readMs: now }
    return text
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

type Secrets = Partial<Pick<Credential, 'authorization'>> & { readonly certificate?: string | Buffer; readonly key?: string | Buffer | undefined }

function isSame(a: Secrets, b: Secrets): boolean {
  const text = ({ authorization, certificate, key }: Secrets): string => [authorization, certificate, key].map((part) => part?.toString() ?? '').join('\n')
  return text(a) === text(b)
}

/** `client-key-data`, or `client-key "/home/me/me.key"`: data wins over a file, as for kubectl. */
function fieldText(field: string, data: string | undefined, file: string | undefined): string {
  if (data) return `${field}-data`
  return file ? `${field} "${escapeForeign(file)}"` : field
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
