/** Positions, YAML's odd corners, and texts made to hurt. */
import { describe, expect, test } from 'vitest'
import { type Located, placeOf, type Step } from '../../src/file/document.ts'
import { limits } from '../../src/file/limits.ts'
import { loadBytes } from '../../src/file/load.ts'
import { parse } from '../../src/file/parse.ts'

function read(text: string): Located {
  const located = parse('f.yaml', text)
  if (!('places' in located)) throw new Error(located.map(({ message }) => message).join('; '))
  return located
}

/** `line:column` of a value, and of its key. */
function at(located: Located, path: readonly Step[]): string {
  const { key, value } = placeOf(located, path)
  const text = (offset: number): string => Object.values(located.source.position(offset)).join(':')
  return key === undefined ? text(value) : `${text(key)} ${text(value)}`
}

/** The problems of a text as `line:column code`. */
function problems(text: string | Uint8Array): readonly string[] {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const loaded = loadBytes('f.yaml', bytes, { directory: '/home/dev/shop', flags: {}, env: { A: 'a'.repeat(100), S_TOKEN: 'canary' } })
  return loaded.kind === 'loaded' ? [] : loaded.problems.map(({ line, column, code }) => `${line}:${column} ${code}`)
}

test('every value and key knows its place', () => {
  const located = read('forwards:\n  api:\n    target: "svc/api"\n    ports: [8080, { localPort: 1 }]\n')
  expect(at(located, ['forwards', 'api', 'target'])).toBe('3:5 3:13')
  expect(at(located, ['forwards', 'api', 'ports', 0])).toBe('4:13')
  expect(at(located, ['forwards', 'api', 'ports', 1, 'localPort'])).toBe('4:21 4:32')
  expect(at(located, ['forwards', 'api', 'nothing'])).toBe('2:3 3:5')
})

test('columns count from the line start with CRLF and with a byte order mark', () => {
  expect(problems('name: a\r\nforwards:\r\n  b: svcs/x 8080\r\n')).toEqual(['3:6 KPF_TARGET'])
  expect(problems('\uFEFFnmae: a\nforwards: {}\n')).toEqual(['1:1 KPF_KEY_UNKNOWN'])
})

test('words of a quoted line are pointed at, those behind an escape are not', () => {
  expect(problems('forwards: { a: "svc/a 99999:80" }')).toEqual(['1:23 KPF_PORT'])
  expect(problems('forwards: { a: "svc/a\\x20 99999:80" }')).toEqual(['1:16 KPF_PORT'])
})

test('an alias means the nearest anchor above it', () => {
  const { value } = read('x-a: &a 1\nx-b: *a\nx-c: &a 2\nx-d: *a\n')
  expect(value).toEqual({ 'x-a': 1, 'x-b': 1, 'x-c': 2, 'x-d': 2 })
})

test('a thousand harmless aliases are no bomb', () => {
  expect(problems(`x-a: &a 10s\nx-b: [${Array(1000).fill('*a').join(', ')}]\nforwards: {}\n`)).toEqual([])
})

test('a mistake behind an alias is told once, where it stands', () => {
  expect(
    problems('x-h: &h { timeout: 5 }\nforwards:\n  a: { target: svc/a, ports: [8080], hold: *h }\n  b: { target: svc/b, ports: [8081], hold: *h }\n'),
  ).toEqual(['1:20 KPF_DURATION'])
})

test('keys of the map win over merged ones, wherever `<<` stands', () => {
  const located = read('x-a: &a { p: 1, q: 1 }\nx-b: &b { q: 2, r: 2 }\nx-c: { p: 0, <<: [*a, *b] }\nx-d: { <<: *a, p: 0 }\n')
  expect(located.value).toMatchObject({ 'x-c': { p: 0, q: 1, r: 2 }, 'x-d': { p: 0, q: 1 } })
  expect(at(located, ['x-c', 'p'])).toBe('3:8 3:11')
  expect(at(located, ['x-c', 'r'])).toBe('2:17 2:20')
})

test('merges of merges work, a merge of itself is told', () => {
  expect(read('x-a: &a { p: 1 }\nx-b: &b { <<: *a, q: 1 }\nx-c: { <<: *b }\n').value).toMatchObject({ 'x-c': { p: 1, q: 1 } })
  expect(problems('x-a: &a\n  <<: *a\nforwards: {}\n')).toEqual(['2:7 KPF_YAML_ALIAS'])
})

test.each([
  ['forwards: {}\nforwards: {}\n', ['2:1 KPF_KEY_DUPLICATE']],
  ['forwards: {}\nx-a: !env HOME\n', ['2:6 KPF_YAML_TAG']],
  ['forwards: {}\nx-a: !!int "1"\n', ['2:6 KPF_YAML_TAG']],
  ['%YAML 1.1\n---\nforwards: {}\n', ['1:1 KPF_YAML_TAG']],
  ['---\nforwards: {}\n...\n', []],
  ['forwards: {}\n---\n', ['2:1 KPF_YAML_DOCUMENTS']],
  ['forwards: {}\ndescription: |\n  text\n  \ttabs are text here\n', []],
  ['? [a]\n: b\nforwards: {}\n', ['1:3 KPF_VALUE']],
  ['"": 1\nforwards: {}\n', ['1:1 KPF_KEY_UNKNOWN']],
  ['', ['1:1 KPF_FILE_EMPTY']],
  ['null\n', ['1:1 KPF_FILE_EMPTY']],
  ['forwards: {}\n', []],
  ['=======\r\nforwards: {}\r\n', ['1:1 KPF_YAML_CONFLICT']],
])('%j is told as %j', (text, expected) => {
  expect(problems(text)).toEqual(expected)
})

test('all problems are told at once: of the text, of the shape, of the meaning', () => {
  expect(problems('nmae: x\nforwards:\n  a: svc/a 8080\n  a: svc/b 8081\n  c: svc/c 8080\n  d: { target: svcs/d, ports: [99999], hold: ${X} }\n')).toEqual([
    '6:47 KPF_YAML_SYNTAX',
  ])
  expect(problems('nmae: x\nforwards:\n  a: svc/a 8080\n  a: svc/b 8081\n  c: svc/c 8080\n  d: { target: svcs/d, ports: [99999], hold: "${X}" }\n')).toEqual([
    '1:1 KPF_KEY_UNKNOWN',
    '4:3 KPF_KEY_DUPLICATE',
    '5:12 KPF_PORT_TAKEN',
    '6:16 KPF_TARGET',
    '6:32 KPF_PORT',
    '6:47 KPF_VARIABLE_UNSET',
  ])
})

test('bytes that are no UTF-8 are pointed at', () => {
  expect(problems(new Uint8Array([0x61, 0x0a, 0x62, 0xff]))).toEqual(['2:2 KPF_FILE_ENCODING'])
  expect(problems(new Uint8Array([0xff, 0xfe, 0x61, 0x00]))).toEqual(['1:1 KPF_FILE_ENCODING'])
  expect(problems(new Uint8Array([0xef, 0xbf, 0xbd, 0x0a, 0xc3]))).toEqual(['2:1 KPF_FILE_ENCODING'])
})

test('a file beyond 1 MiB is refused, as is one forward too many', () => {
  expect(problems(new Uint8Array(limits.bytes + 1))).toEqual(['1:1 KPF_FILE_SIZE'])
  const many = (count: number): string => `forwards:\n${Array.from({ length: count }, (_, index) => `  f${index}: svc/a ${1024 + index}\n`).join('')}`
  expect(problems(many(limits.forwards))).toEqual([])
  expect(problems(many(limits.forwards + 1))).toEqual(['1:1 KPF_YAML_LIMIT'])
})

describe('a text made to hurt is refused, or read, within two seconds', () => {
  const MIB = 1024 * 1024 - 64
  const fill = (unit: string, head = '', tail = ''): string => head + unit.repeat(Math.floor((MIB - head.length - tail.length) / unit.length)) + tail
  const keys = (count: number): string => Array.from({ length: count }, (_, index) => `k${index}: 1\n`).join('')
  const aliases = (count: number): string => `x-a: &a 1\nx-b:\n${' - *a\n'.repeat(count)}`
  const nested = (levels: number): string =>
    Array.from(
      { length: levels },
      (_, index) =>
        `x-a${index}: &a${index} [${
          index === 0
            ? 'x'
            : Array(9)
                .fill(`*a${index - 1}`)
                .join(', ')
        }]\n`,
    ).join('')
  test.each([
    ['20,000 flat keys', keys(20_000)],
    ['a megabyte of keys', keys(90_000)],
    ['a megabyte of list items', fill('- a\n')],
    ['5,000 open brackets', '['.repeat(5_000)],
    ['a megabyte of open brackets', fill('[')],
    ['a megabyte of escapes', fill('\\x', '"', '"')],
    ['almost too many escapes', `"${'\\\\'.repeat(9_999)}"`],
    ['a megabyte of directives', fill('%a\n')],
    ['one flow list of a megabyte', fill('a,', '[', ']')],
    ['one flow list of almost too many tokens', `[${'a,'.repeat(99_000)}]`],
    ['thirty thousand aliases', aliases(30_000)],
    ['twelve levels of nine aliases', `${nested(12)}forwards: {}\n`],
    ['merges of a large map', `x-a: &a\n${keys(9_000).replace(/^/gm, ' ').trimEnd()}\nx-b: { <<: [${Array(2_000).fill('*a').join(',')}] }\n`],
    ['a megabyte of one plain scalar', fill('a', 'name: ')],
    ['a megabyte of dollars', fill('$', 'name: ')],
    ['a megabyte of quotes', fill('" ')],
    ['a megabyte of colons', fill(': ')],
    ['a megabyte of anchors', fill('&a ')],
    ['a megabyte of comment', fill('#a\n')],
    ['a megabyte of blanks', fill(' ')],
    ['a selector of 100,000 commas', `forwards: { a: "-l ${'a,'.repeat(100_000)} 8080" }`],
    ['a selector of 100,000 letters', `forwards: { a: "-l ${'a'.repeat(100_000)}- 8080" }`],
    ['a line of 50,000 words', `forwards: { a: "svc/a ${'8080 '.repeat(50_000)}" }`],
    ['a key of a megabyte', fill('k', '? ')],
    ['a megabyte of defaults in defaults', fill('${A:-', 'name: ')],
    ['sixteen thousand variables', `forwards:\n${Array.from({ length: 8_000 }, (_, index) => ` f${index}: $A $B\n`).join('')}`],
    ['variables in the aliases of one line', `x-a: &a $A $B\nforwards:\n${Array.from({ length: 8_000 }, (_, index) => ` f${index}: *a\n`).join('')}`],
    ['a megabyte of variables in one value', fill('$A', 'name: ')],
    ['a megabyte of escaped variables in one value', fill('\\n$A$$'.slice(1), 'name: "', '"')],
    [
      'ten thousand secrets inside of mistakes',
      `forwards:\n${Array.from({ length: 1_900 }, (_, index) => ` f${index}: { hold: [$S_TOKEN, $S_TOKEN, $S_TOKEN] }\n`).join('')}`,
    ],
    ['ranges of ranges', `forwards:\n${Array.from({ length: 1_900 }, (_, index) => ` f${index}: svc/a 1025-1280 1025-1280\n`).join('')}`],
    ['a thousand includes of itself', `include: [${Array(1_000).fill('f.yaml').join(', ')}]\nforwards: {}`],
  ])('%s', { timeout: 60_000 }, (_name, text) => {
    const before = process.cpuUsage()
    expect(problems(text).length).toBeGreaterThan(0)
    const { user, system } = process.cpuUsage(before)
    // Of this process, in microseconds: what else the machine does is none of its business.
    expect((user + system) / 1_000).toBeLessThan(2_000)
  })
})
