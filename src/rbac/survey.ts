/**
 * Asks each cluster of the forwards what the rules depend on: its version, who the user
 * is, and whether a Service has a selector. Nothing is granted or changed.
 *
 * Where a cluster gives no answer the rules are those of a new one, and a note says so.
 */
import type { Cluster, Clusters } from '../cluster/cluster-api.ts'
import { record, records } from '../cluster/kube-object.ts'
import type { Forward } from '../file/forward.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import type { Failure } from '../tunnel/failure.ts'
import { minorOf, permissionsFor } from '../trace/permissions.ts'
import { reviewSelf } from '../trace/reviews.ts'
import { gather, type Need } from './needs.ts'

/** The needs in one namespace of one cluster. */
export interface Area {
  /** Undefined where even the kubeconfig gives none. */
  readonly cluster: Cluster | undefined
  readonly namespace: string
  readonly needs: readonly Need[]
  /** The user's name as the server knows it. */
  readonly user: string | undefined
  /** Which cluster that is, as its first line; then what could not be found out. */
  readonly notes: readonly string[]
  /** Why the server could not be asked. */
  readonly failure?: Failure
}

/** What a survey stands on. */
export interface SurveyParts {
  readonly clusters: Clusters
  readonly signal: AbortSignal
}

interface Place {
  readonly cluster: Cluster | Failure
  readonly namespace: string
  readonly forwards: Forward[]
}

/** The areas, in the order in which the forwards name them. */
export async function survey(forwards: readonly Forward[], parts: SurveyParts): Promise<readonly Area[]> {
  const places = new Map<string, Place>()
  for (const forward of forwards) {
    const cluster = await parts.clusters.open(forward.access)
    const isOpen = !('code' in cluster)
    const namespace = forward.access.namespace ?? (isOpen ? cluster.namespace : 'default')
    const key = JSON.stringify([isOpen ? cluster.key : [forward.access.kubeconfig, forward.access.context], namespace])
    const place = places.get(key) ?? { cluster, namespace, forwards: [] }
    places.set(key, place)
    place.forwards.push(forward)
  }
  return Promise.all([...places.values()].map((place) => look(place, parts)))
}

async function look({ cluster, namespace, forwards }: Place, { signal }: SurveyParts): Promise<Area> {
  if ('code' in cluster) {
    const wanted = forwards.map((forward) => ({ forward: forward.name, permissions: permissionsFor(forward.target, tunnelOf(forward, undefined)) }))
    const guess = forwards.some(({ access }) => access.namespace === undefined) ? ["the namespace of the context is not known, and is taken for 'default'"] : []
    return { cluster: undefined, namespace, needs: gather(wanted), user: undefined, notes: [notAsked(cluster), ...guess], failure: cluster }
  }
  const [version, self] = await Promise.all([cluster.request({ method: 'GET', path: '/version', signal }), reviewSelf(cluster, signal)])
  const minor = version.kind === 'json' ? minorOf(version.value) : undefined
  const wanted = await Promise.all(forwards.map((forward) => needsOf(forward, { cluster, namespace, minor, signal })))
  const git = version.kind === 'json' ? ` ${escapeForeign(String(version.value['gitVersion'] ?? ''))}` : ''
  const notes = [`context ${cluster.contextName}, server ${cluster.server}${git}`]
  if (version.kind === 'failure') notes.push(notAsked(version))
  const unseen = wanted.flatMap(({ forward, isSeen }) => (isSeen ? [] : [forward]))
  if (unseen.length > 0)
    notes.push(`the services of ${unseen.join(', ')} could not be looked at: one without a selector needs list and watch of endpointslices as well`)
  const user = self.kind === 'self' ? self.user : undefined
  return { cluster, namespace, needs: gather(wanted), user, notes, ...(version.kind === 'failure' && { failure: version }) }
}

function notAsked({ code, message }: Failure): string {
  return `the server could not be asked for its version, and is taken for a new one (${code}: ${message})`
}

type Wanted = Parameters<typeof gather>[0][number] & {
  /** False where the target is a Service of which nothing is known. */
  readonly isSeen: boolean
}

async function needsOf(
  forward: Forward,
  { cluster, namespace, minor, signal }: { cluster: Cluster; namespace: string; minor: number | undefined; signal: AbortSignal },
): Promise<Wanted> {
  const { target } = forward
  const selector = target.kind === 'service' ? await selectorOf(cluster, `${path(namespace)}/services`, { name: target.name, signal }) : 'some'
  const permissions = permissionsFor(target, tunnelOf(forward, minor), { hasNoSelector: selector === 'none' })
  return { forward: forward.name, permissions, isSeen: selector !== 'unknown' }
}

/** Asked as the forward itself asks, so that what it is granted is enough. */
async function selectorOf(
  cluster: Cluster,
  services: string,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<'some' | 'none' | 'unknown'> {
  const answer = await cluster.request({ method: 'GET', path: `${services}?fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`, signal })
  const [service] = answer.kind === 'json' ? records(answer.value['items']) : []
  if (service === undefined) return 'unknown'
  return Object.keys(record(record(service['spec'])['selector'])).length === 0 ? 'none' : 'some'
}

function path(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}`
}

function tunnelOf(forward: Forward, minor: number | undefined): { readonly mode: Forward['transport']['mode']; readonly minor: number | undefined } {
  return { mode: forward.transport.mode, minor }
}
