/** Whatever the bytes: an answer, with places inside the text, and no exception. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadBytes } from '../../src/file/load.ts'
import { problemsText } from '../../src/output/problem-text.ts'

// The same inputs on every machine; another seed for a longer look.
fc.configureGlobal({ seed: Number(process.env['KPF_FUZZ_SEED'] ?? 1) })

const others = {
  'g.yaml': 'vars: { P: 1 }\nforwards: { z: "svc/z ${P}" }',
  '.env': 'X=svc/x 8080\nY="',
  'self.yaml': 'include: [self.yaml, f.yaml]\nforwards: {}',
}
const around = { directory: '/home/dev/shop', flags: {}, env: { A: 'a b', EMPTY: '', PORT: '8080', S_TOKEN: 'canary' }, others, portOffset: 1 }

function holds(bytes: Uint8Array): void {
  const loaded = loadBytes('f.yaml', bytes, around)
  if (loaded.kind === 'loaded') return
  expect(loaded.problems.length).toBeGreaterThan(0)
  const lines = new TextDecoder().decode(bytes).split('\n').length
  expect(JSON.stringify(loaded)).not.toContain('canary')
  for (const { file, line, column, code, message, fix } of loaded.problems) {
    if (file !== 'f.yaml') continue
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(code).toMatch(/^KPF_[A-Z_]+$/)
    expect(`${message}${fix ?? ''}`).not.toMatch(/\[object|[\p{Cc}]/u)
  }
  expect(problemsText(loaded.problems)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const words = [
  'forwards:',
  'svc/a',
  '8080:80',
  ' ',
  '\n',
  '  ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ': ',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: ',
  '!x ',
  '|',
  '>',
  '#',
  '%',
  '${X}',
  '${S_TOKEN}',
  '$PORT',
  '${NO:-',
  'g.yaml',
  'self.yaml',
  '.env',
  'include: ',
  'envFile: ',
  'vars: ',
  '$$',
  'target: ',
  'ports: ',
  '\t',
  '---',
  '? ',
  ',',
  'null',
  '-l ',
  'x-',
  '\\',
  '\u001b',
  '🙂',
  '~',
  '@',
  '1e9',
  '__proto__',
]
const keys = [
  'forwards',
  'defaults',
  'clusters',
  'settings',
  'target',
  'ports',
  'hold',
  'drain',
  'transport',
  'localPort',
  'remotePort',
  'kind',
  'name',
  'labelSelector',
  'addresses',
  'cluster',
  'watch',
  'enabled',
  'namespace',
  'x-a',
  'version',
  'apiVersion',
  'include',
  'envFile',
  'vars',
  'path',
  'prefix',
  'profiles',
  'protected',
  'expect',
  'portRange',
]
const leaf = fc.oneof(
  fc.constantFrom(
    'svc/a',
    'svc/a 8080',
    '8080:80',
    'auto',
    'off',
    '10s',
    '-l a',
    '',
    '${PORT}',
    '$S_TOKEN',
    '$(a.port)',
    '${NO',
    'g.yaml',
    'self.yaml',
    '1-9:2-10',
    '::',
    '0.0.0.0',
    'localhost',
  ),
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
)
const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('node'), { maxKeys: 5 }),
  ),
})).node

test('any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), holds), { numRuns: 500 })
})

test('any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => holds(encode(text))),
    { numRuns: 500 },
  )
})

test('any mixture of what a file is made of', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (parts) => holds(encode(parts.join('')))),
    { numRuns: 2_000 },
  )
})

test('any tree of values under the keys of the language', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), tree, { maxKeys: 5 }), (value) => holds(encode(JSON.stringify(value)))),
    { numRuns: 2_000 },
  )
})

test('any line as a forward', () => {
  const part = fc.oneof(
    fc.constantFrom('svc/a', 'pod/b', '8080', '8080:http', '-n', '--context=c', '-l', 'a=b', '--address', '127.0.0.1', '"', "'", 'kubectl', 'port-forward'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => holds(encode(JSON.stringify({ forwards: { a: parts.join(' ') } })))),
    { numRuns: 1_000 },
  )
})

test('any files, one over the other', () => {
  const file = fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(file, file, (included, variables) => {
      const loaded = loadBytes('f.yaml', encode('include: [g.yaml]\nforwards: {}'), { ...around, others: { 'g.yaml': included, '.env': variables } })
      if (loaded.kind === 'rejected') expect(loaded.problems.length).toBeGreaterThan(0)
    }),
    { numRuns: 1_000 },
  )
})
