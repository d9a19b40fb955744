/**
 * One entry of `forwards`, short or long: its target, its ports, and what its line says
 * about the cluster. Pure.
 */
import { distance } from 'fastest-levenshtein'
import type * as z from 'zod/mini'
import { localhost, readAddresses } from './addresses.ts'
import type { Step } from './document.ts'
import type { LocalAddress, PortMapping, Target } from './forward.ts'
import { limits } from './limits.ts'
import { readPorts } from './port-text.ts'
import { printable } from './printable.ts'
import { isPlain } from './plain.ts'
import { withoutExtensions } from './shape-check.ts'
import * as shape from './shape.ts'
import { readShortForm, type ShortForm, splitWords, type Word } from './short-form.ts'
import { isObjectName, kindSpellings, readKind, splitTarget } from './target-text.ts'

export { isIp, localhost } from './addresses.ts'

/** Flags that win over every forward. */
export interface Flags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
}

/** Takes a problem: where, its code, its words. `inside` points into a plain one-line text. */
export type ProblemSink = (
  path: readonly Step[],
  code: string,
  message: string,
  more?: { fix?: string; inside?: number; key?: boolean; approval?: boolean },
) => void

/** What an entry says for itself. */
export interface Entry {
  readonly access: { readonly namespace?: string; readonly context?: string; readonly cluster?: string }
  readonly target: Target
  readonly ports: readonly PortMapping[]
  /** Where in a line of the short form the words stand that later checks point at. */
  readonly words: {
    readonly cluster?: number
    readonly context?: number
    readonly namespace?: number
    readonly target?: number
    readonly ports: readonly (readonly [PortMapping, number])[]
  }
  /** Which entry of its list each port comes from. */
  readonly listed?: readonly number[]
}

/** Reads an entry, telling every problem; undefined when its target or all ports are unusable. */
export function readEntry(raw: unknown, path: readonly Step[], sink: ProblemSink, defaultAddresses: unknown): Entry | undefined {
  return typeof raw === 'string' ? readLine(raw, path, sink, defaultAddresses) : readLong(isPlain(raw) ? raw : {}, path, sink, defaultAddresses)
}

/** Reads an entry of one line. */
export function readLine(line: string, path: readonly Step[], sink: ProblemSink, defaultAddresses?: unknown): Entry | undefined {
  const words = splitWords(line)
  const form = 'message' in words ? words : readShortForm(words)
  if ('message' in form) {
    sink(path, form.code, form.message, { fix: form.fix, inside: form.at })
    return undefined
  }
  const extra = form.ports[limits.portsOfForward]
  if (extra) {
    sink(path, 'KPF_PORT', `${form.ports.length} ports, the limit is ${limits.portsOfForward}`, { inside: extra.at, fix: 'write a second forward' })
    return undefined
  }
  if (form.namespace && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(form.namespace.text)) {
    sink(path, 'KPF_NAMESPACE', `"${printable(form.namespace.text)}" is not a namespace`, {
      inside: form.namespace.at,
      fix: 'use lower-case letters, digits and "-"',
    })
  }
  const addresses = form.address ? readAddresses(form.address.text.split(','), path, sink, form.address.at) : ofDefaults(defaultAddresses, sink)
  const target = targetOfLine(form, path, sink)
  const placed = form.ports.flatMap((word): (readonly [PortMapping, number])[] => {
    return readPortWord(word.text, { path, sink, addresses, at: word.at }).map((port) => [port, word.at])
  })
  const beyond = placed[limits.portsOfForward]
  if (beyond) {
    sink(path, 'KPF_PORT', `${placed.length} ports, the limit is ${limits.portsOfForward}`, { inside: beyond[1], fix: 'write a second forward' })
    return undefined
  }
  if (target === undefined || placed.length === 0) return undefined
  const { namespace, context, cluster } = form
  return {
    access: { ...(namespace && { namespace: namespace.text }), ...(context && { context: context.text }), ...(cluster && { cluster: cluster.text }) },
    target,
    ports: placed.map(([port]) => port),
    words: { ...wordsOf(form), ports: placed },
  }
}

function wordsOf({ cluster, context, namespace, target, selector }: ShortForm): Omit<Entry['words'], 'ports'> {
  const aim = target ?? selector
  return {
    ...(cluster && { cluster: cluster.at }),
    ...(context && { context: context.at }),
    ...(namespace && { namespace: namespace.at }),
    ...(aim && { target: aim.at }),
  }
}

function ofDefaults(addresses: unknown, sink: ProblemSink): readonly LocalAddress[] {
  return Array.isArray(addresses) ? readAddresses(addresses, ['defaults', 'addresses'], sink) : localhost
}

function targetOfLine(form: ShortForm, path: readonly Step[], sink: ProblemSink): Target | undefined {
  const container = form.container && { container: form.container.text }
  if (form.selector) return selectorTarget(form.selector, { path, sink, ...container })
  return form.target && readTargetText(form.target.text, { path, sink, at: form.target.at, ...container })
}

function selectorTarget(word: Word, { path, sink, container }: { path: readonly Step[]; sink: ProblemSink; container?: string }): Target | undefined {
  const wrong = selectorProblem(word.text)
  if (wrong !== undefined) {
    sink(path, 'KPF_SELECTOR', `label selector "${printable(word.text)}": ${wrong}`, { inside: word.at, fix: 'write app=web,tier!=cache' })
    return undefined
  }
  return { kind: 'selector', labelSelector: word.text, ...(container !== undefined && { container }) }
}

function readLong(raw: Record<string, unknown>, path: readonly Step[], sink: ProblemSink, defaultAddresses: unknown): Entry | undefined {
  const own = raw['addresses']
  const addresses = Array.isArray(own) ? readAddresses(own, [...path, 'addresses'], sink) : ofDefaults(defaultAddresses, sink)
  const target = readLongTarget(raw['target'], [...path, 'target'], sink)
  const list: readonly unknown[] = Array.isArray(raw['ports']) ? raw['ports'] : []
  const placed = list.flatMap((entry, index): readonly (readonly [PortMapping, number])[] => {
    const at = { path: [...path, 'ports', index], sink, addresses, at: 0 }
    // Anything else was told by its shape.
    const ports = isPlain(entry) ? readLongPort(entry, at) : typeof entry === 'string' || typeof entry === 'number' ? readPortWord(`${entry}`, at) : []
    return ports.map((port) => [port, index])
  })
  if (placed.length > limits.portsOfForward && list.length <= limits.portsOfForward)
    sink([...path, 'ports'], 'KPF_PORT', `${placed.length} ports, the limit is ${limits.portsOfForward}`, { key: true, fix: 'write a second forward' })
  if (target === undefined || placed.length === 0 || placed.length > limits.portsOfForward) return undefined
  return { access: {}, target, ports: placed.map(([port]) => port), words: { ports: [] }, listed: placed.map(([, index]) => index) }
}

function readLongTarget(raw: unknown, path: readonly Step[], sink: ProblemSink): Target | undefined {
  if (typeof raw === 'string') return readTargetText(raw, { path, sink, at: 0 })
  if (!isPlain(raw)) return undefined
  const { kind, name, labelSelector, container } = raw
  if (hasStrays(raw, shape.target())) return undefined
  const more = typeof container === 'string' ? { container } : {}
  if (typeof name === 'string' && typeof labelSelector === 'string') {
    sink([...path, 'labelSelector'], 'KPF_TARGET', 'both a name and a labelSelector are given', { key: true, fix: 'give one of them' })
    return undefined
  }
  if (typeof labelSelector === 'string' && typeof kind === 'string' && readKind(kind) !== 'pod') {
    sink([...path, 'kind'], 'KPF_TARGET', `a labelSelector picks pods, kind "${printable(kind)}" does not go with it`, { key: true, fix: 'remove kind' })
    return undefined
  }
  if (typeof labelSelector === 'string') return selectorTarget({ text: labelSelector, at: 0 }, { path: [...path, 'labelSelector'], sink, ...more })
  if (typeof name !== 'string') {
    sink(path, 'KPF_TARGET', 'the target has neither a name nor a labelSelector', { fix: 'write target: svc/NAME' })
    return undefined
  }
  return readTargetText(`${typeof kind === 'string' ? kind : 'pod'}/${name}`, {
    path: [...path, typeof kind === 'string' ? 'kind' : 'name'],
    sink,
    at: 0,
    ...more,
  })
}

function readTargetText(
  text: string,
  { path, sink, at, container }: { path: readonly Step[]; sink: ProblemSink; at: number; container?: string },
): Target | undefined {
  const split = splitTarget(text)
  const more = container === undefined ? {} : { container }
  const wrong = (message: string, fix: string): undefined => {
    sink(path, 'KPF_TARGET', message, { inside: at, fix })
  }
  if (split === undefined) return wrong(`"${printable(text)}" is not a target`, 'write TYPE/NAME, such as svc/api')
  const kind = readKind(split.kind)
  if (kind === undefined) {
    const lower = split.kind.toLowerCase()
    const nearest = [...kindSpellings].sort((a, b) => distance(a, lower) - distance(b, lower))[0] ?? 'svc'
    const isNear = distance(nearest, lower) <= Math.max(1, Math.floor(lower.length / 3))
    const fix = isNear ? `did you mean "${nearest}/${printable(split.name)}"?` : 'kinds are svc, deploy, sts, ds, rs, job, rc and pod'
    return wrong(`unknown kind "${printable(split.kind)}"`, fix)
  }
  if (split.name === '' || split.name === '*')
    return wrong(`the target "${printable(text)}" has no name`, `write ${text.includes('/') ? split.kind : 'svc'}/NAME`)
  if (split.name.endsWith('*')) {
    const prefix = split.name.slice(0, -1)
    return /^[a-z0-9][-a-z0-9.]*$/.test(prefix)
      ? { kind: 'prefix', of: kind, prefix, ...more }
      : wrong(`"${printable(split.name)}" cannot begin an object's name`, 'write the beginning of a name and *')
  }
  if (!isObjectName(split.name))
    return wrong(`"${printable(split.name)}" cannot be an object's name`, 'use lower-case letters, digits, "-" and ".", at most 253')
  return { kind, name: split.name, ...more }
}

interface PortPlace {
  readonly path: readonly Step[]
  readonly sink: ProblemSink
  readonly addresses: readonly LocalAddress[]
  readonly at: number
}

function readPortWord(text: string, place: PortPlace): readonly PortMapping[] {
  const ports = readPorts(text)
  const { path, sink, at } = place
  if ('message' in ports) {
    sink(path, 'KPF_PORT', ports.message, { inside: at, fix: ports.fix })
    return []
  }
  return ports.flatMap(({ localPort, remotePort, address }): readonly PortMapping[] => {
    if (localPort === undefined) {
      sink(path, 'KPF_PORT', `"${text}" names a port but no local number`, {
        inside: at,
        fix: `write :${text} for a free one, or LOCAL:${text} with a number of your choice`,
      })
      return []
    }
    const own = address === undefined ? place.addresses : readAddresses([address], path, sink, at)
    return [{ localPort, remotePort, meaning: 'target', addresses: own }]
  })
}

function readLongPort(raw: Record<string, unknown>, place: PortPlace): readonly PortMapping[] {
  const { path, sink } = place
  const { localPort, remotePort, containerPort, name } = raw
  if (hasStrays(raw, shape.port())) return []
  if (remotePort !== undefined && containerPort !== undefined) {
    sink([...path, 'containerPort'], 'KPF_PORT', 'both remotePort and containerPort are given', { key: true, fix: 'give one of them' })
    return []
  }
  const remote = containerPort ?? remotePort
  if (typeof remote !== 'number' && typeof remote !== 'string') {
    sink(path, 'KPF_PORT', 'neither remotePort nor containerPort is given', { fix: 'add remotePort' })
    return []
  }
  if (localPort !== undefined && localPort !== 'auto' && typeof localPort !== 'number') return []
  const local = localPort === 'auto' ? 0 : (localPort ?? (typeof remote === 'number' ? remote : undefined))
  if (local === undefined) {
    sink(path, 'KPF_PORT', `port "${printable(String(remote))}" has no local number`, { fix: 'add localPort; `auto` is a free one' })
    return []
  }
  const addresses = Array.isArray(raw['addresses']) ? readAddresses(raw['addresses'], [...path, 'addresses'], sink) : place.addresses
  return [
    {
      localPort: local,
      remotePort: remote,
      meaning: containerPort === undefined ? 'target' : 'container',
      addresses,
      ...(typeof name === 'string' && { name }),
      ...(raw['onConflict'] === 'fail' && { onConflict: 'fail' }),
      ...(typeof raw['appProtocol'] === 'string' && { appProtocol: raw['appProtocol'] }),
      ...(raw['primary'] === true && { primary: true }),
    },
  ]
}

/** Whether a map is told of already: keys that are unknown, or values of the wrong kind. */
function hasStrays(raw: Record<string, unknown>, schema: z.ZodMiniType): boolean {
  return !schema.safeParse(withoutExtensions(raw)).success
}

/** What is wrong with a label selector, by form; the cluster's own reading is `cluster/selector.ts`. */
function selectorProblem(text: string): string | undefined {
  const key = '([a-z0-9A-Z]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?/)?[a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?'
  const value = '([a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?)?'
  const term = new RegExp(`^\\s*(!?${key}|${key}\\s*(=|==|!=)\\s*${value}|${key}\\s+(in|notin)\\s+\\(\\s*${value}(\\s*,\\s*${value})*\\s*\\))\\s*$`)
  const wrong = termsOf(text).find((candidate) => !term.test(candidate))
  return wrong === undefined ? undefined : `"${printable(wrong.trim())}" is not a requirement`
}

/** The requirements of a selector: a comma inside parentheses separates none. */
function termsOf(text: string): readonly string[] {
  const terms: string[] = []
  let start = 0
  let isInside = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') isInside = true
    else if (text[at] === ')') isInside = false
    else if (text[at] === ',' && !isInside) {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...terms, text.slice(start)]
}
