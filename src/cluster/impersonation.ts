/**
 * Acting as another user: what the kubeconfig or the file asks for, as headers. Pure.
 *
 * Source: kubernetes.io/docs/reference/access-authn-authz/authentication (user impersonation),
 * and client-go's transport/round_trippers.go for the spelling of extra keys.
 */
import { type Failure, failure } from '../tunnel/failure.ts'
import { isRecord } from './kube-object.ts'

/** Another user's identity. */
export interface Impersonation {
  readonly user: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** What a kubeconfig user says, if anything: `as`, `as-uid`, `as-groups`, `as-user-extra`. */
export function readImpersonation(raw: Readonly<Record<string, unknown>>): Impersonation | undefined {
  const groups = texts(raw['as-groups'])
  const extra = Object.fromEntries(Object.entries(isRecord(raw['as-user-extra']) ? raw['as-user-extra'] : {}).map(([key, values]) => [key, texts(values)]))
  const user = typeof raw['as'] === 'string' ? raw['as'] : ''
  const uid = typeof raw['as-uid'] === 'string' ? raw['as-uid'] : ''
  if (user === '' && uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined
  return { user, ...(uid !== '' && { uid }), groups, extra }
}

/** Why this cannot be asked for, or undefined. */
export function impersonationProblem({ user, uid, groups, extra }: Impersonation, userName: string): Failure | undefined {
  const of = `user "${userName}" of the kubeconfig`
  if (user === '') return failure('KPF_KUBECONFIG', `${of} has as-uid, as-groups or as-user-extra, but no "as"`, { hint: 'add "as", or remove the others' })
  const isUnsendable = [user, uid ?? '', ...groups, ...Object.values(extra).flat()].some((text) => /\p{Cc}/u.test(text))
  return isUnsendable
    ? failure('KPF_KUBECONFIG', `the names that ${of} acts as hold control characters`, { hint: 'correct "as" and what belongs to it' })
    : undefined
}

/** The headers; a name with several values is sent several times. */
export function impersonationHeaders({ user, uid, groups, extra }: Impersonation): Record<string, string | readonly string[]> {
  const extras = Object.entries(extra).map(([key, values]) => [`Impersonate-Extra-${escapeKey(key)}`, values.map(asBytes)] as const)
  return {
    'Impersonate-User': asBytes(user),
    ...(uid !== undefined && { 'Impersonate-Uid': asBytes(uid) }),
    ...(groups.length > 0 && { 'Impersonate-Group': groups.map(asBytes) }),
    ...Object.fromEntries(extras),
  }
}

/** UTF-8 as it is, which Node would take for Latin-1. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Every byte that a header's name may not hold, and `%`, as `%2F`. */
function escapeKey(key: string): string {
  return asBytes(key).replace(/[^!#$&'*+\-.^_`|~0-9A-Za-z]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
