/** One API server as one user sees it: its parts, put together. */
import type { Dialer, Transport } from '../tunnel/dialer.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { TransportMemory } from '../tunnel/gate.ts'
import type { Clock } from '../system/clock.ts'
import type { Cluster, ClusterRequest, JsonAnswer } from './cluster-api.ts'
import type { ClustersParts } from './clusters.ts'
import { Credentials } from './credentials.ts'
import { ApiEndpoint } from './endpoint.ts'
import { Gate } from './gate.ts'
import type { ResolvedContext } from './kubeconfig.ts'
import { Neighbours } from './neighbours.ts'
import type { OidcUsers } from './oidc.ts'
import type { Picture, TargetQuery } from './picture.ts'
import { requestJson } from './requests.ts'
import { followTarget } from './targets.ts'
import { createDialer } from './upgrade.ts'
import { Watches } from './watches.ts'

const REMEMBERED_MS = 3_600_000

/** A cluster that is in use. */
export class OpenCluster implements Cluster {
  readonly key: string
  readonly contextName: string
  readonly server: string
  readonly dialer: Dialer
  readonly gate: Gate
  readonly transports: TransportMemory
  readonly #clock: Clock
  readonly #credentials: Credentials
  readonly #endpoint: ApiEndpoint
  readonly #watches: Watches
  readonly #neighbours: Neighbours
  #context: ResolvedContext

  constructor(context: ResolvedContext, key: string, parts: ClustersParts & { readonly oidc: OidcUsers }) {
    const { clock, chance, readFile, env, oidc, terminal } = parts
    const credentials = new Credentials(context.user, { clock, readFile, env, oidc, terminal, clusterInfo: () => clusterInfo(this.#context, readFile) })
    this.#context = context
    this.#clock = clock
    this.contextName = context.contextName
    this.key = key
    this.#credentials = credentials
    this.#endpoint = new ApiEndpoint(context, { clock, readFile, env, userAgent: parts.userAgent, credentials })
    this.server = this.#endpoint.server
    this.dialer = createDialer(this.#endpoint)
    this.#watches = new Watches({ clock, chance, endpoint: this.#endpoint })
    this.#neighbours = new Neighbours(this, clock)
    this.transports = transportMemory(clock)
    this.gate = new Gate({ clock, chance, concurrency: parts.concurrency, probe: (signal) => probe(this.#endpoint, signal) })
  }

  /** The server as the kubeconfig writes it; `server` is its host and port alone. */
  get url(): string {
    return this.#context.cluster.server
  }

  /** May change with the kubeconfig: it is no part of what the cluster is. */
  get namespace(): string {
    return this.#context.namespace
  }

  watchTarget(query: TargetQuery, onChange: (picture: Picture) => void): { close(): void } {
    if (query.willDial === true && this.#watches.size === 0) this.#endpoint.expectUpgrade()
    const parts = { clock: this.#clock, watches: this.#watches, neighbours: this.#neighbours, contextName: this.contextName }
    return followTarget(parts, query, onChange)
  }

  request(request: ClusterRequest): Promise<JsonAnswer | Failure> {
    // Without its query, which may be long.
    const what = `${request.method === 'GET' ? 'read' : 'post to'} ${request.path.replace(/\?.*$/, '')}`
    return requestJson(this.#endpoint, { ...request, what }, this.#clock)
  }

  /** The kubeconfig was read again and still means this server and user: only how to get in may have changed. */
  update(context: ResolvedContext): void {
    if (JSON.stringify(context) !== JSON.stringify(this.#context)) {
      this.#context = context
      this.#credentials.replace(context.user)
      this.#endpoint.update(context)
    }
    this.kick()
  }

  kick(): void {
    this.#credentials.kick()
    this.gate.kick()
    this.#watches.kick()
  }

  async close(): Promise<void> {
    this.gate.close()
    this.#watches.close()
    this.#neighbours.close()
    this.#credentials.close()
    this.#endpoint.close()
  }
}

/** What a plugin is told of the cluster: `spec.cluster` of an ExecCredential (client-go, rest/exec.go). */
async function clusterInfo({ cluster }: ResolvedContext, readFile: ClustersParts['readFile']): Promise<object> {
  // A file that cannot be read is told when the server is asked.
  const read = cluster.caFile && !cluster.caData ? await readFile(cluster.caFile).catch(() => undefined) : undefined
  const authority = cluster.caData || read?.toString('base64')
  return {
    server: cluster.server,
    ...(authority && { 'certificate-authority-data': authority }),
    ...(cluster.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.skipTLSVerify && { 'insecure-skip-tls-verify': true }),
    ...(cluster.proxyUrl && { 'proxy-url': cluster.proxyUrl }),
    ...(cluster.disableCompression && { 'disable-compression': true }),
    ...(cluster.execConfig !== undefined && { config: cluster.execConfig }),
  }
}

/** Any answer at all means that the API server is there. */
async function probe(endpoint: ApiEndpoint, signal: AbortSignal): Promise<Failure | undefined> {
  const answer = await endpoint.send({ method: 'GET', path: '/readyz', signal })
  if (answer.kind === 'failure') return answer.class === 'connection' || answer.class === 'config' ? answer : undefined
  if (answer.kind === 'upgraded') answer.socket.destroy()
  else answer.response.resume()
  return undefined
}

function transportMemory(clock: Clock): TransportMemory {
  let worked: { readonly transport: Transport; readonly atMs: number } | undefined
  return {
    recall: () => (worked && clock.now() - worked.atMs < REMEMBERED_MS ? worked.transport : undefined),
    remember: (transport) => {
      if (worked?.transport !== transport) worked = { transport, atMs: clock.now() }
    },
  }
}
