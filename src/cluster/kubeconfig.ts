/**
 * The kubeconfig, merged and resolved as kubectl does it: several files of KUBECONFIG,
 * the first to set a name wins, missing files are skipped.
 *
 * The model is that of `@kubernetes/client-node`, file by file; its loader is not used
 * because it refuses missing files and double names, and lets the last context win.
 */
import { dirname, isAbsolute, join } from 'node:path'
import { newClusters, newContexts, newUsers } from '@kubernetes/client-node/dist/config_types.js'
import type { Cluster, Context, User } from '@kubernetes/client-node/dist/config_types.js'
import { errnoOf } from '../system/errno.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { type Impersonation, impersonationProblem, readImpersonation } from './impersonation.ts'
import { isRecord, record, records } from './kube-object.ts'
import { type KubeconfigPlace, kubeconfigPaths } from './kubeconfig-paths.ts'
import { nearestText } from './nearest.ts'

/** What reading needs of the machine. */
export interface KubeconfigParts extends KubeconfigPlace {
  /** Rejects with `code: 'ENOENT'` for a file that is not there. */
  readonly readFile: (path: string) => Promise<Buffer>
  /** Plain values of a YAML text; throws for what is none, with its place as `linePos` where there is one (`YAMLParseError` of the package `yaml`). */
  readonly parseYaml: (text: string) => unknown
}

/** The cluster entry, with what the model leaves out. */
export interface KubeCluster extends Cluster {
  readonly disableCompression?: boolean
  /** The extension `client.authentication.k8s.io/exec`: for plugins that are told the cluster. */
  readonly execConfig?: unknown
}

/** The user entry, with what the model leaves out. */
export interface KubeUser extends User {
  readonly tokenFile?: string
  readonly impersonate?: Impersonation
  /** Fields that this version does not serve: told, not ignored. */
  readonly unsupported?: string
  /** The file that the entry stands in. */
  readonly file?: string
  /** The directory of the file, for a plugin's relative command. */
  readonly directory: string
}

/** One context, resolved. */
export interface ResolvedContext {
  readonly contextName: string
  readonly namespace: string
  readonly cluster: KubeCluster
  readonly user: KubeUser
  /** Whom the user acts as. */
  readonly impersonate?: Impersonation
}

/** All files as one. */
export interface Kubeconfig {
  readonly files: readonly string[]
  readonly currentContext: string | undefined
  readonly contexts: readonly Context[]
  readonly clusters: readonly KubeCluster[]
  readonly users: readonly KubeUser[]
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Reads and merges; `named` must exist, the others may be missing. */
export async function readKubeconfig(named: string | undefined, parts: KubeconfigParts): Promise<Kubeconfig | Failure> {
  const files = kubeconfigPaths(named, parts)
  let merged: Kubeconfig = { files, currentContext: undefined, contexts: [], clusters: [], users: [] }
  let wasRead = false
  for (const file of files) {
    const one = await readOne(file, parts)
    if (one === undefined) continue
    if ('code' in one) return one
    wasRead = true
    merged = {
      files,
      currentContext: merged.currentContext ?? one.currentContext,
      contexts: joined(merged.contexts, one.contexts),
      clusters: joined(merged.clusters, one.clusters),
      users: joined(merged.users, one.users),
    }
  }
  if (wasRead) return merged
  if (named === undefined && parts.env['KUBERNETES_SERVICE_HOST']) return inCluster(parts)
  return failure('KPF_KUBECONFIG', `no kubeconfig: ${files.join(', ')} ${files.length > 1 ? 'do' : 'does'} not exist`, {
    hint: 'set KUBECONFIG, or name one with --kubeconfig',
  })
}

/** Which context is meant, and whom to act as. */
export interface ContextWish {
  readonly context?: string | undefined
  /** Takes the place of what the kubeconfig says of impersonation, as `kubectl --as` does. */
  readonly as?: string | undefined
  readonly asGroups?: readonly string[] | undefined
}

/** The context that is meant, with its cluster and user. */
export function resolveContext(config: Kubeconfig, { context: named, as, asGroups = [] }: ContextWish): ResolvedContext | Failure {
  const known = config.contexts.map((context) => context.name)
  const contextName = named ?? config.currentContext
  if (contextName === undefined || contextName === '') {
    return failure('KPF_CONTEXT_UNKNOWN', `no context is set in ${config.files.join(', ')}`, {
      hint: `name one with --context or in the file: ${nearestText(undefined, known)}`,
    })
  }
  const context = config.contexts.find((candidate) => candidate.name === contextName)
  if (context === undefined) {
    return failure('KPF_CONTEXT_UNKNOWN', `context "${escapeForeign(contextName)}" is not in ${config.files.join(', ')}`, {
      hint: nearestText(contextName, known),
    })
  }
  const cluster = config.clusters.find((candidate) => candidate.name === context.cluster)
  if (cluster === undefined) return dangling(config, contextName, 'cluster', context.cluster)
  const user = !context.user ? { name: '', directory: '' } : config.users.find((candidate) => candidate.name === context.user)
  if (user === undefined) return dangling(config, contextName, 'user', context.user)
  const impersonate = as === undefined ? user.impersonate : { user: as, groups: asGroups, extra: {} }
  const wrong = impersonate && impersonationProblem(impersonate, user.name)
  return wrong ?? { contextName, namespace: context.namespace || 'default', cluster, user, ...(impersonate && { impersonate }) }
}

async function readOne(file: string, parts: KubeconfigParts): Promise<Kubeconfig | Failure | undefined> {
  let text: string
  try {
    text = (await parts.readFile(file)).toString('utf8')
  } catch (error) {
    return errnoOf(error) === 'ENOENT'
      ? undefined
      : failure('KPF_KUBECONFIG', `kubeconfig ${file} cannot be read`, { hint: 'check its owner and mode', cause: error })
  }
  let value: unknown
  try {
    value = parts.parseYaml(text)
  } catch (error) {
    // The parser's words quote the file, and its lines may be secrets: only the place is told, and the error is not kept.
    return failure('KPF_KUBECONFIG', `kubeconfig ${file} is not valid YAML${lineOf(error)}`, { hint: 'correct it; kpf then goes on by itself' })
  }
  if (!isRecord(value)) return failure('KPF_KUBECONFIG', `kubeconfig ${file} is empty or no map`, { hint: 'restore it' })
  if (value['kind'] !== undefined && value['kind'] !== 'Config')
    return failure('KPF_KUBECONFIG', `${file} is no kubeconfig: its kind is ${escapeForeign(JSON.stringify(value['kind']))}`)
  return modelOf(file, value)
}

function lineOf(error: unknown): string {
  const line = records(record(error)['linePos'])[0]?.['line']
  return typeof line === 'number' ? ` (line ${line})` : ''
}

function modelOf(file: string, value: Record<string, unknown>): Kubeconfig {
  const directory = dirname(file)
  const absolute = (path: string | undefined): string | undefined => (path === undefined || path === '' || isAbsolute(path) ? path : join(directory, path))
  const current = value['current-context']
  return {
    files: [file],
    currentContext: typeof current === 'string' && current !== '' ? current : undefined,
    // As for kubectl, an entry that is incomplete is wrong only for who uses it.
    contexts: newContexts(value['contexts'], { onInvalidEntry: 'filter' }),
    clusters: entriesOf(value['clusters'], 'cluster').flatMap(([name, raw]) =>
      newClusters([{ name, cluster: raw }], { onInvalidEntry: 'filter' }).map((cluster) =>
        withDefined<KubeCluster>({
          ...cluster,
          caFile: absolute(cluster.caFile),
          disableCompression: raw['disable-compression'] === true || undefined,
          execConfig: execConfigOf(raw),
        }),
      ),
    ),
    users: entriesOf(value['users'], 'user').flatMap(([name, raw]) => {
      // The model would read a file called token-file by itself: the key that kubectl knows is tokenFile.
      const [user] = newUsers([{ name, user: { ...raw, 'token-file': undefined } }], { onInvalidEntry: 'filter' })
      if (user === undefined) return []
      const tokenFile = typeof raw['tokenFile'] === 'string' ? absolute(raw['tokenFile']) : undefined
      const files = { certFile: absolute(user.certFile), keyFile: absolute(user.keyFile), tokenFile }
      return [withDefined<KubeUser>({ ...user, ...files, impersonate: readImpersonation(raw), unsupported: unsupportedField(raw), file, directory })]
    }),
  }
}

function entriesOf(list: unknown, field: 'cluster' | 'user'): readonly (readonly [unknown, Record<string, unknown>])[] {
  return records(list).map((entry) => [entry['name'], record(entry[field])])
}

function execConfigOf(cluster: Record<string, unknown>): unknown {
  return records(cluster['extensions']).find(({ name }) => name === 'client.authentication.k8s.io/exec')?.['extension']
}

function unsupportedField(raw: Record<string, unknown>): string | undefined {
  const provider = raw['auth-provider']
  if (provider === undefined || provider === null) return undefined
  const name = isRecord(provider) ? provider['name'] : undefined
  return name === 'oidc' ? undefined : `auth-provider ${escapeForeign(JSON.stringify(name) ?? '')}`
}

/** In a pod: the mounted service account. Source: kubernetes.io/docs/tasks/run-application/access-api-from-pod. */
async function inCluster({ env, readFile }: KubeconfigParts): Promise<Kubeconfig> {
  const namespace = await readFile(`${SERVICE_ACCOUNT}/namespace`).then(
    (bytes) => bytes.toString('utf8').trim(),
    () => 'default',
  )
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`
  return {
    files: [`${SERVICE_ACCOUNT}/token`],
    currentContext: 'in-cluster',
    contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'in-cluster', namespace }],
    clusters: [{ name: 'in-cluster', server, caFile: `${SERVICE_ACCOUNT}/ca.crt`, skipTLSVerify: false }],
    users: [{ name: 'in-cluster', tokenFile: `${SERVICE_ACCOUNT}/token`, directory: SERVICE_ACCOUNT }],
  }
}

function dangling(config: Kubeconfig, contextName: string, what: 'cluster' | 'user', name: string): Failure {
  return failure(
    'KPF_KUBECONFIG',
    `context "${escapeForeign(contextName)}" names ${what} "${escapeForeign(name)}", which is missing or incomplete in ${config.files.join(', ')}`,
    {
      hint: `add the ${what}, or correct the context`,
    },
  )
}

function joined<T extends { readonly name: string }>(first: readonly T[], second: readonly T[]): readonly T[] {
  return [...first, ...second.filter((entry) => !first.some((earlier) => earlier.name === entry.name))]
}

/** Absent is absent, not undefined: the model's optional fields are exact. */
function withDefined<T extends object>(value: { [key in keyof T]: T[key] | undefined }): T {
  // The keys with undefined values are gone, which is what T says.
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null)) as T
}
