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
    const names = forward.ports.flatMap((one) => one.name ?? [])
    if (names.includes(port)) return undefined
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

/** What programs are told of a project: of each forward its host and ports, and what the file exports. */
export function exportsOf({ forwards, exports = {} }: Project): readonly (readonly [string, string])[] {
  const own = forwards
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, ports }): readonly (readonly [string, string])[] => {
      const prefix = name.toUpperCase().replaceAll('-', '_')
      const named = ports.flatMap((port): readonly (readonly [string, string])[] =>
        port.name === undefined ? [] : [[`${prefix}_${port.name.toUpperCase().replaceAll('-', '_')}_PORT`, `$(${name}.ports.${port.name})`]],
      )
      return [[`${prefix}_HOST`, `$(${name}.host)`], [`${prefix}_PORT`, `$(${name}.port)`], ...named]
    })
  const all = new Map([...own, ...Object.entries(exports)])
  return [...all].map(([name, template]) => [name, filledIn(template, forwards)] as const)
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
  const port = forward && (portName === undefined ? primary(forward) : forward.ports.find((one) => one.name === portName))
  if (port === undefined) return undefined
  if (field === 'address') return addressOf(port)
  if (field === 'host') return hostOf(port)
  if (port.localPort === 0) return undefined
  if (field === 'port' || field === 'ports') return `${port.localPort}`
  return field === 'url' ? `${port.appProtocol ?? 'http'}://${hostOf(port)}:${port.localPort}` : undefined
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
