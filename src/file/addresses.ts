/** Local addresses of the file: their form, and which of them need a question first. Pure. */
import type { Step } from './document.ts'
import type { ProblemSink } from './entry.ts'
import type { LocalAddress } from './forward.ts'
import { limits } from './limits.ts'
import { printable } from './printable.ts'

/** `localhost` is both loopbacks; where the machine has no ::1 it is skipped. */
export const localhost: readonly LocalAddress[] = [
  { address: '127.0.0.1', ifPresent: false },
  { address: '::1', ifPresent: true },
]

/** Reads addresses that stand in a list at `path`, or in one text there, `inside` it. */
export function readAddresses(list: readonly unknown[], path: readonly Step[], sink: ProblemSink, inside?: number): readonly LocalAddress[] {
  if (list.length > limits.addresses) {
    const more = { ...(inside !== undefined && { inside }), fix: 'name fewer, or 0.0.0.0 for all' }
    sink(path, 'KPF_ADDRESS', `${list.length} addresses, the limit is ${limits.addresses}`, more)
    return []
  }
  let offset = inside ?? 0
  return list.flatMap((entry, index): readonly LocalAddress[] => {
    // Anything else was told by its shape, and may not even have a text.
    if (typeof entry !== 'string' && typeof entry !== 'number') return []
    const text = `${entry}`
    const at = inside === undefined ? [...path, index] : path
    const more = { inside: offset, fix: 'write an IP, such as 127.0.0.1, or localhost' }
    if (inside !== undefined) offset += text.length + 1
    if (text === 'localhost') return localhost
    if (text === 'auto') return [{ address: 'auto', ifPresent: false }]
    if (text === 'docker' || text.startsWith('unix:')) {
      sink(at, 'KPF_PLANNED', `address "${printable(text)}" is planned, not in this version`, more)
      return []
    }
    if (!isIp(text)) {
      sink(at, 'KPF_ADDRESS', `"${printable(text)}" is not an IP address`, more)
      return []
    }
    if (!isLoopback(text)) {
      const fix = 'bind 127.0.0.1 or localhost, or approve it: kpf trust'
      sink(at, 'KPF_APPROVAL', `address ${text} can be reached from the network: binding it needs approval`, { inside: more.inside, fix, approval: true })
    }
    return [{ address: text, ifPresent: false }]
  })
}

/** Whether an address can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  return address === 'auto' || address.startsWith('127.') || /^(0*:)+0*1$/.test(address)
}

/** Whether a text is an IPv4 or IPv6 address, by form. */
export function isIp(text: string): boolean {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return isIpv4(text)
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1) ?? ''
  // `::ffff:127.0.0.1` ends with an IPv4 address, in place of two groups.
  const isMixed = last.includes('.')
  if (isMixed && (!isIpv4(last) || text.endsWith(':'))) return false
  const plain = isMixed ? groups.slice(0, -1) : groups
  const length = groups.length + (isMixed ? 1 : 0)
  return plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) && (halves.length === 2 ? length <= 7 : length === 8)
}

function isIpv4(text: string): boolean {
  const octets = text.split('.')
  return octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255 && `${Number(octet)}` === octet)
}
