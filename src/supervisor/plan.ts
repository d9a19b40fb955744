/**
 * The difference between the forwards wanted and the forwards running, as data.
 *
 * Pure. Everything a person is shown before or after a reload is printed from this
 * list, and `execute.ts` does nothing that is not on it.
 */
import type { Forward } from '../file/forward.ts'

/** What stands in the way of leaving a forward as it is. */
export interface Operation {
  readonly kind: 'start' | 'stop' | 'update' | 'retarget' | 'rebind' | 'rename'
  readonly forward: string
  /** Why, in words: `added`, `port 8080 -> 8081`. */
  readonly cause: string
  /** For `rename`: the name it has had. */
  readonly from?: string
}

/** A running forward, as far as planning goes. */
export interface Observed {
  readonly spec: Forward
}

/** The operations that make `observed` into `desired`; the same whatever the order of either. */
export function plan(desired: readonly Forward[], observed: readonly Observed[]): readonly Operation[] {
  const wanted = new Map(desired.filter((forward) => forward.enabled).map((forward) => [forward.name, forward]))
  const running = new Map(observed.map((row) => [row.spec.name, row.spec]))
  const operations: Operation[] = []
  const added = [...wanted.values()].filter((forward) => !running.has(forward.name))
  const removed = [...running.values()].filter((spec) => !wanted.has(spec.name))
  for (const forward of byName(added)) {
    const twin = byName(removed).find((spec) => fingerprint(spec) === fingerprint(forward))
    if (twin) {
      removed.splice(removed.indexOf(twin), 1)
      operations.push({ kind: 'rename', forward: forward.name, from: twin.name, cause: `was "${twin.name}"` })
    } else operations.push({ kind: 'start', forward: forward.name, cause: 'added' })
  }
  const disabled = new Set(desired.filter((forward) => !forward.enabled).map((forward) => forward.name))
  for (const spec of byName(removed)) {
    operations.push({ kind: 'stop', forward: spec.name, cause: disabled.has(spec.name) ? 'disabled' : 'removed' })
  }
  for (const forward of byName([...wanted.values()])) {
    const spec = running.get(forward.name)
    const change = spec && difference(spec, forward)
    if (change) operations.push({ ...change, forward: forward.name })
  }
  return operations.sort((a, b) => order[a.kind] - order[b.kind] || compare(a.forward, b.forward))
}

/** How many desired forwards the operations leave alone. */
export function untouched(desired: readonly Forward[], operations: readonly Operation[]): number {
  const touched = new Set(operations.map((operation) => operation.forward))
  return desired.filter((forward) => forward.enabled && !touched.has(forward.name)).length
}

/** `+ cache  ~ api (port 8080 -> 8081)  - legacy; 9 untouched` */
export function printPlan(operations: readonly Operation[], untouchedCount: number): string {
  const words = operations.map((operation) => {
    switch (operation.kind) {
      case 'start':
        return `+ ${operation.forward}`
      case 'stop':
        return `- ${operation.forward}`
      case 'update':
      case 'retarget':
      case 'rebind':
      case 'rename':
        return `~ ${operation.forward} (${operation.cause})`
    }
  })
  return `${words.length ? words.join('  ') : 'nothing changed'}; ${untouchedCount} untouched`
}

/** Canonical text of everything but the name, the description and the place in the file. */
export function fingerprint(forward: Forward): string {
  const { name: _name, description: _description, position: _position, ...rest } = forward
  return canonical(rest)
}

const order = { start: 0, rename: 1, rebind: 2, retarget: 3, update: 4, stop: 5 }

function difference(before: Forward, after: Forward): Pick<Operation, 'kind' | 'cause'> | undefined {
  const causes: string[] = []
  const rebinds = canonical(endpoints(before)) !== canonical(endpoints(after))
  if (rebinds) causes.push(local(before, after))
  const retargets = isRetargeted(before, after)
  if (retargets) causes.push(changed('target', printAim(before), printAim(after)))
  if (rebinds || retargets) return { kind: rebinds ? 'rebind' : 'retarget', cause: causes.join(', ') }
  // Fields that are optional may be gone: those of both count.
  const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])] as (keyof Forward)[]
  const fields = keys.filter((key) => key !== 'position' && canonical(before[key]) !== canonical(after[key]))
  return fields.length === 0 ? undefined : { kind: 'update', cause: fields.map((field) => wordsOfFile[field] ?? field).join(', ') }
}

/** Where the file has another word than the forward. */
const wordsOfFile: Partial<Readonly<Record<keyof Forward, string>>> = { drainTimeoutMs: 'drain', maxConnections: 'limits', requireReady: 'pods' }

/** Whether another pod, or another way to it, is to be looked for. */
export function isRetargeted(before: Forward, after: Forward): boolean {
  return canonical(aim(before)) !== canonical(aim(after))
}

function endpoints(forward: Forward): unknown {
  return forward.ports.map((port) => ({ localPort: port.localPort, addresses: port.addresses }))
}

function aim(forward: Forward): unknown {
  const ports = forward.ports.map((port) => ({ remotePort: port.remotePort, meaning: port.meaning }))
  return { access: forward.access, target: forward.target, ports, transport: forward.transport, requireReady: forward.requireReady }
}

function local(before: Forward, after: Forward): string {
  const ports = (forward: Forward): string => forward.ports.map(({ localPort }) => `${localPort}`).join(' ')
  const addresses = (forward: Forward): string => [...new Set(forward.ports.flatMap((port) => port.addresses.map(({ address }) => address)))].join(' ')
  if (ports(before) !== ports(after)) return `port ${ports(before)} -> ${ports(after)}`
  return addresses(before) === addresses(after) ? 'address' : `address ${addresses(before)} -> ${addresses(after)}`
}

function printAim(forward: Forward): string {
  const target = forward.target
  const name = target.kind === 'selector' ? target.labelSelector : target.kind === 'prefix' ? `${target.prefix}*` : `${target.kind}/${target.name}`
  return [forward.access.context, forward.access.namespace, name, ...forward.ports.map((port) => `${port.remotePort}`)].filter(Boolean).join(' ')
}

function changed(what: string, before: string, after: string): string {
  return before === after ? what : `${before} -> ${after}`
}

/** JSON with sorted keys, so that equal things have equal texts. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      inner !== null && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => compare(a, b)))
        : inner,
    ) ?? ''
  )
}

function byName(forwards: readonly Forward[]): readonly Forward[] {
  return [...forwards].sort((a, b) => compare(a.name, b.name))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
