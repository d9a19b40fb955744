/** Inputs for the fuzzers of the file, and what may never be said of any of them. Knows no test runner. */
import fc from 'fast-check'
import { loadBytes } from '../../src/file/load.ts'
import { problemsText } from '../../src/output/problem-text.ts'

const others = {
  'g.yaml': 'vars: { P: 1 }\nforwards: { z: "svc/z ${P}" }',
  '.env': 'X=svc/x 8080\nY="',
  'self.yaml': 'include: [self.yaml, f.yaml]\nforwards: {}',
}
/** What stands around each input. */
export const around = { directory: '/home/dev/shop', flags: {}, env: { A: 'a b', EMPTY: '', PORT: '8080', S_TOKEN: 'kanari-7f3' }, others, portOffset: 1 }

/** What is wrong with the answer to an input; undefined when it is as it must be. Throws what the loader throws. */
export function faultOf(bytes: Uint8Array): string | undefined {
  const loaded = loadBytes('f.yaml', bytes, around)
  if (loaded.kind === 'loaded') return undefined
  if (loaded.problems.length === 0) return 'it is rejected without a problem'
  const lines = new TextDecoder().decode(bytes).split('\n').length
  if (JSON.stringify(loaded).includes('kanari-7f3')) return 'what a secret variable holds is told'
  for (const { file, line, column, code, message, fix } of loaded.problems) {
    if (file !== 'f.yaml') continue
    if (!(line >= 1 && line <= lines && column >= 1)) return `the place ${line}:${column} is not in the text`
    if (!/^KPF_[A-Z_]+$/.test(code)) return `"${code}" is no code`
    if (/\[object|[\p{Cc}]/u.test(`${message}${fix ?? ''}`)) return `the message of ${code} is not for people`
  }
  return /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(problemsText(loaded.problems)) ? 'control characters are printed' : undefined
}

/** The bytes of a text. */
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a file is made of. */
export const words = [
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
/** Keys of the language. */
export const keys = [
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
/** Any values, one inside the other. */
export const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('node'), { maxKeys: 5 }),
  ),
})).node

const part = fc.oneof(
  fc.constantFrom('svc/a', 'pod/b', '8080', '8080:http', '-n', '--context=c', '-l', 'a=b', '--address', '127.0.0.1', '"', "'", 'kubectl', 'port-forward'),
  fc.string(),
)

/** Every kind of input, by what it is. */
export const inputs: Readonly<Record<string, fc.Arbitrary<Uint8Array>>> = {
  'any bytes': fc.uint8Array({ maxLength: 400 }),
  'any text': fc.string({ unit: 'binary', maxLength: 400 }).map(encode),
  'any mixture of what a file is made of': fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => encode(parts.join(''))),
  'any tree of values under the keys of the language': fc
    .dictionary(fc.constantFrom(...keys), tree, { maxKeys: 5 })
    .map((value) => encode(JSON.stringify(value))),
  'any line as a forward': fc.array(part, { maxLength: 8 }).map((parts) => encode(JSON.stringify({ forwards: { a: parts.join(' ') } }))),
}

/** Good and bad files with pieces that are gone, doubled, moved or of another file. */
export function mutated(corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const file = fc.constantFrom(...corpus)
  const edit = fc.record({
    kind: fc.constantFrom('cut', 'double', 'flip', 'insert', 'splice'),
    at: fc.nat(),
    size: fc.nat(200),
    byte: fc.nat(255),
    word: fc.constantFrom(...words),
    other: file,
  })
  return fc.tuple(file, fc.array(edit, { minLength: 1, maxLength: 6 })).map(([bytes, edits]) => edits.reduce<Uint8Array>(edited, bytes))
}

interface Edit {
  readonly kind: string
  readonly at: number
  readonly size: number
  readonly byte: number
  readonly word: string
  readonly other: Uint8Array
}

function edited(bytes: Uint8Array, { kind, at, size, byte, word, other }: Edit): Uint8Array {
  const from = at % (bytes.length + 1)
  const piece = bytes.subarray(from, from + size)
  const [before, after] = [bytes.subarray(0, from), bytes.subarray(from + piece.length)]
  switch (kind) {
    case 'cut':
      return Buffer.concat([before, after])
    case 'double':
      return Buffer.concat([before, piece, piece, after])
    case 'flip':
      return Buffer.concat([before, Uint8Array.of(byte), bytes.subarray(from + 1)])
    case 'insert':
      return Buffer.concat([before, encode(word), bytes.subarray(from)])
    default:
      return Buffer.concat([before, other.subarray(at % (other.length + 1), (at % (other.length + 1)) + size), bytes.subarray(from)])
  }
}
