/** The small grammars: short form, port, target, duration, address. */
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { isIp, readLine } from '../../src/file/entry.ts'
import { durationMs } from '../../src/file/duration.ts'
import { readPort } from '../../src/file/port-text.ts'
import { alternatives } from '../../src/file/retype.ts'
import { duration } from '../../src/file/scalars.ts'
import { file } from '../../src/file/shape.ts'
import { readShortForm, splitWords } from '../../src/file/short-form.ts'
import { isObjectName, kindSpellings, readKind, splitTarget } from '../../src/file/target-text.ts'

/** A line as `field=word@offset`, or the problem. */
function line(text: string): string {
  const words = splitWords(text)
  const form = 'message' in words ? words : readShortForm(words)
  if ('message' in form) return `${form.at}: ${form.message}`
  const { ports, ...fields } = form
  const named = Object.entries(fields).map(([field, word]) => `${field}=${word.text}@${word.at}`)
  return [...named, ...ports.map((port) => `port=${port.text}@${port.at}`)].join(' ')
}

test.each([
  ['svc/api 8080:80', 'target=svc/api@0 port=8080:80@8'],
  ['  svc/api   8080:80  9090 ', 'target=svc/api@2 port=8080:80@12 port=9090@21'],
  ['-n shop svc/api 8080', 'namespace=shop@3 target=svc/api@8 port=8080@16'],
  ['--namespace=shop svc/api 8080', 'namespace=shop@12 target=svc/api@17 port=8080@25'],
  ['-nshop svc/api 8080', 'namespace=shop@2 target=svc/api@7 port=8080@15'],
  ['-n=shop svc/api 8080', 'namespace=shop@3 target=svc/api@8 port=8080@16'],
  ['svc/api 8080 -n shop', 'target=svc/api@0 namespace=shop@16 port=8080@8'],
  ['-l app=web,tier=x 8080:http', 'selector=app=web,tier=x@3 port=8080:http@18'],
  ['-l "a in (b, c)" 8080', 'selector=a in (b, c)@3 port=8080@17'],
  ["--selector='a=b' 8080", 'selector=a=b@11 port=8080@17'],
  ['kubectl port-forward svc/api 8080:80', 'target=svc/api@21 port=8080:80@29'],
  ['kubectl -n shop port-forward svc/api 80', 'namespace=shop@11 target=svc/api@29 port=80@37'],
  [
    '--context c --cluster d --address 127.0.0.1 -c app pod-1 8080',
    'context=c@10 cluster=d@22 address=127.0.0.1@34 container=app@47 target=pod-1@51 port=8080@57',
  ],
  ['', '0: no target is named'],
  ['svc/api', '7: no port is named'],
  ['8080:80', '0: no target is named'],
  ['svc/a svc/b 80', '6: a second target, "svc/b"'],
  ['svc/a "80', '6: the quote opened here is never closed'],
  ['svc/a 80 -n', '9: "-n" needs a value'],
  ['svc/a 80 --namespace=', '9: "--namespace" needs a value'],
  ['-n a -n b svc/a 80', '5: "-n" is given twice'],
  ['svc/a 80 -v=6', '9: "-v" is not known here'],
  ['kubectl get svc/a 80', '8: of kubectl only `kubectl port-forward` can be pasted'],
])('the line %j is read as %s', (text, expected) => {
  expect(line(text)).toBe(expected)
})

test.each([
  ['8080', { localPort: 8080, remotePort: 8080 }],
  ['8080:80', { localPort: 8080, remotePort: 80 }],
  ['8080:http', { localPort: 8080, remotePort: 'http' }],
  ['http', { localPort: undefined, remotePort: 'http' }],
  [':80', { localPort: 0, remotePort: 80 }],
  ['0:80', { localPort: 0, remotePort: 80 }],
  ['127.0.0.1:8080:80', { address: '127.0.0.1', localPort: 8080, remotePort: 80 }],
  ['localhost:8080:80', { address: 'localhost', localPort: 8080, remotePort: 80 }],
  ['[::1]:8080:80', { address: '::1', localPort: 8080, remotePort: 80 }],
  ['65535:1', { localPort: 65_535, remotePort: 1 }],
  ['8080:a23456789012345', { localPort: 8080, remotePort: 'a23456789012345' }],
])('the port %s is understood', (text, expected) => {
  expect(readPort(text)).toEqual(expected)
})

test.each([
  '',
  ':',
  '8080:',
  '65536',
  '0',
  '8080:0',
  '-1',
  '1.5',
  '80a:80',
  '1:2:3',
  '8080:a234567890123456',
  '8080:HTTP',
  '80/udp',
  '80/tcp',
  '1-2',
  '999999999999',
  '1e3x_',
  ' 80',
])('the port %j is refused with a fix', (text) => {
  expect(readPort(text)).toMatchObject({ message: expect.stringMatching(/\S/), fix: expect.stringMatching(/\S/) })
})

test('kinds are known by all of their spellings, in any case', () => {
  for (const spelling of kindSpellings) expect(readKind(spelling.toUpperCase())).toBe(readKind(spelling))
  expect(['svc', 'deploy', 'sts', 'ds', 'rs', 'job', 'rc', 'po'].map(readKind)).toEqual([
    'service',
    'deployment',
    'statefulset',
    'daemonset',
    'replicaset',
    'job',
    'replicationcontroller',
    'pod',
  ])
  expect(['svcs', '', 'toString', '__proto__', 'constructor'].map(readKind)).toEqual([undefined, undefined, undefined, undefined, undefined])
})

test('a target is TYPE/NAME or a pod', () => {
  expect(splitTarget('svc/a')).toEqual({ kind: 'svc', name: 'a' })
  expect(splitTarget('a')).toEqual({ kind: 'pod', name: 'a' })
  expect(splitTarget('a/b/c')).toBeUndefined()
  expect(['a', 'a.b-c', 'a'.repeat(253)].every(isObjectName)).toBe(true)
  expect(['', 'A', '-a', 'a-', 'a'.repeat(254), 'a_b', 'a b'].some(isObjectName)).toBe(false)
})

test.each([
  ['svc/api 8080', { kind: 'service', name: 'api' }],
  ['deployments.apps/api 8080', { kind: 'deployment', name: 'api' }],
  ['pod/api-* 8080', { kind: 'prefix', of: 'pod', prefix: 'api-' }],
  ['api-0 8080', { kind: 'pod', name: 'api-0' }],
  ['-c app -l app=x 8080', { kind: 'selector', labelSelector: 'app=x', container: 'app' }],
])('the line %j has the target %j', (text, target) => {
  expect(readLine(text, [], () => expect.unreachable())?.target).toEqual(target)
})

test.each([
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5s', 1_500],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1h2m3s4ms', 3_723_004],
  ['0s', 0],
  ['99h', 356_400_000],
])('the duration %s is %d ms', (text, ms) => {
  expect(duration().safeParse(text).success).toBe(true)
  expect(durationMs(text)).toBe(ms)
})

test.each(['', '10', '-5s', '5 sec', '99999h', '1.5m', '10S', 's', '5s10m', '1h1h', '99999999999s', '5s '])('%j is no duration', (text) => {
  expect(duration().safeParse(text).success).toBe(false)
})

test('no duration is longer than a timer can wait', () => {
  expect(durationMs('99h9999m99999.999s99999999ms')).toBeLessThan(2 ** 31)
})

test('addresses are told from what looks like one', () => {
  const good = ['127.0.0.1', '0.0.0.0', '255.255.255.255', '::', '::1', 'fe80::1', '1:2:3:4:5:6:7:8', '::ffff:127.0.0.1', '1::']
  const bad = ['', '1.2.3', '256.1.1.1', '01.2.3.4', '1.2.3.4.5', ':::', '1::2::3', '1:2:3', '12345::', 'localhost', 'g::1', '::1.2.3', '1:2:3:4:5:6:7:8:9']
  expect(good.filter((text) => !isIp(text))).toEqual([])
  expect(bad.filter(isIp)).toEqual([])
})

/** A schema and all that is inside of it, with its path. */
function* schemasIn(schema: z.core.$ZodType, path = ''): Generator<readonly [string, z.core.$ZodType]> {
  for (const one of alternatives(schema)) {
    yield [path, one]
    if (one instanceof z.ZodMiniObject) for (const [key, inner] of Object.entries(one.shape)) yield* schemasIn(inner, `${path}.${key}`)
    if (one instanceof z.ZodMiniArray) yield* schemasIn(one.def.element, `${path}[]`)
    if (one instanceof z.ZodMiniRecord) for (const inner of [one.def.keyType, one.def.valueType]) yield* schemasIn(inner, `${path}.*`)
  }
}

test('each check of the schemas has words of its own: without any zod says "Invalid input"', () => {
  const checks = [...schemasIn(file())].flatMap(([path, schema]) => (schema._zod.def.checks ?? []).map(({ _zod: { def } }) => ({ path, def })))
  expect(checks.length).toBeGreaterThan(100)
  expect(checks.filter(({ def }) => def.error === undefined).map(({ path, def }) => `${path} ${def.check}`)).toEqual([])
})
