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

/**
 * The minor version by whose rules a server goes, of its answer to `/version`; undefined where it says none.
 * Source: apimachinery, pkg/version/types.go: a server that emulates an older one tells both.
 */
export function minorOf(version: Readonly<Record<string, unknown>>): number | undefined {
  const minor = Number.parseInt(String(version['emulationMinor'] ?? version['minor']), 10)
  return Number.isFinite(minor) ? minor : undefined
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
export function permissionsFor(target: Target, tunnel: TunnelKind, object: { readonly hasNoSelector?: boolean } = {}): readonly Permission[] {
  return [...lookups(target), ...(object.hasNoSelector === true ? slices : []), ...portForwards(target, tunnel)]
}

/** Of a Service without a selector: its pods are those that its slices name, and those are found by a label. */
const slices = watched(['discovery.k8s.io', 'endpointslices'], undefined, 'find the pods of a service without a selector')

/** `create pods/portforward`, `list services "api"` */
export function permissionText({ verb, resource, subresource, name }: Permission): string {
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${name === undefined ? '' : ` "${name}"`}`
}

/** Whether nothing can be done without these: kpf polls where it may not `watch`, and `auto` finds the transport that is allowed. */
export function leavesNoWay(denied: readonly Permission[], { mode, minor }: TunnelKind): boolean {
  if (denied.some(({ subresource, verb }) => subresource === undefined && verb !== 'watch')) return true
  const verbs = denied.flatMap(({ subresource, verb }) => (subresource === undefined ? [] : [verb]))
  if (mode !== 'auto') return verbs.length > 0
  // Bare SPDY takes `create` alone, and before 1.35 a WebSocket `get` alone.
  const isGetEnough = minor !== undefined && minor < CREATE_SINCE && !verbs.includes('get')
  return verbs.includes('create') && !isGetEnough
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
    why: verb === 'get' ? 'open the tunnel (a WebSocket begins with a GET)' : whyCreate(mode, minor),
  }))
}

function whyCreate(mode: TunnelKind['mode'], minor: number | undefined): string {
  if (mode === 'spdy') return 'open the tunnel (SPDY begins with a POST)'
  if (minor !== undefined && minor < CREATE_SINCE) return 'open the tunnel by SPDY, which begins with a POST, where WebSocket does not get through'
  return 'open the tunnel (since 1.35 a WebSocket needs create as well)'
}

function nameOf(target: Target): string | undefined {
  return 'name' in target ? target.name : undefined
}
