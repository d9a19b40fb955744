/**
 * What a forward has to be allowed to do, for the server's version and the transport.
 *
 * Pure. `trace` asks for these one by one, `rbac` writes them as a Role.
 * Source: the requests that `cluster/targets.ts` and `cluster/upgrade.ts` make, and what
 * API servers check: a WebSocket upgrade is a GET (verb `get`), since 1.35 the verb
 * `create` is checked as well; bare SPDY is a POST (verb `create`).
 */
import type { Target } from '../file/forward.ts'
import type { Transport } from '../tunnel/dialer.ts'

/** One thing to be allowed. */
export interface Permission {
  readonly verb: 'get' | 'list' | 'watch' | 'create'
  /** API group; empty for the core. */
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  /** Without it every object of the resource in the namespace. */
  readonly name?: string
  /** What kpf does with it. */
  readonly why: string
}

/** What decides how a tunnel is opened. */
export interface TunnelKind {
  readonly mode: 'auto' | Transport
  /** The server's minor version; undefined is taken for a new one. */
  readonly minor: number | undefined
}

/** From this minor version on a WebSocket upgrade needs `create` as well. */
const CREATE_SINCE = 35

const resources = {
  service: ['', 'services'],
  pod: ['', 'pods'],
  replicationcontroller: ['', 'replicationcontrollers'],
  deployment: ['apps', 'deployments'],
  statefulset: ['apps', 'statefulsets'],
  daemonset: ['apps', 'daemonsets'],
  replicaset: ['apps', 'replicasets'],
  job: ['batch', 'jobs'],
} as const

/** Everything that a forward to this target needs, without repetition. */
export function permissionsFor(target: Target, tunnel: TunnelKind): readonly Permission[] {
  return [...lookups(target), ...portForwards(target, tunnel)]
}

function lookups(target: Target): readonly Permission[] {
  const kind = target.kind === 'prefix' ? target.of : target.kind
  const objects =
    kind === 'selector' || kind === 'pod' ? [] : watched(resources[kind], target.kind === 'prefix' ? undefined : nameOf(target), `find the ${kind}`)
  // A pod that is named needs no rights on others.
  const onlyPod = target.kind === 'pod' ? target.name : undefined
  return [...objects, ...watched(resources.pod, onlyPod, onlyPod === undefined ? 'find its pods, and see them come and go' : 'follow the pod')]
}

function watched([group, resource]: readonly [string, string], name: string | undefined, why: string): readonly Permission[] {
  return (['list', 'watch'] as const).map((verb) => ({ verb, group, resource, ...(name !== undefined && { name }), why }))
}

function portForwards(target: Target, { mode, minor }: TunnelKind): readonly Permission[] {
  const name = target.kind === 'pod' ? target.name : undefined
  const verbs: readonly ('get' | 'create')[] =
    mode === 'spdy' ? ['create'] : mode === 'auto' || minor === undefined || minor >= CREATE_SINCE ? ['get', 'create'] : ['get']
  return verbs.map((verb) => ({
    verb,
    group: '',
    resource: 'pods',
    subresource: 'portforward',
    ...(name !== undefined && { name }),
    why: verb === 'get' ? 'open the tunnel (an upgrade is a GET)' : 'open the tunnel (checked as create)',
  }))
}

function nameOf(target: Target): string | undefined {
  return 'name' in target ? target.name : undefined
}
