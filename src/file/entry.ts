/**
 * One entry of `forwards`, short or long: its target, its ports, and what its line says
 * about the cluster. Pure.
 */
import { distance } from 'fastest-levenshtein'
import type { Step } from './document.ts'
import type { LocalAddress, PortMapping, Target } from './forward.ts'
import { readPort } from './port-text.ts'
import { isPlain, printable } from './shape-check.ts'
import { readShortForm, type ShortForm, splitWords, type Word } from './short-form.ts'
import { isObjectName, kindSpellings, readKind, splitTarget } from './target-text.ts'

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
  if (form.namespace && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(form.namespace.text)) {
    sink(path, 'KPF_NAMESPACE', `"${printable(form.namespace.text)}" is not a namespace`, {
      inside: form.namespace.at,
      fix: 'use lower-case letters, digits and "-"',
    })
  }
  const addressWords = form.address ? form.address.text.split(',') : undefined
  const addresses = readAddresses(addressWords ?? defaultAddresses, path, sink, form.address?.at)
  const target = targetOfLine(form, path, sink)
  const ports = form.ports.flatMap((word) => readPortWord(word.text, { path, sink, addresses, at: word.at }) ?? [])
  if (target === undefined || ports.length === 0) return undefined
  const { namespace, context, cluster } = form
  return {
    access: { ...(namespace && { namespace: namespace.text }), ...(context && { context: context.text }), ...(cluster && { cluster: cluster.text }) },
    target,
    ports,
  }
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
  const addresses = readAddresses(raw['addresses'] ?? defaultAddresses, [...path, 'addresses'], sink)
  const target = readLongTarget(raw['target'], [...path, 'target'], sink)
  const list: readonly unknown[] = Array.isArray(raw['ports']) ? raw['ports'] : []
  const ports = list.flatMap((entry, index) => {
    const at = { path: [...path, 'ports', index], sink, addresses, at: 0 }
    return (isPlain(entry) ? readLongPort(entry, at) : readPortWord(String(entry), at)) ?? []
  })
  return target === undefined || ports.length === 0 ? undefined : { access: {}, target, ports }
}

function readLongTarget(raw: unknown, path: readonly Step[], sink: ProblemSink): Target | undefined {
  if (typeof raw === 'string') return readTargetText(raw, { path, sink, at: 0 })
  if (!isPlain(raw)) return undefined
  const { kind, name, labelSelector, container } = raw
  const more = typeof container === 'string' ? { container } : {}
  if (typeof name === 'string' && typeof labelSelector === 'string') {
    sink([...path, 'labelSelector'], 'KPF_TARGET', 'both a name and a labelSelector are given', { key: true, fix: 'give one of them' })
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
    return wrong(`unknown kind "${printable(split.kind)}"`, `did you mean "${nearest}/${printable(split.name)}"?`)
  }
  if (split.name === '' || split.name === '*') return wrong(`the target "${printable(text)}" has no name`, `write ${split.kind}/NAME`)
  if (split.name.endsWith('*')) {
    const prefix = split.name.slice(0, -1)
    return /^[a-z0-9][-a-z0-9.]*$/.test(prefix)
      ? { kind: 'prefix', of: kind, prefix, ...more }
      : wrong(`"${printable(split.name)}" cannot begin an object's name`, 'write the beginning of a name and *')
  }
  if (!isObjectName(split.name)) return wrong(`"${printable(split.name)}" cannot be an object's name`, 'use lower-case letters, digits, "-" and "."')
  return { kind, name: split.name, ...more }
}

interface PortPlace {
  readonly path: readonly Step[]
  readonly sink: ProblemSink
  readonly addresses: readonly LocalAddress[]
  readonly at: number
}

function readPortWord(text: string, place: PortPlace): PortMapping | undefined {
  const port = readPort(text)
  const { path, sink, at } = place
  if ('message' in port) {
    sink(path, port.isPlanned ? 'KPF_PLANNED' : 'KPF_PORT', printable(port.message), { inside: at, fix: port.fix })
    return undefined
  }
  if (port.localPort === 0) {
    sink(path, 'KPF_PLANNED', `"${text}": a free local port in a file is planned, not in this version`, {
      inside: at,
      fix: 'write LOCAL:REMOTE with a number of your choice',
    })
    return undefined
  }
  if (port.localPort === undefined) {
    sink(path, 'KPF_PORT', `"${text}" names a port but no local number`, { inside: at, fix: `write LOCAL:${text} with a number of your choice` })
    return undefined
  }
  const own = port.address === undefined ? place.addresses : readAddresses([port.address], path, sink)
  return { localPort: port.localPort, remotePort: port.remotePort, meaning: 'target', addresses: own }
}

function readLongPort(raw: Record<string, unknown>, place: PortPlace): PortMapping | undefined {
  const { path, sink } = place
  const { localPort, remotePort, containerPort, name } = raw
  if (remotePort !== undefined && containerPort !== undefined) {
    sink([...path, 'containerPort'], 'KPF_PORT', 'both remotePort and containerPort are given', { key: true, fix: 'give one of them' })
    return undefined
  }
  const remote = containerPort ?? remotePort
  if (typeof remote !== 'number' && typeof remote !== 'string') {
    sink(path, 'KPF_PORT', 'neither remotePort nor containerPort is given', { fix: 'add remotePort' })
    return undefined
  }
  if (localPort === 'auto') {
    sink([...path, 'localPort'], 'KPF_PLANNED', '"auto" is planned, not in this version', { fix: 'write a number of your choice' })
    return undefined
  }
  const local = typeof localPort === 'number' ? localPort : typeof remote === 'number' ? remote : undefined
  if (local === undefined) {
    sink(path, 'KPF_PORT', `port "${remote}" has no local number`, { fix: 'add localPort' })
    return undefined
  }
  const addresses = raw['addresses'] === undefined ? place.addresses : readAddresses(raw['addresses'], [...path, 'addresses'], sink)
  return {
    localPort: local,
    remotePort: remote,
    meaning: containerPort === undefined ? 'target' : 'container',
    addresses,
    ...(typeof name === 'string' && { name }),
  }
}

/** `localhost` is both loopbacks; where the machine has no ::1 it is skipped. */
export const localhost: readonly LocalAddress[] = [
  { address: '127.0.0.1', ifPresent: false },
  { address: '::1', ifPresent: true },
]

function readAddresses(raw: unknown, path: readonly Step[], sink: ProblemSink, inside?: number): readonly LocalAddress[] {
  const list: readonly unknown[] = Array.isArray(raw) ? raw : ['localhost']
  return list.flatMap((entry): readonly LocalAddress[] => {
    const text = String(entry)
    if (text === 'localhost') return localhost
    if (isIp(text)) return [{ address: text, ifPresent: false }]
    const isPlanned = text === 'auto' || text === 'docker' || text.startsWith('unix:')
    const more = { ...(inside !== undefined && { inside }), fix: 'write an IP, such as 127.0.0.1, or localhost' }
    if (isPlanned) sink(path, 'KPF_PLANNED', `address "${text}" is planned, not in this version`, more)
    else sink(path, 'KPF_ADDRESS', `"${printable(text)}" is not an IP address`, more)
    return []
  })
}

/** Whether a text is an IPv4 or IPv6 address, by form. */
export function isIp(text: string): boolean {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return text.split('.').every((octet) => Number(octet) <= 255 && `${Number(octet)}` === octet)
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const isGroup = (group: string): boolean => /^[0-9a-fA-F]{1,4}$/.test(group)
  return groups.every(isGroup) && (halves.length === 2 ? groups.length <= 7 : groups.length === 8)
}

/** What is wrong with a label selector, by form; the cluster's own reading is `cluster/selector.ts`. */
function selectorProblem(text: string): string | undefined {
  const key = '([a-z0-9A-Z]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?/)?[a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?'
  const value = '([a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?)?'
  const term = new RegExp(`^\\s*(!?${key}|${key}\\s*(=|==|!=)\\s*${value}|${key}\\s+(in|notin)\\s+\\(\\s*${value}(\\s*,\\s*${value})*\\s*\\))\\s*$`)
  const terms = text.split(/,(?![^(]*\))/)
  const wrong = terms.find((candidate) => !term.test(candidate))
  return wrong === undefined ? undefined : `"${printable(wrong.trim())}" is not a requirement`
}
