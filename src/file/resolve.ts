/**
 * From checked values to forwards: defaults laid under, short forms read, names looked
 * up, forwards compared with each other. Pure; every problem at once.
 */
import { type Located, type Place, placeOf, type Step } from './document.ts'
import { durationMs } from './duration.ts'
import type { Access, Forward, Project, RestartPolicy } from './forward.ts'
import type { Problem } from './problems.ts'
import { isPlain } from './shape-check.ts'
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
  const forwards: Forward[] = []
  for (const name of Object.keys(isPlain(top['forwards']) ? top['forwards'] : {})) {
    if (name.startsWith('x-')) continue
    const forward = resolveForward(name, { located, top, around, sink })
    if (forward) forwards.push(forward)
  }
  checkNames(forwards, sink)
  checkEndpoints(forwards, sink)
  approvals(top, forwards, sink)
  const settings = isPlain(top['settings']) ? top['settings'] : {}
  const watch = isPlain(settings['watch']) ? settings['watch'] : {}
  const project: Project = {
    name: textOr(top['name'], nameFrom(around.directory)),
    ...(typeof top['description'] === 'string' && { description: top['description'] }),
    forwards,
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

function resolveForward(name: string, { located, top, around, sink }: Context): Forward | undefined {
  const path = ['forwards', name]
  const raw = isPlain(top['forwards']) ? top['forwards'][name] : undefined
  const defaults = isPlain(top['defaults']) ? top['defaults'] : {}
  const entry = readEntry(raw, path, sink, defaults['addresses'])
  if (entry === undefined) return undefined
  const own = isPlain(raw) ? raw : {}
  const merged = { ...defaults, ...own }
  const position = located.source.position(placeOf(located, path).key ?? 0)
  return {
    name,
    ...(typeof own['description'] === 'string' && { description: own['description'] }),
    access: accessOf([entry.access, own, defaults, top], { top, around, path, sink }),
    target: entry.target,
    ports: entry.ports,
    enabled: merged['enabled'] !== false,
    requireReady: boolOr(part(own, defaults, 'pods')['requireReady'], entry.target.kind !== 'pod'),
    transport: transportOf(merged['transport']),
    hold: holdOf(own['hold'] ?? defaults['hold']),
    drainTimeoutMs: msOr(part(own, defaults, 'drain')['timeout'], 30_000),
    backoff: backoffOf(part(own, defaults, 'backoff')),
    restart: restartOf(merged['restart']),
    timeouts: timeoutsOf(part(own, defaults, 'timeouts')),
    maxConnections: numberOr(part(own, defaults, 'limits')['maxConnections'], 512),
    position: { file: located.source.file, ...position },
  }
}

/** A forward without a file: what the ad-hoc form starts from. */
export const builtIn: Omit<Forward, 'name' | 'access' | 'target' | 'ports' | 'position'> = {
  enabled: true,
  requireReady: true,
  transport: transportOf(undefined),
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
  { top, around, path, sink }: { top: Record<string, unknown>; around: Surroundings; path: readonly Step[]; sink: ProblemSink },
): Access {
  const first = (key: string): string | undefined => layers.map((layer) => layer[key]).find((value): value is string => typeof value === 'string')
  // A context that stands nearer than an alias means itself.
  const aliasLayer = layers.findIndex((layer) => typeof layer['cluster'] === 'string')
  const contextLayer = layers.findIndex((layer) => typeof layer['context'] === 'string')
  const alias = aliasLayer !== -1 && (contextLayer === -1 || aliasLayer <= contextLayer) ? first('cluster') : undefined
  const clusters = isPlain(top['clusters']) ? top['clusters'] : {}
  const named = alias === undefined ? {} : clusters[alias]
  if (alias !== undefined && !isPlain(named)) {
    const known = Object.keys(clusters)
    sink(path, 'KPF_CLUSTER_ALIAS', `no cluster "${alias}" is defined`, {
      key: true,
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
  return { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }), ...(namespace !== undefined && { namespace }) }
}

function checkNames(forwards: readonly Forward[], sink: ProblemSink): void {
  const seen = new Map<string, string>()
  for (const { name } of forwards) {
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) sink(['forwards', name], 'KPF_NAME', `"${name}" and "${other}" differ in case only`, { key: true, fix: 'rename one of them' })
    seen.set(name.toLowerCase(), name)
  }
}

/** Two forwards on one endpoint; a wildcard address is on every one. */
function checkEndpoints(forwards: readonly Forward[], sink: ProblemSink): void {
  const taken = new Map<string, { name: string; line: number; file: string }>()
  for (const forward of forwards) {
    if (!forward.enabled) continue
    for (const [index, port] of forward.ports.entries()) {
      const said = new Set<string>()
      for (const { address } of port.addresses) {
        const other = overlaps(address)
          .map((candidate) => taken.get(`${candidate} ${port.localPort}`))
          .find((found) => found !== undefined)
        if (other && !said.has(other.name)) {
          said.add(other.name)
          const whose =
            other.name === forward.name ? `twice by forward "${forward.name}"` : `by forward "${other.name}" (line ${other.line}) and forward "${forward.name}"`
          sink(
            ['forwards', forward.name, 'ports', index],
            'KPF_PORT_TAKEN',
            `${address.includes(':') ? `[${address}]` : address}:${port.localPort} is bound ${whose}`,
            { fix: 'give one of them another localPort' },
          )
        }
      }
      for (const { address } of port.addresses) taken.set(`${address} ${port.localPort}`, { name: forward.name, ...forward.position })
    }
  }
}

function overlaps(address: string): readonly string[] {
  if (address === '0.0.0.0') return [address, '127.0.0.1']
  if (address === '::') return [address, '::1', '127.0.0.1', '0.0.0.0']
  return [address, address.includes(':') ? '::' : '0.0.0.0', ...(address.includes(':') ? [] : ['::'])]
}

/** What a file that somebody else wrote may not do without a question. */
function approvals(top: Record<string, unknown>, forwards: readonly Forward[], sink: ProblemSink): void {
  const fix = 'approval is planned, not in this version: change it, or set it by a flag or KUBECONFIG'
  for (const path of kubeconfigPaths(top))
    sink(path, 'KPF_APPROVAL', 'a kubeconfig named by the file needs approval: it can run programs', { fix, approval: true })
  for (const { name, ports } of forwards) {
    for (const [index, port] of ports.entries()) {
      const path = ['forwards', name, 'ports', index]
      const open = port.addresses.find(({ address }) => !/^127\.|^::1$/.test(address))
      if (open) sink(path, 'KPF_APPROVAL', `${open.address} can be reached from the network: binding it needs approval`, { fix, approval: true })
      if (port.localPort > 0 && port.localPort < 1024)
        sink(path, 'KPF_APPROVAL', `local port ${port.localPort} is below 1024: binding it needs approval`, { fix, approval: true })
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

function transportOf(value: unknown): Forward['transport'] {
  const full = isPlain(value) ? value : { mode: value }
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
  return place.value + (place.isPlain ? (more.inside ?? 0) : 0)
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
