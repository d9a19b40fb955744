/** What turns out to be wrong is pointed at where a file says it, whichever layer that is. */
import { expect, test } from 'vitest'
import type { Aspect } from '../../src/file/blame.ts'
import { loadBytes, type LoadOptions } from '../../src/file/load.ts'

const around = { directory: '/p', flags: {} }

/** The line up to the place, with `>` before it. */
function pointed(
  text: string,
  aspect: Aspect,
  { name = 'a', ...more }: { name?: string } & Partial<LoadOptions> & { others?: Record<string, string> } = {},
): string {
  const loaded = loadBytes('f.yaml', new TextEncoder().encode(text), { ...around, ...more })
  if (loaded.kind === 'rejected') throw new Error(JSON.stringify(loaded.problems))
  const { file, line, column, sourceLine = '' } = loaded.blame(name, aspect, { code: 'KPF_X', message: 'x' })
  return `${file}:${line} >${sourceLine.slice(column - 1)}`
}

const local = { port: 0, end: 'local' } as const
const remote = { port: 0, end: 'remote' } as const

test.each<[Aspect, string]>([
  ['namespace', 'f.yaml:2 >shop --context dev svc/x 8080:80'],
  ['context', 'f.yaml:2 >dev svc/x 8080:80'],
  ['target', 'f.yaml:2 >svc/x 8080:80'],
  [local, 'f.yaml:2 >8080:80'],
  [remote, 'f.yaml:2 >8080:80'],
  ['forward', 'f.yaml:2 >a: -n shop --context dev svc/x 8080:80'],
  ['expect', 'f.yaml:2 >a: -n shop --context dev svc/x 8080:80'],
])('the word of a line: %j', (aspect, place) => {
  expect(pointed('forwards:\n  a: -n shop --context dev svc/x 8080:80\n', aspect)).toBe(place)
})

test.each<[Aspect, string]>([
  ['namespace', 'f.yaml:4 >shop'],
  ['context', 'f.yaml:5 >dev'],
  ['target', 'f.yaml:3 >svc/x'],
  [local, 'f.yaml:6 >8080, remotePort: http }]'],
  [remote, 'f.yaml:6 >http }]'],
])('a field of the long form: %j', (aspect, place) => {
  const text = 'forwards:\n  a:\n    target: svc/x\n    namespace: shop\n    context: dev\n    ports: [{ localPort: 8080, remotePort: http }]\n'
  expect(pointed(text, aspect)).toBe(place)
})

test('defaults, the alias and the top level, in the order in which they count', () => {
  const alias = 'clusters: { dev: { context: kind, namespace: n, expect: { server: "https://x" } } }\n'
  const forwards = 'forwards: { a: svc/x 8080 }\n'
  expect(pointed(`${alias}cluster: dev\nnamespace: top\n${forwards}`, 'namespace')).toMatch(/^f.yaml:1 >n, expect/)
  expect(pointed(`${alias}cluster: dev\nnamespace: top\ndefaults: { namespace: d }\n${forwards}`, 'namespace')).toBe('f.yaml:4 >d }')
  expect(pointed(`${alias}cluster: dev\n${forwards}`, 'context')).toMatch(/^f.yaml:1 >kind, /)
  expect(pointed(`${alias}cluster: dev\n${forwards}`, 'expect')).toBe('f.yaml:1 >"https://x" } } }')
  expect(pointed(`clusters: { dev: { namespace: n } }\ncluster: dev\n${forwards}`, 'context')).toBe('f.yaml:2 >dev')
  expect(pointed(`context: top\ndefaults: { context: d }\n${forwards}`, 'context')).toBe('f.yaml:2 >d }')
  expect(pointed(`context: top\n${forwards}`, 'context')).toBe('f.yaml:1 >top')
})

test('what a flag says, or nobody, is told at the forward', () => {
  const text = 'context: top\nnamespace: shop\nforwards: { a: svc/x 8080 }\n'
  const flags = { context: 'c', namespace: 'n' }
  expect([pointed(text, 'context', { flags }), pointed(text, 'namespace', { flags })]).toEqual(['f.yaml:3 >a: svc/x 8080 }', 'f.yaml:3 >a: svc/x 8080 }'])
  expect(pointed('forwards: { a: svc/x 8080 }', 'context')).toBe('f.yaml:1 >a: svc/x 8080 }')
})

test('a forward of an included file is told in that file', () => {
  const others = { 'g.yaml': 'namespace: inner\nforwards: { z: svc/z 8080 }' }
  expect(pointed('include: [g.yaml]\nforwards: {}\n', 'namespace', { name: 'z', others })).toBe('g.yaml:1 >inner')
})
