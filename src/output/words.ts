/** The words and signs for a forward's state, the same in every output. Pure. */
import type { Forward, PortMapping } from '../file/forward.ts'
import type { State, Status } from '../supervisor/events.ts'

/** Carries the state without colour; the second is for terminals without UTF-8. */
export const symbols: Readonly<Record<State, readonly [string, string]>> = {
  ready: ['●', '+'],
  starting: ['◌', '~'],
  degraded: ['◐', '%'],
  waiting: ['…', '.'],
  failed: ['✗', 'x'],
  stopping: ['◌', '~'],
  stopped: ['○', '-'],
}

const shortKinds: Readonly<Record<string, string>> = {
  service: 'svc',
  deployment: 'deploy',
  statefulset: 'sts',
  daemonset: 'ds',
  replicaset: 'rs',
  job: 'job',
  replicationcontroller: 'rc',
  pod: 'pod',
}

/** `svc/api:http` */
export function targetText(spec: Forward): string {
  const { target } = spec
  const name =
    target.kind === 'selector'
      ? `-l ${target.labelSelector}`
      : target.kind === 'prefix'
        ? `${shortKinds[target.of]}/${target.prefix}*`
        : `${shortKinds[target.kind]}/${target.name}`
  return `${name}:${spec.ports.map((port) => port.remotePort).join(',')}`
}

/** `localhost:8080`, `127.0.0.1:5432`; further ports by number. */
export function localText(spec: Forward, status?: Status): string {
  const numbers = actualPorts(spec.ports, status)
  return spec.ports.map((port, index) => (index === 0 ? `${host(port)}:${numbers[index]}` : numbers[index])).join(',')
}

/** `http://localhost:8080` for each port that speaks http or https. */
export function urlsOf(spec: Forward, status?: Status): readonly string[] {
  const numbers = actualPorts(spec.ports, status)
  return spec.ports.flatMap((port, index) => (/^https?$/.test(port.appProtocol ?? '') ? [`${port.appProtocol}://${host(port)}:${numbers[index]}`] : []))
}

/** `12s`, `41m`, `3h`. */
export function ageText(ms: number): string {
  const { count, unit } = ageOf(ms)
  return `${count}${unit}`
}

/** `12 s ago`, `41 min ago`: in a sentence, for what lies back. */
export function agoText(ms: number): string {
  const { count, unit } = ageOf(ms)
  return `${unit === 'd' ? counted(count, 'day') : `${count} ${unit === 'm' ? 'min' : unit}`} ago`
}

function ageOf(ms: number): { readonly count: number; readonly unit: 's' | 'm' | 'h' | 'd' } {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return { count: seconds, unit: 's' }
  if (seconds < 3_600) return { count: Math.floor(seconds / 60), unit: 'm' }
  return seconds < 86_400 ? { count: Math.floor(seconds / 3_600), unit: 'h' } : { count: Math.floor(seconds / 86_400), unit: 'd' }
}

/** `1 connection`, `1,204 connections`. */
export function counted(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? '' : 's'}`
}

/** `1,204`. By hand: the first number that `Intl` formats costs 10 ms. */
function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** `1.4.2` of `registry/shop/api:1.4.2`; nothing of an image named by digest. */
export function imageTag(image: string | undefined): string {
  const name = image?.split('@')[0]?.split('/').at(-1) ?? ''
  return name.includes(':') ? (name.split(':')[1] ?? '') : ''
}

function host(port: PortMapping): string {
  const [first] = port.addresses
  if (first === undefined) return ''
  if (port.addresses.some(({ ifPresent }) => ifPresent)) return 'localhost'
  return first.address.includes(':') ? `[${first.address}]` : first.address
}

/** `localPort` 0 is any free one, and the bound endpoints tell in their order which. */
function actualPorts(ports: readonly PortMapping[], status: Status | undefined): readonly string[] {
  const named = ports.map(({ localPort }) => `${localPort}`)
  const bound = new Set(status?.listeners.map((listener) => listener.split(':').at(-1) ?? ''))
  const found = [...bound].filter((port) => !named.includes(port))
  return named.map((port) => (port === '0' ? (found.shift() ?? '?') : port))
}
