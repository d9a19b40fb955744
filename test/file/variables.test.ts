/** Variables of a whole file: where they come from, what becomes of them, what is said of them. */
import { expect, test } from 'vitest'
import type { Project } from '../../src/file/forward.ts'
import { load, loadBytes, type LoadOptions } from '../../src/file/load.ts'
import { problemsText } from '../../src/output/problem-text.ts'

type Around = Omit<LoadOptions, 'cwd' | 'flags'> & { readonly others?: Readonly<Record<string, string>> }

function loaded(text: string, around: Around = {}): ReturnType<typeof loadBytes> {
  return loadBytes('f.yaml', new TextEncoder().encode(text), { directory: '/home/dev/shop', flags: {}, ...around })
}

function project(text: string, around: Around = {}): Project {
  const result = loaded(text, around)
  if (result.kind === 'loaded') return result.project
  throw new Error(problemsText(result.problems, { isAll: true }))
}

function problems(text: string, around: Around = {}): readonly string[] {
  const result = loaded(text, around)
  return result.kind === 'loaded' ? [] : result.problems.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)
}

test('the first source that has a variable decides', () => {
  const text = 'envFile: [one.env, two.env]\nvars: { A: vars, B: vars, C: vars, D: vars, E: vars }\ndescription: $A $B $C $D $E\nforwards: {}\n'
  const others = {
    'flag.env': 'B=flag',
    'one.env': 'A=no\nB=no\nC=one',
    'two.env': 'A=no\nB=no\nC=two',
    '.env': 'A=no\nB=no\nC=no\nD=dot',
  }
  expect(project(text, { others, env: { A: 'env' }, envFiles: ['flag.env'] }).description).toBe('env flag two dot vars')
})

test('an empty variable of the environment is a value', () => {
  expect(project('vars: { A: vars }\ndescription: "[$A]"\nforwards: {}', { env: { A: '' } }).description).toBe('[]')
})

test('where a file of variables is may be in a variable, and so may the value of one', () => {
  const text = 'envFile: $STAGE.env\nvars: { B: "${A}!" }\ndescription: $B\nforwards: {}\n'
  expect(project(text, { env: { STAGE: 'dev' }, others: { 'dev.env': 'A=1' } }).description).toBe('1!')
})

test('numbers and truth values may be variables, as may any part of a line', () => {
  const text = `
forwards:
  a: { target: "$T", ports: [{ localPort: $P, remotePort: $Q }, "$P2:$NAMED"], enabled: $ON, limits: { maxConnections: $M }, backoff: { factor: $F } }
  b: -n $NS $T $P3:\${NO:-80}
`
  const env = { T: 'svc/x', P: '8080', Q: '80', P2: '8081', NAMED: 'http', ON: 'true', M: '7', F: '1.5', NS: 'shop', P3: '8082' }
  const [a, b] = project(text, { env }).forwards
  expect(a).toMatchObject({ enabled: true, maxConnections: 7, backoff: { factor: 1.5 }, target: { kind: 'service', name: 'x' } })
  expect(a?.ports.map(({ localPort, remotePort }) => [localPort, remotePort])).toEqual([
    [8080, 80],
    [8081, 'http'],
  ])
  expect([b?.access.namespace, b?.ports[0]?.localPort, b?.ports[0]?.remotePort]).toEqual(['shop', 8082, 80])
})

test('a value never becomes structure', () => {
  expect(problems('forwards: ${ALL}', { env: { ALL: '{ a: svc/a 8080 }' } })).toEqual(['f.yaml:1:11 KPF_VALUE'])
  expect(problems('forwards: { a: { target: svc/a, ports: $LIST } }', { env: { LIST: '[8080]' } })).toEqual(['f.yaml:1:40 KPF_VALUE'])
  expect(project('name: $N\nforwards: {}', { env: { N: '123' } }).name).toBe('123')
})

test('keys and `x-` are left alone, and what is merged out of an `x-` is filled in', () => {
  const text = 'x-a: &a { namespace: "$NS", x-note: "$NOBODY" }\nforwards: { b: { <<: *a, target: svc/b, ports: [8080] } }'
  expect(project(text, { env: { NS: 'shop' } }).forwards[0]?.access.namespace).toBe('shop')
  expect(problems('forwards: { $A: svc/a 8080 }', { env: { A: 'a' } })).toEqual(['f.yaml:1:13 KPF_NAME'])
})

test('a mistake is pointed at where the variable stands, also behind escapes', () => {
  expect(problems('forwards:\n  a: svc/a ${P}:80 81:82:83\n', { env: { P: '1234567' } })).toEqual(['f.yaml:2:12 KPF_PORT', 'f.yaml:2:20 KPF_PORT'])
  expect(problems('forwards:\n  a: svc/a ${P}:80 81:82:83\n', { env: { P: '8080' } })).toEqual(['f.yaml:2:20 KPF_PORT'])
  expect(problems('forwards:\n  a: "svc\\x2fa $$ ${NO}"\n')).toEqual(['f.yaml:2:19 KPF_VARIABLE_UNSET'])
})

test('a mistake in a value hides nothing that stands behind it', () => {
  expect(problems('description: $NO\nnmae: x\nforwards: {}')).toEqual(['f.yaml:1:14 KPF_VARIABLE_UNSET', 'f.yaml:2:1 KPF_KEY_UNKNOWN'])
  expect(problems('{description: "$NO",nmae: x,forwards: {}}')).toEqual(['f.yaml:1:16 KPF_VARIABLE_UNSET', 'f.yaml:1:21 KPF_KEY_UNKNOWN'])
})

test('what is missing counts only for forwards that are started', () => {
  const text = 'forwards:\n  a: svc/a 8080\n  b: { target: svc/$NO, ports: [8081], enabled: false }\n'
  expect(project(text).forwards.map(({ name }) => name)).toEqual(['a'])
  expect(problems(text, { selection: { names: ['b'], profiles: [] } })).toEqual(['f.yaml:3:20 KPF_VARIABLE_UNSET'])
  expect(problems('forwards:\n  a: svc/a 8080\n  b: svc/$NO 8081\n', { selection: { names: ['a'], profiles: [] } })).toEqual([])
})

test('what a secret variable holds is in no message, whatever is wrong with it', () => {
  const secret = 'canary/1:2:3'
  const fields = [
    'target: "$T"',
    'namespace: "$T"',
    'hold: "$T"',
    'restart: "$T"',
    'drain: { timeout: "$T" }',
    'cluster: "$T"',
    'addresses: ["$T"]',
    'enabled: "$T"',
  ]
  for (const field of fields) {
    const text = `forwards: { a: { ${field.startsWith('target') ? '' : 'target: svc/a, '}ports: [8080], ${field} } }`
    const result = loaded(text, { env: { T: secret } })
    expect(JSON.stringify(result), field).toContain('with ${T} filled in')
    expect(JSON.stringify(result), field).not.toMatch(/canary/)
    const hidden = loaded(text.replace('$T', '$API_TOKEN'), { env: { API_TOKEN: secret } })
    expect(hidden.kind, field).toBe('rejected')
    expect(JSON.stringify(hidden), field).not.toMatch(/canary/)
  }
  expect(JSON.stringify(loaded('forwards: { a: "-l $API_TOKEN 8080" }', { env: { API_TOKEN: '((canary' } }))).not.toContain('canary')
})

test.each([
  ['forwards: { a: "svc/a ${P}:80" }', { P: 'eighty' }, '"${P}" is not a local port'],
  ['forwards: { a: "svc/a ${P}" }', { P: 'x:y z' }, '"…" is not a local port'],
  ['forwards: { a: { target: { kind: pod, name: "$N", labelSelector: "$L" }, ports: [8080] } }', { N: 'canary', L: 'canary=((' }, 'both a name'],
  ['forwards: { a: { target: { kind: "$K", labelSelector: a=b }, ports: [8080] } }', { K: 'Deployment' }, 'kind "${K}" does not go with it'],
  ['description: "${NO:?ask $WHO}"\nforwards: {}', { WHO: 'canary' }, 'the variable NO is not set: ask ${WHO}'],
  ['include: ["$DIR/x.yaml"]\nforwards: {}', { DIR: 'canary-dir' }, '${DIR}/x.yaml'],
])('a message names the variable and not what it holds: %s', (text, env, said) => {
  const result = loaded(text, { env })
  const messages = result.kind === 'rejected' ? result.problems.map(({ message, fix }) => `${message} ${fix}`).join('\n') : ''
  expect(messages).toContain(said)
  expect(messages).not.toMatch(/canary|eighty|x:y|Deployment/)
})

test('the variables of a file are listed, with where they come from', () => {
  const result = loaded('vars: { B: 1 }\ndescription: $A $B ${C_TOKEN:-d}\nforwards: {}', { env: { A: '1' } })
  expect(result.variables).toEqual([
    { name: 'A', from: 'environment', isSecret: false },
    { name: 'B', from: 'vars of f.yaml', isSecret: false },
    { name: 'C_TOKEN', isSecret: true },
  ])
})

test('every file that was asked for is in the snapshot, those that are missing too', async () => {
  const texts: Readonly<Record<string, string>> = { '/p/f.yaml': 'envFile: a.env\nforwards: {}', '/p/a.env': 'A=1' }
  const files = {
    read: async (path: string) => {
      const text = texts[path]
      return text === undefined ? ({ kind: 'missing' } as const) : ({ kind: 'read', bytes: new TextEncoder().encode(text) } as const)
    },
  }
  const { loaded: result, snapshot } = await load([{ path: '/p/f.yaml', shownAs: 'f.yaml' }], { cwd: '/p', flags: {}, envFiles: ['x.env'] }, { files })
  expect([...snapshot.keys()]).toEqual(['/p/x.env', '/p/f.yaml', '/p/a.env', '/p/.env'])
  expect(result.kind === 'rejected' && result.problems.map(({ code }) => code)).toEqual(['KPF_FILE_MISSING'])
})
