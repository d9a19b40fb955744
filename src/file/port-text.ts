/**
 * `8080:80`, `:http`, `[::1]:8080:80`: one port of the short form. Pure.
 */

import { limits } from './limits.ts'
import { printable } from './printable.ts'

/** What a port text says. `localPort` 0 is "any free one". */
export interface PortText {
  readonly address?: string
  readonly localPort: number | undefined
  readonly remotePort: number | string
}

/** Why a text is no port. */
export interface PortTextProblem {
  readonly message: string
  readonly fix: string
}

const SHAPE = 'write [LOCAL:]REMOTE, such as 8080:80'

/** Reads a port, or a range of them: `8080-8082:80-82`. */
export function readPorts(text: string): readonly PortText[] | PortTextProblem {
  const { address, rest } = splitAddress(text)
  const range = /^(?:(\d+(?:-\d+)?)?(:))?(\d+(?:-\d+)?)$/.exec(rest)
  if (range === null || !rest.includes('-')) {
    const port = readPort(text)
    return 'message' in port ? port : [port]
  }
  const remote = boundsOf(range[3] ?? '')
  const local = range[2] === undefined ? remote : range[1] === undefined ? undefined : boundsOf(range[1])
  const shown = printable(text)
  if ('message' in remote) return remote
  if (local !== undefined && 'message' in local) return local
  const count = remote.last - remote.first + 1
  if (count > limits.portsOfForward) return { message: `"${shown}" is a range of ${count} ports, the limit is ${limits.portsOfForward}`, fix: 'name fewer' }
  if (local !== undefined && local.last - local.first + 1 !== count) {
    const message = `"${shown}": ${local.last - local.first + 1} local ports for ${count} remote ones`
    return { message, fix: `write ${local.first}-${local.first + count - 1}:${remote.first}-${remote.last}` }
  }
  return Array.from({ length: count }, (_, index) => ({
    localPort: local === undefined ? 0 : local.first + index,
    remotePort: remote.first + index,
    ...(address !== undefined && { address }),
  }))
}

function boundsOf(text: string): { first: number; last: number } | PortTextProblem {
  const [first, last = first] = text.split('-').map((part) => readNumber(part, 1))
  if (first !== undefined && last !== undefined && first <= last) return { first, last }
  return { message: `"${printable(text)}" is not a range of ports: two numbers from 1 to 65535, the smaller one first`, fix: 'write 8080-8082:80-82' }
}

/** Reads one port. A bare name has no local number: it is the service's, as kubectl takes it. */
export function readPort(text: string): PortText | PortTextProblem {
  const shown = printable(text)
  const refused = unsupported(text, shown)
  if (refused) return refused
  const { address, rest } = splitAddress(text)
  const parts = rest.split(':')
  const [first = '', second] = parts
  if (parts.length > 2 || (parts.length === 2 && second === '') || rest === '') return { message: `"${shown}" is not a port`, fix: SHAPE }
  const remote = readRemote(second ?? first)
  if (remote === undefined)
    return {
      message: `"${printable(second ?? first)}" is not a remote port: a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and "-"`,
      fix: SHAPE,
    }
  if (second === undefined) return { localPort: typeof remote === 'number' ? remote : undefined, remotePort: remote, ...(address !== undefined && { address }) }
  const local = first === '' || first === 'auto' ? 0 : readNumber(first, 0)
  if (local === undefined) return { message: `"${printable(first)}" is not a local port: a number from 1 to 65535`, fix: SHAPE }
  return { localPort: local, remotePort: remote, ...(address !== undefined && { address }) }
}

/** What is no port of this version, though it is clear what was meant. */
function unsupported(text: string, shown: string): PortTextProblem | undefined {
  const protocol = /\/(tcp|udp|sctp)$/i.exec(text)?.[1]?.toLowerCase()
  if (protocol === 'tcp') return { message: `"${shown}" is not a port`, fix: `write ${printable(text.slice(0, -4))}: all ports are TCP` }
  if (protocol !== undefined) return { message: `"${shown}": ${protocol.toUpperCase()} cannot be forwarded`, fix: 'forward a TCP port' }
  return undefined
}

/** `127.0.0.1:8080:80` and `[::1]:8080:80` name an address of their own. */
function splitAddress(text: string): { address?: string; rest: string } {
  const v6 = /^\[([0-9a-fA-F:.%]+)\]:(.*)$/.exec(text)
  if (v6) return { address: v6[1] ?? '', rest: v6[2] ?? '' }
  const v4 = /^(\d+\.\d+\.\d+\.\d+|localhost|auto):(.*:.*)$/.exec(text)
  return v4 ? { address: v4[1] ?? '', rest: v4[2] ?? '' } : { rest: text }
}

function readRemote(text: string): number | string | undefined {
  if (/^\d+$/.test(text)) return readNumber(text, 1)
  return /^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/.test(text) ? text : undefined
}

function readNumber(text: string, least: number): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= 65_535 ? value : undefined
}
