/**
 * From checked values to forwards: defaults laid under, short forms read, names looked
 * up, forwards compared with each other. Pure; every problem at once.
 */
import { type Located, type Place, placeOf, type Step } from './document.ts'
import { actingAs, checkGroups } from './acting-as.ts'
import { readAddresses } from './addresses.ts'
import { durationMs } from './duration.ts'
import type { Access, Forward, Project, RestartPolicy } from './forward.ts'
import type { Problem } from './problems.ts'
import { printable } from './printable.ts'
import { isPlain } from './shape-check.ts'
import { checkEndpoints, portPlace, type Resolved } from './endpoints.ts'
import { type Flags, type ProblemSink, readEntry } from './entry.ts'

/** What stands around the file. */
export interface Surroundings {
  /** The directory of the file: the base of relative paths, and the default name. */
  readonly directory: string
  /** Joins a path of the file to its directory. */
  readonly absolute: (path: string) => string
  /** Flags of the command line; they win over the file. */
  readonly flags: Flags
}

/** The project of a file that has the right shape, or what is wrong with it. */
export function resolve(located: Located, around: Surroundings): { readonly project: Project; readonly problems: readonly Problem[] } {
  const top = isPlain(located.value) ? located.value : {}
  const problems: Problem[] = []
  const sink = (
    path: readonly Step[],
    code: string,
    message: string,
    more: { fix?: string; inside?: number; key?: boolean; approval?: boolean } = {},
  ): void => {
    const place = placeOf(located, path)
    const problem = located.source.problem(offsetOf(place, more), code, message, more.fix)
    problems.push(more.approval ? { ...problem, kind: 'approval' } : problem)
  }
  const resolved: Resolved[] = []
  for (const name of Object.keys(isPlain(top['forwards']) ? top['forwards'] : {})) {
    if (name.startsWith('x-')) continue
    const one = resolveForward(name, { located, top, around, sink })
    if (one) resolved.push(one)
  }
  const defaults = isPlain(top['defaults']) ? top['defaults'] : {}
  if (Array.isArray(defaults['addresses'])) readAddresses(defaults['addresses'], ['defaults', 'addresses'], sink)
  checkEndpoints(resolved, sink)
  askAbout(top, resolved, sink)
  checkGroups(top, sink)
  const settings = isPlain(top['settings']) ? top['settings'] : {}
  const watch = isPlain(settings['watch']) ? settings['watch'] : {}
  const project: Project = {
    name: textOr(top['name'], nameFrom(around.directory)),
    ...(typeof top['description'] === 'string' && { description: top['description'] }),
    forwards: resolved.map(({ forward }) => forward),
    settings: { concurrency: numberOr(settings['concurrency'], 8), watchDebounceMs: msOr(watch['debounce'], 100) },
  }
  return { project, problems }
}

interface Context {
  readonly located: Located
  readonly top: Record<string, unknown>
  readonly around: Surroundings
  readonly sink: ProblemSink
}

function resolveForward(name: string, { located, top, around, sink }: Context): Resolved | undefined {
  const path = ['forwards', name]
  const raw = isPlain(top['forwards']) ? top['forwards'][name] : undefined
  const defaults = isPlain(top['defaults']) ? top['defaults'] : {}
  const entry = readEntry(raw, path, sink, defaults['addresses'])
  if (entry === undefined) return undefined
  const own = isPlain(raw) ? raw : {}
  const merged = { ...defaults, ...own }
  const position = located.source.position(placeOf(located, path).key ?? 0)
  const forward: Forward = {
    name,
    ...(typeof own['description'] === 'string' && { description: own['description'] }),
    access: accessOf([entry.access, own, defaults, top], { top, around, path, sink, word: entry.words.cluster }),
    target: entry.target,
    ports: entry.ports,
    enabled: merged['enabled'] !== false,
    requireReady: boolOr(part(own, defaults, 'pods')['requireReady'], entry.target.kind !== 'pod'),
    transport: transportOf(part({ transport: asMode(own['transport']) }, { transport: asMode(defaults['transport']) }, 'transport')),
    hold: holdOf(own['hold'] === 'off' || (own['hold'] === undefined && defaults['hold'] === 'off') ? 'off' : part(own, defaults, 'hold')),
    drainTimeoutMs: msOr(part(own, defaults, 'drain')['timeout'], 30_000),
    backoff: backoffOf(part(own, defaults, 'backoff')),
    restart: restartOf(merged['restart']),
    timeouts: timeoutsOf(part(own, defaults, 'timeouts')),
    maxConnections: numberOr(part(own, defaults, 'limits')['maxConnections'], 512),
    position: { file: located.source.file, ...position },
  }
  return { forward, entry }
}

/** A forward without a file: what the ad-hoc form starts from. */
export const builtIn: Omit<Forward, 'name' | 'access' | 'target' | 'ports' | 'position'> = {
  enabled: true,
  requireReady: true,
  transport: transportOf({}),
  hold: holdOf(undefined),
  drainTimeoutMs: 30_000,
  backoff: backoffOf({}),
  restart: { kind: 'always' },
  timeouts: timeoutsOf({}),
  maxConnections: 512,
}

/** Flags, then the forward, then `defaults`, then the top level; an alias fills what its forward leaves open. */
function accessOf(
  layers: readonly Record<string, unknown>[],
  { top, around, path, sink, word }: { top: Record<string, unknown>; around: Surroundings; path: readonly Step[]; sink: ProblemSink; word: number | undefined },
): Access {
  const first = (key: string): string | undefined => layers.map((layer) => layer[key]).find((value): value is string => typeof value === 'string')
  // A context that stands nearer than an alias means itself.
  const aliasLayer = layers.findIndex((layer) => typeof layer['cluster'] === 'string')
  const contextLayer = layers.findIndex((layer) => typeof layer['context'] === 'string')
  const alias = aliasLayer !== -1 && (contextLayer === -1 || aliasLayer <= contextLayer) ? first('cluster') : undefined
  const clusters = isPlain(top['clusters']) ? top['clusters'] : {}
  const named = alias === undefined ? {} : clusters[alias]
  if (alias !== undefined && !isPlain(named)) {
    const known = Object.keys(clusters).filter((name) => !name.startsWith('x-'))
    const places: readonly (readonly Step[])[] = [path, [...path, 'cluster'], ['defaults', 'cluster'], ['cluster']]
    sink(places[aliasLayer] ?? path, 'KPF_CLUSTER_ALIAS', `no cluster "${printable(alias)}" is defined`, {
      ...(aliasLayer === 0 && word !== undefined && { inside: word }),
      fix: known.length ? `defined in clusters: ${known.join(', ')}` : 'define it under `clusters:`',
    })
  }
  return accessUnder(isPlain(named) ? named : {}, { layers, top, around, isAliased: alias !== undefined })
}

/** Flags over the alias over the layers; an alias takes the place of any context below it. */
function accessUnder(
  cluster: Record<string, unknown>,
  { layers, top, around, isAliased }: { layers: readonly Record<string, unknown>[]; top: Record<string, unknown>; around: Surroundings; isAliased: boolean },
): Access {
  const first = (key: string, from = layers): string | undefined => from.map((layer) => textOf(layer[key])).find((value) => value !== undefined)
  const fileKubeconfig = textOf(cluster['kubeconfig']) ?? first('kubeconfig')
  const kubeconfig = around.flags.kubeconfig ?? (fileKubeconfig === undefined ? undefined : around.absolute(fileKubeconfig))
  const context = around.flags.context ?? textOf(cluster['context']) ?? (isAliased ? undefined : first('context'))
  const namespace = around.flags.namespace ?? first('namespace', layers.slice(0, 3)) ?? textOf(cluster['namespace']) ?? textOf(top['namespace'])
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace }),
    ...actingAs([...layers.slice(0, 3), cluster]),
  }
}

/** What a file that somebody else wrote may not do without a question; addresses are asked about where they are read. */
function askAbout(top: Record<string, unknown>, resolved: readonly Resolved[], sink: ProblemSink): void {
  for (const path of kubeconfigPaths(top)) {
    const fix = 'remove it and use --kubeconfig or KUBECONFIG; approving a file is planned, not in this version'
    sink(path, 'KPF_APPROVAL', 'a kubeconfig named by the file can run programs: it needs approval', { fix, approval: true })
  }
  for (const one of resolved) {
    for (const [index, { localPort }] of one.forward.ports.entries()) {
      if (localPort < 1 || localPort >= 1024) continue
      const fix = 'write a local port of 1024 or more, as 8080:80; approving a file is planned, not in this version'
      const { path, inside } = portPlace(one, index)
      sink(path, 'KPF_APPROVAL', `local port ${localPort} is below 1024: binding it needs approval`, { ...inside, fix, approval: true })
    }
  }
}

function kubeconfigPaths(top: Record<string, unknown>): readonly (readonly Step[])[] {
  const holders: readonly (readonly Step[])[] = [
    [],
    ['defaults'],
    ...Object.keys(isPlain(top['clusters']) ? top['clusters'] : {}).map((name) => ['clusters', name]),
    ...Object.keys(isPlain(top['forwards']) ? top['forwards'] : {}).map((name) => ['forwards', name]),
  ]
  return holders
    .filter((path) => {
      const holder = path.reduce<unknown>((value, key) => (isPlain(value) ? value[key] : undefined), top)
      return isPlain(holder) && typeof holder['kubeconfig'] === 'string'
    })
    .map((path) => [...path, 'kubeconfig'])
}

/** `transport: spdy` is short for its mode. */
function asMode(value: unknown): unknown {
  return typeof value === 'string' ? { mode: value } : value
}

function transportOf(full: Record<string, unknown>): Forward['transport'] {
  const mode = full['mode']
  return { mode: mode === 'websocket' || mode === 'spdy' || mode === 'channel' ? mode : 'auto', pingIntervalMs: msOr(full['pingInterval'], 10_000) }
}

function holdOf(value: unknown): Forward['hold'] {
  if (value === 'off') return { timeoutMs: 0, windowMs: 0, maxConnections: 0 }
  const hold = isPlain(value) ? value : {}
  return {
    timeoutMs: msOr(hold['timeout'], 10_000),
    windowMs: msOr(hold['window'], Math.max(30_000, msOr(hold['timeout'], 0))),
    maxConnections: numberOr(hold['maxConnections'], 64),
  }
}

function backoffOf(value: Record<string, unknown>): Forward['backoff'] {
  return {
    initialMs: msOr(value['initial'], 200),
    factor: numberOr(value['factor'], 2),
    maxMs: msOr(value['max'], 15_000),
    jitter: numberOr(value['jitter'], 0.5),
    resetAfterMs: msOr(value['resetAfter'], 30_000),
  }
}

function timeoutsOf(value: Record<string, unknown>): Forward['timeouts'] {
  return { dialMs: msOr(value['dial'], 15_000), streamMs: msOr(value['stream'], 10_000), halfCloseMs: msOr(value['halfClose'], 10_000) }
}

function restartOf(value: unknown): RestartPolicy {
  if (value === 'no') return { kind: 'no' }
  if (typeof value !== 'string' || value === 'always') return { kind: 'always' }
  const limit = /:(\d+)$/.exec(value)?.[1]
  return { kind: 'on-failure', ...(limit !== undefined && { limit: Number(limit) }) }
}

function part(own: Record<string, unknown>, defaults: Record<string, unknown>, key: string): Record<string, unknown> {
  return { ...(isPlain(defaults[key]) && defaults[key]), ...(isPlain(own[key]) && own[key]) }
}

function offsetOf(place: Place, more: { inside?: number; key?: boolean }): number {
  if (more.key) return place.key ?? place.value
  return more.inside === undefined || place.text === undefined ? place.value : place.text + more.inside
}

/** A directory's name made into a project's name. */
function nameFrom(directory: string): string {
  const last = directory.split(/[/\\]/).findLast((piece) => piece !== '') ?? ''
  return (
    last
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 63) || 'default'
  )
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function textOr(value: unknown, otherwise: string): string {
  return textOf(value) ?? otherwise
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function boolOr(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise
}

function msOr(value: unknown, otherwise: number): number {
  return typeof value === 'string' ? durationMs(value) : otherwise
}
