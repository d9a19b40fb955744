/** Asks each cluster who we are to it, and what there is behind each forward. Judges nothing, opens no tunnel. */
import type { Cluster, Clusters } from '../cluster/cluster-api.ts'
import { pick, type Picked, type WrongPort, wrongPorts } from '../cluster/pick.ts'
import type { Picture } from '../cluster/picture.ts'
import { proxyFor } from '../cluster/proxy-choice.ts'
import type { Access, Forward } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import type { DialPhase } from '../tunnel/dialer.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { minorOf, permissionsFor, permissionText } from '../trace/permissions.ts'
import { reviewAccess, reviewSelf } from '../trace/reviews.ts'
import { AskOnce } from './ask-once.ts'
import type { ClusterFacts, ContextFacts, ForwardFacts } from './facts.ts'

/** What the asking stands on; `signal` aborts when the time is over. */
export interface GatherParts {
  readonly clusters: Clusters
  readonly clock: Clock
  /** For the proxy's name. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** Everything that clusters say. */
export interface Gathered {
  readonly contexts: readonly ContextFacts[]
  readonly clusters: readonly ClusterFacts[]
  readonly forwards: readonly ForwardFacts[]
}

/** Asks for all forwards; without one, the cluster in use. */
export async function gatherClusters(forwards: readonly Forward[], inUse: Access, parts: GatherParts): Promise<Gathered> {
  const accesses = forwards.length === 0 ? [inUse] : forwards.map(({ access }) => access)
  const opened = await Promise.all(accesses.map(async (access) => ({ access, cluster: await parts.clusters.open(access) })))
  const clusters = new Map<string, Cluster>()
  const contexts = new Map<string, ContextFacts>()
  for (const { access, cluster } of opened) {
    const name = access.context === undefined ? 'the current context' : `context ${escapeForeign(access.context)}`
    if ('code' in cluster) contexts.set(`${name} ${cluster.message}`, { name, failure: cluster })
    else clusters.set(cluster.key, cluster)
  }
  const asked = new Map([...clusters].map(([key, cluster]) => [key, askCluster(cluster, parts)]))
  const once = new AskOnce()
  const told = forwards.map(async (forward, index): Promise<ForwardFacts> => {
    const cluster = opened[index]?.cluster
    if (cluster === undefined || 'code' in cluster) return unreached(forward, cluster)
    return askForward(forward, { cluster, facts: asked.get(cluster.key), once, parts })
  })
  return { contexts: [...contexts.values()], clusters: await Promise.all(asked.values()), forwards: await Promise.all(told) }
}

function unreached(forward: Forward, why: Failure | undefined): ForwardFacts {
  return {
    forward,
    ...(why && { failure: why }),
    namespace: forward.access.namespace ?? 'default',
    contextName: forward.access.context ?? '',
    isReached: false,
    minor: undefined,
    permissions: [],
  }
}

async function askCluster(cluster: Cluster, { clock, env, signal }: GatherParts): Promise<ClusterFacts> {
  const phases: DialPhase[] = []
  const version = await within(cluster.request({ method: 'GET', path: '/version', signal, onPhase: (phase) => phases.push(phase) }), signal)
  const skewMs = skewOf(phases, clock.wallMs())
  // A server that is not there is not asked twice.
  const isAway = version.kind === 'failure' && version.code !== 'KPF_FORBIDDEN' && version.class !== 'auth' && version.class !== 'resolve'
  const self = isAway ? version : await within(reviewSelf(cluster, signal), signal)
  const phase = <K extends DialPhase['kind']>(kind: K): Extract<DialPhase, { readonly kind: K }> | undefined =>
    phases.findLast((candidate): candidate is Extract<DialPhase, { readonly kind: K }> => candidate.kind === kind)
  const [credential, tls, proxy] = [phase('credential'), phase('tls'), phase('proxy')]
  return {
    contextName: cluster.contextName,
    server: cluster.server,
    version: version.kind === 'failure' ? version : versionOf(version.value),
    self,
    ...(credential && { credential }),
    ...(tls && { tls }),
    ...(proxy && { proxy: { url: proxy.url, from: proxyOrigin(proxy.url, cluster.server, env) } }),
    ...(skewMs !== undefined && { skewMs }),
  }
}

/** The variable that names this proxy, else the kubeconfig's `proxy-url`, which wins over them. */
function proxyOrigin(url: string, server: string, env: GatherParts['env']): string {
  const named = ['https', 'http'].map((scheme) => proxyFor(new URL(`${scheme}://${server}`), undefined, env))
  return named.flatMap((proxy) => (proxy !== undefined && !('code' in proxy) && proxy.url === url ? [proxy.from] : []))[0] ?? 'proxy-url'
}

function versionOf(value: Readonly<Record<string, unknown>>): Extract<ClusterFacts['version'], { readonly kind: 'version' }> {
  return { kind: 'version', text: escapeForeign(String(value['gitVersion'] ?? 'of an unknown version')), minor: minorOf(value) }
}

/** From the Date of the answer, which is cut to the second. */
function skewOf(phases: readonly DialPhase[], wallMs: number): number | undefined {
  const answer = phases.findLast(({ kind }) => kind === 'answer')
  const serverMs = answer?.kind === 'answer' ? Date.parse(answer.headers['date'] ?? '') : Number.NaN
  return Number.isNaN(serverMs) ? undefined : serverMs - wallMs
}

interface AskParts {
  readonly cluster: Cluster
  readonly facts: Promise<ClusterFacts> | undefined
  readonly once: AskOnce
  readonly parts: GatherParts
}

async function askForward(forward: Forward, { cluster, facts, once, parts }: AskParts): Promise<ForwardFacts> {
  const { signal } = parts
  const namespace = forward.access.namespace ?? cluster.namespace
  const server = await facts
  const common = { forward, namespace, contextName: cluster.contextName, ...(server && { server }) }
  const isReached = server !== undefined && (server.version.kind === 'version' || server.self.kind === 'self' || server.version.code === 'KPF_FORBIDDEN')
  if (!isReached) return { ...common, isReached, minor: undefined, permissions: [] }
  const minor = server.version.kind === 'version' ? server.version.minor : undefined
  const needed = permissionsFor(forward.target, { mode: forward.transport.mode, minor })
  const [{ picked, wrong }, hasNamespace, reviews] = await Promise.all([
    pickFor(forward, cluster, { ...parts, namespace }),
    once.get([cluster.key, namespace], () => askNamespace(cluster, namespace, signal)),
    Promise.all(
      needed.map((permission) =>
        once.get([cluster.key, namespace, permissionText(permission), permission.group], () =>
          within(reviewAccess(cluster, { permission, namespace, signal }), signal),
        ),
      ),
    ),
  ])
  const permissions = needed.map((permission, index) => ({ permission, isAllowed: allowed(reviews[index]?.kind) }))
  return {
    ...common,
    isReached,
    picked,
    wrongPorts: wrong,
    minor,
    permissions,
    ...(hasNamespace !== undefined && { hasNamespace }),
  }
}

function allowed(kind: 'allowed' | 'denied' | 'failure' | undefined): boolean | undefined {
  return kind === 'allowed' ? true : kind === 'denied' ? false : undefined
}

/** False only for a plain 404; who may not look does not know. */
async function askNamespace(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<boolean | undefined> {
  const answer = await within(cluster.request({ method: 'GET', path: `/api/v1/namespaces/${encodeURIComponent(namespace)}`, signal }), signal)
  if (answer.kind === 'json') return true
  return answer.code === 'KPF_OBJECT_MISSING' && /namespaces? .*not found/.test(answer.message) ? false : undefined
}

async function pickFor(
  forward: Forward,
  cluster: Cluster,
  { namespace, signal }: GatherParts & { readonly namespace: string },
): Promise<{ readonly picked: Picked; readonly wrong: readonly WrongPort[] }> {
  const { target, ports, requireReady } = forward
  const { promise, resolve } = Promise.withResolvers<Picture>()
  const watching = cluster.watchTarget({ namespace, target }, resolve)
  const picture = await within(promise, signal)
  watching.close()
  const query = { target, ports, requireReady, place: { context: cluster.contextName, namespace } }
  return { picked: pick(query, picture), wrong: wrongPorts(query, picture) }
}

/** A plugin that hangs is not waited for. */
async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | Failure> {
  const { promise: over, resolve } = Promise.withResolvers<Failure>()
  const late = (): void =>
    resolve(failure('KPF_CLUSTER_TIMEOUT', 'no answer in the time of the examination', { hint: 'check the network, the VPN, the credential plugin' }))
  if (signal.aborted) late()
  signal.addEventListener('abort', late, { once: true })
  const first = await Promise.race([promise, over])
  signal.removeEventListener('abort', late)
  return first
}
