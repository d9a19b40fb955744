/**
 * Which proxy stands before a server: the cluster's own `proxy-url`, else what the
 * environment says, read as Go's clients read it. Decides only; nothing is opened here.
 *
 * Source: golang.org/x/net/http/httpproxy, and client-go, where `proxy-url` wins.
 */
import { BlockList, isIP } from 'node:net'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'

/** A proxy, and how it came into play. */
export interface Proxy {
  readonly kind: 'http' | 'https' | 'socks5'
  readonly host: string
  readonly port: number
  /** For messages: without user and password. */
  readonly url: string
  /** `proxy-url` or the name of the variable. */
  readonly from: string
  readonly login?: { readonly user: string; readonly password: string }
}

type Env = Readonly<Record<string, string | undefined>>

const KINDS: Readonly<Record<string, readonly [Proxy['kind'], number]>> = {
  'http:': ['http', 80],
  'https:': ['https', 443],
  'socks5:': ['socks5', 1080],
  // Go resolves names at the proxy for both.
  'socks5h:': ['socks5', 1080],
}

/** The proxy for `server`, none, or why what is set cannot be used. */
export function proxyFor(server: URL, proxyUrl: string | undefined, env: Env): Proxy | Failure | undefined {
  if (proxyUrl) return readProxy(proxyUrl, 'proxy-url')
  const names = server.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy']
  const from = names.find((name) => env[name])
  // A program that was started by a web server may have HTTP_PROXY from a request's header: golang.org/s/cgihttpproxy.
  const isForged = server.protocol === 'http:' && env['REQUEST_METHOD'] !== undefined && env['REQUEST_METHOD'] !== ''
  if (from === undefined || isForged || isExempt(server, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined
  return readProxy(env[from] ?? '', from)
}

function readProxy(text: string, from: string): Proxy | Failure {
  // `host:port` alone is an http proxy, as for curl and Go; only what is read from the environment may be so.
  const url = urlOf(from === 'proxy-url' || text.includes('://') ? text : `http://${text}`)
  if (url === undefined) return unusable(`${from} is no URL of a proxy`)
  const kind = KINDS[url.protocol]
  if (kind === undefined) return unusable(`${from} names a proxy of an unknown kind, ${escapeForeign(url.protocol)}`)
  const login = loginOf(url)
  const port = url.port === '' ? kind[1] : Number(url.port)
  const shown = `${url.protocol}//${url.hostname}:${port}`
  return { kind: kind[0], host: bareHost(url), port, url: shown, from, ...(login && { login }) }
}

/** What Go takes for a URL with a host; `proxy:3128` is none, though JavaScript would find a scheme in it. */
function urlOf(text: string): URL | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.hostname === '' ? undefined : url
}

function unusable(what: string): Failure {
  return failure('KPF_PROXY_URL', what, { hint: 'write http://, https:// or socks5://, then HOST:PORT' })
}

function loginOf({ username, password }: URL): Proxy['login'] {
  if (username === '' && password === '') return undefined
  return { user: decoded(username), password: decoded(password) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Without the brackets of an IPv6 address. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** Loopback is never proxied by the environment; NO_PROXY holds hosts, domains, addresses and ranges, some with a port. */
function isExempt(server: URL, noProxy: string): boolean {
  const host = bareHost(server).toLowerCase()
  if (host === 'localhost' || (isIP(host) > 0 && isInRange(host, ['127.0.0.0/8', '::1/128']))) return true
  const port = server.port || (server.protocol === 'https:' ? '443' : '80')
  return noProxy.split(',').some((entry) => isMatch(entry.trim().toLowerCase(), host, port))
}

function isMatch(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry === '') return false
  if (isRange(entry)) return isIP(host) > 0 && isInRange(host, [entry])
  const { name, only } = splitPort(entry)
  if (only !== undefined && only !== port) return false
  if (isIP(name) > 0) return isIP(host) > 0 && isInRange(host, [`${name}/${isIP(name) === 4 ? 32 : 128}`])
  const domain = name.replace(/^\*\./, '.')
  // A domain never means an address, though its text may end so.
  if (domain === '' || isIP(host) > 0) return false
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`)
}

/** `host:port` and `[v6]:port`; a bare IPv6 address has no port. */
function splitPort(entry: string): { readonly name: string; readonly only: string | undefined } {
  const found = /^(?:\[([^\]]*)\]|([^:]*)):(\w*)$/.exec(entry)
  return found ? { name: found[1] ?? found[2] ?? '', only: found[3] || undefined } : { name: entry, only: undefined }
}

function isRange(entry: string): boolean {
  const [network = '', bits = '', ...more] = entry.split('/')
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(network)] ?? -1
  return more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= width
}

function isInRange(address: string, ranges: readonly string[]): boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/')
    list.addSubnet(network, Number(bits), familyOf(network))
  }
  return list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
