/** kubectl's words, read into a forward or into the first thing that is wrong with them. */
import { expect, test } from 'vitest'
import { type AdHocWords, oneForward } from '../../../src/cli/file/ad-hoc-forward.ts'

function read(words: Partial<AdHocWords>): string {
  const forward = oneForward({ target: 'svc/api', ports: ['80'], access: {}, ...words })
  if ('fix' in forward) return `${forward.message} | ${forward.fix}`
  const { target, ports } = forward
  const name = 'name' in target ? target.name : 'prefix' in target ? `${target.prefix}*` : target.labelSelector
  const mapped = ports.map(({ localPort, remotePort, addresses }) => `${addresses.map(({ address }) => address).join(',')}:${localPort}->${remotePort}`)
  return `${target.kind} ${name} ${mapped.join(' ')}`
}

test.each<[Partial<AdHocWords>, string]>([
  [{}, 'service api 127.0.0.1,::1:80->80'],
  [{ ports: ['8080:80'] }, 'service api 127.0.0.1,::1:8080->80'],
  [{ ports: [':80'] }, 'service api 127.0.0.1,::1:0->80'],
  [{ ports: ['8080:http'] }, 'service api 127.0.0.1,::1:8080->http'],
  [{ ports: ['http'] }, 'service api 127.0.0.1,::1:0->http'],
  [{ ports: ['80', '9090'] }, 'service api 127.0.0.1,::1:80->80 127.0.0.1,::1:9090->9090'],
  [{ target: 'db-0' }, 'pod db-0 127.0.0.1,::1:80->80'],
  [{ target: 'pods/db-0' }, 'pod db-0 127.0.0.1,::1:80->80'],
  [{ target: 'deployment/api' }, 'deployment api 127.0.0.1,::1:80->80'],
  [{ address: '10.0.0.5' }, 'service api 10.0.0.5:80->80'],
  [{ address: 'localhost,10.0.0.5' }, 'service api 127.0.0.1,::1,10.0.0.5:80->80'],
])('%j is a forward', (words, forward) => {
  expect(read(words)).toBe(forward)
})

test.each<[Partial<AdHocWords>, string]>([
  [{ ports: [] }, 'no port is named | add [LOCAL:]REMOTE, such as 8080:80'],
  [
    { ports: ['0:99999'] },
    '"99999" is not a remote port: a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and "-" | write [LOCAL:]REMOTE, such as 8080:80',
  ],
  [{ ports: ['a:b:c'] }, '"a:b:c" is not a port | write [LOCAL:]REMOTE, such as 8080:80'],
  [{ address: 'nowhere' }, '"nowhere" is not a valid IP | write an IP, such as 127.0.0.1, or localhost'],
  [{ target: 'cronjob/x' }, 'unknown kind "cronjob" | kinds are svc, deploy, sts, ds, rs, job, rc and pod'],
  [{ target: 'svc/' }, 'the target "svc/" has no name | write svc/NAME'],
  [{ target: 'a/b/c' }, '"a/b/c" is not a target | write TYPE/NAME, such as svc/api'],
])('%j is refused, and what to write is said', (words, problem) => {
  expect(read(words)).toBe(problem)
})

test('a forward of the command line waits for no readiness, and stands in no file', () => {
  expect(oneForward({ target: 'svc/api', ports: ['80'], access: { context: 'dev' } })).toMatchObject({
    name: 'forward',
    access: { context: 'dev' },
    requireReady: false,
    position: { file: '', line: 0, column: 0 },
  })
})
