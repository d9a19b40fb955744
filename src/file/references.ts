/**
 * `$(db.port)`: references to forwards, in `exports` and `links`. Pure.
 *
 * A text with references is a template: `$$` in it is a dollar, whatever it came from.
 */
import type { Forward, PortMapping, Project } from './forward.ts'
import { printable } from './printable.ts'

/** A part of a template. */
export type Part = { readonly kind: 'text'; readonly text: string } | Reference

/** What of a forward is meant. */
export interface Reference {
  readonly kind: 'reference'
  /** Where in the template it stands. */
  readonly at: number
  readonly forward: string
  readonly field: string
  /** For `ports.NAME`: a port by its name. */
  readonly port?: string
}

/** What a reference can say of a forward. */
export const referenceFields = ['address', 'host', 'port', 'url', 'pod', 'ports.NAME'] as const

/** The parts of a template. */
export function partsOf(template: string): readonly Part[] {
  const parts: Part[] = []
  let from = 0
  for (const match of template.matchAll(/\$\$|\$\(([^)]*)\)/g)) {
    if (match.index > from) parts.push({ kind: 'text', text: template.slice(from, match.index) })
    from = match.index + match[0].length
    if (match[0] === '$$') parts.push({ kind: 'text', text: '$' })
    else parts.push(referenceOf(match[1] ?? '', match.index))
  }
  return from < template.length ? [...parts, { kind: 'text', text: template.slice(from) }] : parts
}

/** The template of parts: the other way round. */
export function templateOf(parts: readonly Part[]): string {
  return parts
    .map((part) =>
      part.kind === 'text' ? part.text.replaceAll('$', '$$$$') : `$(${part.forward}.${part.port === undefined ? part.field : `ports.${part.port}`})`,
    )
    .join('')
}

/** Why a reference means nothing; undefined when it does. */
export function referenceProblem({ forward: name, field, port }: Reference, forwards: readonly Forward[]): { message: string; fix: string } | undefined {
  const forward = forwards.find((candidate) => candidate.name === name)
  if (forward === undefined)
    return {
      message: `no forward "${printable(name)}" is in the project`,
      fix: `forwards: ${forwards.map((one) => one.name).join(', ') || 'none'}`.slice(0, 200),
    }
  if (port !== undefined) {
    if (portCalled(forward, port) !== undefined) return undefined
    const names = forward.ports.flatMap((one) => one.name ?? [])
    return {
      message: `forward "${name}" has no port "${printable(port)}"`,
      fix: names.length === 0 ? 'give one of its ports a name' : `ports: ${names.join(', ')}`,
    }
  }
  if (['address', 'host', 'port', 'url', 'pod'].includes(field)) return undefined
  return { message: `"${printable(field)}" is nothing that a forward has`, fix: `write one of ${referenceFields.join(', ')}` }
}

/** The text of a template as far as it is known; a port that is still to be chosen, and the pod, are left as references. */
export function filledIn(template: string, forwards: readonly Forward[]): string {
  return partsOf(template)
    .map((part) => (part.kind === 'text' ? part.text : (valueOf(part, forwards) ?? templateOf([part]))))
    .join('')
}

/** A variable for programs. */
export type Export = readonly [name: string, value: string]

/** What programs are told of a project, as far as its files say: what only a run knows stays a reference. */
export function exportsOf(project: Project): readonly Export[] {
  return templatesOf(project).map(([name, template]) => [name, filledIn(template, project.forwards)] as const)
}

/** What programs are told of a run. */
export interface LiveExports {
  readonly values: readonly Export[]
  /** Variables that cannot be given now, each with the forward that it needs. */
  readonly missing: readonly (readonly [name: string, forward: string])[]
}

/** The same of a run: `running` knows the forwards that run, and the pod of each. */
export function liveExports(project: Project, running: (name: string) => { readonly pod?: string } | undefined): LiveExports {
  const values: Export[] = []
  const missing: [string, string][] = []
  const valueIn = (part: Part): string | undefined => {
    if (part.kind === 'text') return part.text
    const live = running(part.forward)
    return live && (part.field === 'pod' ? live.pod : valueOf(part, project.forwards))
  }
  for (const [name, template] of templatesOf(project)) {
    const parts = partsOf(template)
    const gap = parts.find((part) => valueIn(part) === undefined)
    if (gap?.kind === 'reference') missing.push([name, gap.forward])
    else values.push([name, parts.map(valueIn).join('')])
  }
  return { values, missing }
}

/**
 * Of each forward that is started its host and ports, then what the file exports, which wins.
 * The host is an address: programs read `localhost` in ways of their own (the client of
 * MySQL takes it for its Unix socket).
 */
function templatesOf({ forwards, exports = {} }: Project): readonly Export[] {
  const started = forwards.filter(({ enabled }) => enabled)
  const own = new Set(started.flatMap(({ name }) => [`${variable(name)}_HOST`, `${variable(name)}_PORT`]))
  const automatic = started.flatMap(({ name, ports }): readonly Export[] => {
    const prefix = variable(name)
    const named = ports.flatMap((port, index): readonly Export[] => {
      const word = port.name ?? (index === 0 ? undefined : `${port.remotePort}`)
      const key = `${prefix}_${variable(word ?? '').replace(/^_(?=\d)/, '')}_PORT`
      // `db` with a port `x` gives way to a forward `db-x`.
      return word === undefined || own.has(key) ? [] : [[key, `$(${name}.ports.${word})`]]
    })
    return [[`${prefix}_HOST`, `$(${name}.address)`], [`${prefix}_PORT`, `$(${name}.port)`], ...named]
  })
  return [...new Map([...automatic, ...Object.entries(exports)])]
}

/** A name as shells take it: upper case, `_` for the rest, and never a digit first. */
function variable(name: string): string {
  return name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^(?=\d)/, '_')
}

/** Where a port is for who opens pages: the scheme that it says, https by a port that means it, else http. */
export function portUrl(port: PortMapping): string {
  const said = port.appProtocol?.replace(/^kubernetes\.io\//, '').toLowerCase()
  const isSecure = [port.remotePort, port.name].some((word) => word === 443 || word === 8443 || word === 'https')
  const isScheme = said !== undefined && said !== 'h2c' && /^[a-z][a-z0-9+.-]*$/.test(said)
  const scheme = isScheme ? said : isSecure && said === undefined ? 'https' : 'http'
  return `${scheme}://${hostOf(port) ?? 'localhost'}:${port.localPort}`
}

function referenceOf(text: string, at: number): Reference {
  const [forward = '', field = '', ...rest] = text.trim().split('.')
  return {
    kind: 'reference',
    at,
    forward,
    field,
    ...(field === 'ports' && { port: rest.join('.') }),
    ...(field !== 'ports' && rest.length > 0 && { field: [field, ...rest].join('.') }),
  }
}

function valueOf({ forward: name, field, port: portName }: Reference, forwards: readonly Forward[]): string | undefined {
  const forward = forwards.find((candidate) => candidate.name === name)
  const port = forward && (portName === undefined ? primary(forward) : portCalled(forward, portName))
  if (port === undefined) return undefined
  if (field === 'address') return addressOf(port)
  if (field === 'host') return hostOf(port)
  if (port.localPort === 0) return undefined
  if (field === 'port' || field === 'ports') return `${port.localPort}`
  return field === 'url' ? portUrl(port) : undefined
}

/** By its name; a port without one is known by what it leads to. */
function portCalled({ ports }: Forward, name: string): PortMapping | undefined {
  return ports.find((port) => port.name === name) ?? ports.find((port) => port.name === undefined && `${port.remotePort}` === name)
}

function primary({ ports }: Forward): PortMapping | undefined {
  return ports.find((port) => port.primary) ?? ports[0]
}

/** An address to connect to: every one is also the loopback. */
function addressOf({ addresses }: PortMapping): string | undefined {
  const address = addresses[0]?.address
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '::1'
  return address === 'auto' ? undefined : address
}

function hostOf(port: PortMapping): string | undefined {
  if (port.addresses.some(({ ifPresent }) => ifPresent)) return 'localhost'
  const address = addressOf(port)
  return address?.includes(':') ? `[${address}]` : address
}
