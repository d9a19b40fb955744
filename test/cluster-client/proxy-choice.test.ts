import { expect, test } from 'vitest'
import { proxyFor } from '../../src/cluster/proxy-choice.ts'

/** One line: what stands before the server. */
function choice(server: string, env: Record<string, string>, proxyUrl?: string): string {
  const proxy = proxyFor(new URL(server), proxyUrl, env)
  if (proxy === undefined) return 'none'
  return 'code' in proxy ? `${proxy.code}: ${proxy.message}` : `${proxy.kind} ${proxy.host}:${proxy.port} ${proxy.from}`
}

const P = 'http://p:3128'

test.each<[string, Record<string, string>, string]>([
  ['https://k.example.com', { HTTPS_PROXY: P }, 'http p:3128 HTTPS_PROXY'],
  ['https://k.example.com', { https_proxy: P }, 'http p:3128 https_proxy'],
  ['https://k.example.com', { HTTPS_PROXY: '', https_proxy: P }, 'http p:3128 https_proxy'],
  ['https://k.example.com', { HTTPS_PROXY: 'http://first', https_proxy: P }, 'http first:80 HTTPS_PROXY'],
  ['https://k.example.com', { HTTP_PROXY: P, ALL_PROXY: P }, 'none'],
  ['http://k.example.com', { HTTP_PROXY: P }, 'http p:3128 HTTP_PROXY'],
  ['http://k.example.com', { HTTP_PROXY: P, REQUEST_METHOD: 'GET' }, 'none'],
  ['https://k.example.com', { HTTPS_PROXY: 'p:3128' }, 'http p:3128 HTTPS_PROXY'],
  ['https://k.example.com', { HTTPS_PROXY: 'p' }, 'http p:80 HTTPS_PROXY'],
  ['https://k.example.com', { HTTPS_PROXY: 'https://p' }, 'https p:443 HTTPS_PROXY'],
  ['https://k.example.com', { HTTPS_PROXY: 'socks5://p' }, 'socks5 p:1080 HTTPS_PROXY'],
  ['https://k.example.com', { HTTPS_PROXY: 'socks5h://[2001:db8::1]:9' }, 'socks5 2001:db8::1:9 HTTPS_PROXY'],
  ['https://k.example.com', { HTTPS_PROXY: 'ftp://p' }, 'KPF_PROXY_URL: HTTPS_PROXY names a proxy of an unknown kind, ftp:'],
  ['https://k.example.com', { HTTPS_PROXY: 'http://s3cr3t@' }, 'KPF_PROXY_URL: HTTPS_PROXY is no URL of a proxy'],
  ['https://localhost', { HTTPS_PROXY: P }, 'none'],
  ['https://127.1.2.3', { HTTPS_PROXY: P }, 'none'],
  ['https://[::1]:6443', { HTTPS_PROXY: P }, 'none'],
])('%s with %j: %s', (server, env, expected) => {
  expect(choice(server, env)).toBe(expected)
})

test('proxy-url wins, and stands before loopback too', () => {
  expect(choice('https://127.0.0.1', { HTTPS_PROXY: P, NO_PROXY: '*' }, 'socks5://q:1')).toBe('socks5 q:1 proxy-url')
  expect(choice('https://k.example.com', { HTTPS_PROXY: P }, '')).toBe('http p:3128 HTTPS_PROXY')
  expect(choice('https://k.example.com', {}, 'q:1')).toBe('KPF_PROXY_URL: proxy-url is no URL of a proxy')
})

test.each<[string, string, boolean]>([
  ['k.example.com', '*', true],
  ['k.example.com', 'other, K.Example.COM ', true],
  ['k.example.com', 'example.com', true],
  ['example.com', 'example.com', true],
  ['k.example.com', '.example.com', true],
  ['example.com', '.example.com', false],
  ['k.example.com', '*.example.com', true],
  ['k.example.com', 'ample.com', false],
  ['k.example.com', 'example.com:443', true],
  ['k.example.com', 'example.com:6443', false],
  ['k.example.com:6443', 'example.com:6443', true],
  ['k.example.com', ':443', false],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.3', '10.0.0.0/16', false],
  ['10.1.2.3', '10.0.0.0/33', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '10.1.2.3:443', true],
  ['10.1.2.3', '10.1.2.3:6443', false],
  ['10.1.2.3', '2.3', false],
  ['10.1.2.3', '.3', false],
  ['[2001:db8::5]', '2001:db8::/32', true],
  ['[2001:db8::5]', '2001:db9::/32', false],
  ['[2001:db8::5]', '2001:DB8:0::5', true],
  ['[2001:db8::5]:6443', '[2001:db8::5]:6443', true],
  ['[2001:db8::5]', '[2001:db8::5]:6443', false],
  ['k.example.com', '10.0.0.0/8,,', false],
])('https://%s is exempt by NO_PROXY=%s: %s', (host, noProxy, expected) => {
  expect(choice(`https://${host}`, { HTTPS_PROXY: P, NO_PROXY: noProxy })).toBe(expected ? 'none' : 'http p:3128 HTTPS_PROXY')
  expect(choice(`https://${host}`, { HTTPS_PROXY: P, no_proxy: noProxy })).toBe(expected ? 'none' : 'http p:3128 HTTPS_PROXY')
})

test('user and password are kept apart from what is shown', () => {
  const proxy = proxyFor(new URL('https://k.example.com'), 'http://me:p%40ss@p:3128', {})
  expect(proxy).toEqual({ kind: 'http', host: 'p', port: 3128, url: 'http://p:3128', from: 'proxy-url', login: { user: 'me', password: 'p@ss' } })
})
