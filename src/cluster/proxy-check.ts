/** Whether the environment puts a proxy before a server, as Go's clients read it. Pure. */

/** The variable that names a proxy for this server, or undefined. */
export function proxyInTheWay(server: URL, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const names = server.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy']
  const name = names.find((candidate) => env[candidate] !== undefined && env[candidate] !== '')
  if (name === undefined || isExempt(server, env['NO_PROXY'] ?? env['no_proxy'] ?? '')) return undefined
  return name
}

/** Loopback is never proxied; NO_PROXY holds hosts, domains, addresses and IPv4 ranges. */
function isExempt(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true
  return noProxy.split(',').some((part) => {
    const entry = part.trim().toLowerCase().replace(/:\d+$/, '').replace(/^\*\./, '.')
    if (entry === '*') return true
    if (entry === '') return false
    if (entry.includes('/')) return isInRange(host, entry)
    return host === entry || host.endsWith(entry.startsWith('.') ? entry : `.${entry}`)
  })
}

function isInRange(host: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/')
  const [address, base] = [numberOf(host), numberOf(network)]
  if (address === undefined || base === undefined || !/^\d+$/.test(bits)) return false
  const mask = Number(bits) === 0 ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0
  return (address & mask) >>> 0 === (base & mask) >>> 0
}

function numberOf(address: string): number | undefined {
  const octets = address.split('.').map(Number)
  if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255)) return undefined
  return octets.reduce((sum, octet) => sum * 256 + octet, 0)
}
