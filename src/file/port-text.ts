/**
 * `8080:80`, `:http`, `[::1]:8080:80`: one port of the short form. Pure.
 */

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
  readonly isPlanned?: boolean
}

const SHAPE = 'write [LOCAL:]REMOTE, such as 8080:80'

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
  const local = first === '' ? 0 : readNumber(first, 0)
  if (local === undefined) return { message: `"${printable(first)}" is not a local port: a number from 1 to 65535`, fix: SHAPE }
  return { localPort: local, remotePort: remote, ...(address !== undefined && { address }) }
}

/** What is no port of this version, though it is clear what was meant. */
function unsupported(text: string, shown: string): PortTextProblem | undefined {
  const protocol = /\/(tcp|udp|sctp)$/i.exec(text)?.[1]?.toLowerCase()
  if (protocol === 'tcp') return { message: `"${shown}" is not a port`, fix: `write ${printable(text.slice(0, -4))}: all ports are TCP` }
  if (protocol !== undefined) return { message: `"${shown}": ${protocol.toUpperCase()} cannot be forwarded`, fix: 'forward a TCP port' }
  if (/^auto(:|$)/.test(text))
    return { message: `"${shown}": "auto" is planned, not in this version`, fix: 'write LOCAL:REMOTE with a number of your choice', isPlanned: true }
  if (/^\d+-\d+(:|$)|:\d+-\d+$/.test(text))
    return { message: `"${shown}": port ranges are planned, not in this version`, fix: 'name each port', isPlanned: true }
  return undefined
}

/** `127.0.0.1:8080:80` and `[::1]:8080:80` name an address of their own. */
function splitAddress(text: string): { address?: string; rest: string } {
  const v6 = /^\[([0-9a-fA-F:.%]+)\]:(.*)$/.exec(text)
  if (v6) return { address: v6[1] ?? '', rest: v6[2] ?? '' }
  const v4 = /^(\d+\.\d+\.\d+\.\d+|localhost):(.*:.*)$/.exec(text)
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
