/** Projects of several files: includes, overrides, files merged by `-f`, profiles. */
import { expect, test } from 'vitest'
import type { Project } from '../../src/file/forward.ts'
import { load, type Loaded, type LoadOptions } from '../../src/file/load.ts'
import { problemsText } from '../../src/output/problem-text.ts'
import type { FileRead } from '../../src/system/files.ts'

type Texts = Readonly<Record<string, string>>

/** Files under /p; the first is the one that is named, unless `roots` says more. */
async function read(
  texts: Texts,
  { roots = [Object.keys(texts)[0] ?? ''], ...options }: Partial<LoadOptions> & { roots?: readonly string[] } = {},
): Promise<Loaded> {
  const files = {
    read: async (path: string): Promise<FileRead> => {
      const text = texts[path.replace(/^\/p\//, '')]
      return text === undefined ? { kind: 'missing' } : { kind: 'read', bytes: new TextEncoder().encode(text) }
    },
  }
  const named = roots.map((name) => ({ path: name === '-' ? '-' : `/p/${name}`, shownAs: name === '-' ? 'stdin' : name }))
  return (await load(named, { cwd: '/p', flags: {}, ...options }, { files })).loaded
}

async function project(...args: Parameters<typeof read>): Promise<Project> {
  const loaded = await read(...args)
  if (loaded.kind === 'loaded') return loaded.project
  throw new Error(problemsText(loaded.problems, { isAll: true }))
}

async function problems(...args: Parameters<typeof read>): Promise<readonly string[]> {
  const loaded = await read(...args)
  return loaded.kind === 'loaded' ? [] : loaded.problems.map(({ file, line, column, code, message }) => `${file}:${line}:${column} ${code} ${message}`)
}

const ports = ({ forwards }: Project): Readonly<Record<string, readonly unknown[]>> =>
  Object.fromEntries(forwards.map(({ name, ports: own }) => [name, own.map(({ localPort, remotePort }) => `${localPort}:${remotePort}`)]))

test('an included file keeps its directory, context and namespace, and is asked for by its path', async () => {
  const { forwards, name } = await project(
    {
      'forwards.yaml': 'name: shop\ncontext: kind\nnamespace: shop\ninclude: [pay/forwards.yaml, ops.yaml]\nforwards: { web: svc/web 3000:80 }',
      'pay/forwards.yaml': 'name: pay\nnamespace: pay\ninclude: [deep/more.yaml]\nforwards: { ledger: svc/ledger 3001:80 }',
      'pay/deep/more.yaml': 'context: other\nforwards: { deep: svc/deep 3002:80 }',
      'ops.yaml': 'forwards: { ops: svc/ops 3003:80 }',
    },
    { flags: {} },
  )
  expect(name).toBe('shop')
  expect(forwards.map((forward) => [forward.name, forward.access, forward.position.file])).toEqual([
    ['web', { context: 'kind', namespace: 'shop' }, 'forwards.yaml'],
    ['ledger', { context: 'kind', namespace: 'pay' }, 'pay/forwards.yaml'],
    ['deep', { context: 'other' }, 'pay/deep/more.yaml'],
    ['ops', { context: 'kind', namespace: 'shop' }, 'ops.yaml'],
  ])
})

test('aliases of the including file are known in the included one, whose own come first', async () => {
  const { forwards } = await project({
    'f.yaml': 'clusters: { dev: { context: kind }, ops: { context: ops } }\ninclude: [g.yaml]\nforwards: {}',
    'g.yaml': 'clusters: { dev: { context: mine } }\nforwards: { a: --cluster dev svc/a 8080, b: --cluster ops svc/b 8081 }',
  })
  expect(forwards.map(({ access }) => access.context)).toEqual(['mine', 'ops'])
})

test('a prefix stands before the names of a file, and of what that includes', async () => {
  const { forwards } = await project({
    'f.yaml': 'include: [{ path: g.yaml, prefix: pay }, { path: g.yaml, prefix: too, envFile: too.env }]\nforwards: {}',
    'g.yaml': 'vars: { P: 8080 }\ninclude: [{ path: h.yaml, prefix: in, profiles: [deep] }]\nforwards: { a: "svc/a $P:80" }',
    'h.yaml': 'forwards: { b: svc/b 8081 }',
    'too.env': 'P=8090',
  })
  expect(forwards.map(({ name, enabled }) => `${name} ${enabled}`)).toEqual(['pay-a true', 'pay-in-b false', 'too-a true', 'too-in-b false'])
  expect(forwards.map(({ ports: own }) => own[0]?.localPort)).toEqual([8080, 8081, 8090, 8081])
})

test('a name that two files have is a problem with both places', async () => {
  expect(await problems({ 'f.yaml': 'include: [d/g.yaml]\nforwards:\n  a: svc/a 8080\n', 'd/g.yaml': 'forwards: { a: svc/b 8081 }' })).toEqual([
    'd/g.yaml:1:13 KPF_NAME the name "a" is taken by the forward at f.yaml:3:3',
  ])
})

test('two forwards on one endpoint are found across files', async () => {
  expect(await problems({ 'f.yaml': 'include: [g.yaml]\nforwards: { a: svc/a 8080 }', 'g.yaml': 'forwards: { b: svc/b 8080 }' })).toEqual([
    'g.yaml:1:22 KPF_PORT_TAKEN 127.0.0.1:8080 is bound by forward "a" (f.yaml:2) and forward "b"',
  ])
})

test.each<[string, Texts, string]>([
  ['missing', { 'f.yaml': 'forwards: {}\ninclude:\n  - d/no.yaml\n' }, 'f.yaml:3:5 KPF_INCLUDE the file "d/no.yaml" does not exist (f.yaml -> d/no.yaml)'],
  ['itself', { 'f.yaml': 'include: [f.yaml]\nforwards: {}' }, 'f.yaml:1:11 KPF_INCLUDE the file includes itself (f.yaml -> f.yaml)'],
  [
    'a circle',
    { 'f.yaml': 'include: [d/g.yaml]\nforwards: {}', 'd/g.yaml': 'include: [{ path: ../f.yaml }]\nforwards: {}' },
    'd/g.yaml:1:19 KPF_INCLUDE the file includes itself (f.yaml -> d/g.yaml -> f.yaml)',
  ],
  ['a URL', { 'f.yaml': 'include: ["https://x/y.yaml"]\nforwards: {}' }, 'f.yaml:1:11 KPF_INCLUDE "https://x/y.yaml" is a URL: only files can be included'],
  [
    'outside',
    { 'f.yaml': 'include: [/q/g.yaml]\nforwards: {}', '/q/g.yaml': 'forwards: {}' },
    'f.yaml:1:11 KPF_APPROVAL the file "/q/g.yaml" is outside of the project: using it needs approval',
  ],
  ['broken', { 'f.yaml': 'include: [g.yaml]\nforwards: {}', 'g.yaml': 'forwards: [' }, 'g.yaml:1:12 KPF_YAML_SYNTAX'],
  ['no path', { 'f.yaml': 'include: [{ prefix: a }]\nforwards: {}' }, 'f.yaml:1:11 KPF_VALUE_MISSING value missing after "path"'],
  ['no list', { 'f.yaml': 'include: g.yaml\nforwards: {}' }, 'f.yaml:1:10 KPF_VALUE "g.yaml" is not what belongs here'],
])('an include of %s is told where it stands', async (_what, texts, expected) => {
  const [first = '', ...more] = await problems(texts)
  expect([first.slice(0, expected.length), more]).toEqual([expected, []])
})

test('a link that leads out of the project is asked about', async () => {
  const texts: Readonly<Record<string, [string, string]>> = {
    '/p/f.yaml': ['include: [g.yaml, h.yaml]\nforwards: {}', '/real/p/f.yaml'],
    '/p/g.yaml': ['forwards: {}', '/real/p/x/g.yaml'],
    '/p/h.yaml': ['forwards: {}', '/etc/h.yaml'],
  }
  const files = {
    read: async (path: string): Promise<FileRead> => {
      const found = texts[path]
      return found ? { kind: 'read', bytes: new TextEncoder().encode(found[0]), realPath: found[1] } : { kind: 'missing' }
    },
  }
  const { loaded } = await load([{ path: '/p/f.yaml', shownAs: 'f.yaml' }], { cwd: '/p', flags: {} }, { files })
  expect(loaded.kind === 'rejected' && [loaded.needsApproval, loaded.problems.map(({ column }) => column)]).toEqual([true, [19]])
})

test('what is in a file outside of the project is neither used nor told before that file is approved', async () => {
  const texts = {
    'f.yaml': 'include: [/q/g.yaml]\nenvFile: /q/x.env\ndescription: "${X:-none}"\nforwards: {}',
    '/q/g.yaml': 'canary: [',
    '/q/x.env': 'X=canary\ncanary',
  }
  const asked: string[] = []
  const first = await read(texts, { approves: (risks) => asked.push(risks.join('; ')) < 0 })
  expect(JSON.stringify(first)).not.toContain('canary')
  expect([first.kind, asked]).toEqual([
    'rejected',
    ['use the file /q/g.yaml, which is outside of the project; use the file /q/x.env, which is outside of the project'],
  ])
  expect((await problems(texts, { approves: () => true })).map((text) => text.split(' ')[1])).toEqual(['KPF_YAML_SYNTAX', 'KPF_ENV_FILE'])
  const good = { ...texts, '/q/g.yaml': 'forwards: { z: --address 0.0.0.0 svc/z 8080 }', '/q/x.env': 'X=1' }
  expect(await problems(good, { approves: (risks) => risks.length === 2 })).toEqual([
    '/q/g.yaml:1:26 KPF_APPROVAL address 0.0.0.0 can be reached from the network: binding it needs approval',
    'f.yaml:1:11 KPF_APPROVAL the file "/q/g.yaml" is outside of the project: using it needs approval',
    'f.yaml:2:10 KPF_APPROVAL the file "/q/x.env" is outside of the project: using it needs approval',
  ])
  expect((await project(good, { approves: () => true })).description).toBe('1')
})

test('files that include each other without end, or too many, are refused', { timeout: 2_000 }, async () => {
  const deep = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}.yaml`, `include: [f${index + 1}.yaml]\nforwards: {}`]))
  expect((await problems(deep)).map((text) => text.slice(0, 45))).toEqual(['f8.yaml:1:11 KPF_INCLUDE files include each o'])
  const wide = { 'f.yaml': `include: [${Array(120).fill('g.yaml').join(', ')}]\nforwards: {}`, 'g.yaml': 'forwards: {}' }
  expect(new Set((await problems(wide)).map((text) => text.replace(/^\S+/, '')))).toEqual(new Set([' KPF_INCLUDE more than 100 files belong to the project']))
  const doubling = Object.fromEntries(
    Array.from({ length: 8 }, (_, index) => [
      `f${index}.yaml`,
      `include: [{ path: f${index + 1}.yaml, prefix: a }, { path: f${index + 1}.yaml, prefix: b }]\nforwards: {}`,
    ]),
  )
  expect((await problems({ ...doubling, 'f8.yaml': 'forwards: {}' })).length).toBeGreaterThan(0)
})

test('the limit of forwards is for all files together, and costs no time', { timeout: 2_000 }, async () => {
  const part = `forwards:\n${Array.from({ length: 1_500 }, (_, index) => `  f${index}: svc/a ${1_024 + index}\n`).join('')}`
  const texts = { 'f.yaml': 'include: [{ path: g.yaml, prefix: a }, { path: g.yaml, prefix: b }]\nforwards: {}', 'g.yaml': part }
  expect(await problems(texts)).toEqual(['g.yaml:1:1 KPF_YAML_LIMIT 3000 forwards in all files, the limit is 2000'])
})

test('the override beside a found file is laid over it; a named file has none', async () => {
  const texts = {
    'forwards.yaml':
      'namespace: shop\nforwards:\n  a: -n x -l app=a 8080:80 8081\n  b: { target: svc/b, ports: ["8082:80", "8083:81"], hold: { timeout: 1s, window: 5s } }\n',
    'forwards.override.yaml': 'forwards:\n  a: { namespace: y }\n  b: { ports: ["9082:80"], hold: { timeout: 2s } }\n  c: svc/c 8084\n',
  }
  const both = await project(texts, { looksForOverride: true })
  expect(ports(both)).toEqual({ a: ['8080:80', '8081:8081'], b: ['9082:80'], c: ['8084:8084'] })
  expect(both.forwards.map(({ access }) => access.namespace)).toEqual(['y', 'shop', 'shop'])
  expect(both.forwards[0]?.target).toEqual({ kind: 'selector', labelSelector: 'app=a' })
  expect(both.forwards[1]?.hold).toMatchObject({ timeoutMs: 2_000, windowMs: 5_000 })
  expect(Object.keys(ports(await project(texts)))).toEqual(['a', 'b'])
})

test('several files are merged from left to right, each with its places', async () => {
  const texts = {
    'a.yaml': 'forwards: { a: -c web pod/a 8080 }',
    'd/b.yaml': 'kubeconfig: k\nforwards: { a: svcs/x 81, b: svc/b 8081 }',
    'c.yaml': 'forwards: { a: { ports: [8085] } }',
  }
  expect(await problems(texts, { roots: ['a.yaml', 'd/b.yaml'] })).toEqual([
    'd/b.yaml:1:13 KPF_APPROVAL a kubeconfig named by the file can run programs: it needs approval',
    'd/b.yaml:2:16 KPF_TARGET unknown kind "svcs"',
  ])
  const { forwards } = await project(texts, { roots: ['a.yaml', 'c.yaml'] })
  expect(forwards[0]).toMatchObject({ target: { kind: 'pod', name: 'a', container: 'web' }, ports: [{ localPort: 8085 }] })
})

test('a path is meant from the file that it stands in, also after a merge', async () => {
  const loaded = await read(
    { 'a.yaml': 'forwards: { a: svc/a 8080 }', 'd/b.yaml': 'kubeconfig: k\nenvFile: b.env\nnamespace: $N', 'd/b.env': 'N=shop' },
    { roots: ['a.yaml', 'd/b.yaml'] },
  )
  expect(loaded.kind === 'rejected' && loaded.problems.map(({ code }) => code)).toEqual(['KPF_APPROVAL'])
})

test('variables are filled in before files are merged, and what is replaced may be unset', async () => {
  const texts = { 'a.yaml': 'vars: { N: a }\ndescription: $N\nnamespace: $NO\nforwards: {}', 'b.yaml': 'vars: { N: b }\nnamespace: shop\n' }
  expect((await project(texts, { roots: ['a.yaml', 'b.yaml'] })).description).toBe('b')
})

test('profiles: without any a forward is always started', async () => {
  const texts = {
    'f.yaml':
      'forwards:\n  a: svc/a 8080\n  b: { target: svc/b, ports: [8081], profiles: [ops, debug] }\n  c: { target: svc/$NO, ports: [8082], profiles: [rare] }\n',
  }
  const started = async (profiles: readonly string[], names: readonly string[] = []): Promise<string> =>
    (await project(texts, { selection: { profiles, names }, env: names.length > 0 || profiles.includes('*') ? { NO: 'c' } : {} })).forwards
      .filter(({ enabled }) => enabled)
      .map(({ name }) => name)
      .join(' ')
  expect([await started([]), await started(['debug']), await started(['*']), await started([], ['b'])]).toEqual(['a', 'a b', 'a b c', 'b'])
  expect((await project(texts)).profiles).toEqual(['debug', 'ops', 'rare'])
})

test('a port offset moves every local port', async () => {
  const texts = { 'f.yaml': 'forwards:\n  a: svc/a 8080:80\n  b: { target: svc/b, ports: [{ localPort: 8081, remotePort: 80 }] }\n' }
  expect(ports(await project(texts, { portOffset: 1_000 }))).toEqual({ a: ['9080:80'], b: ['9081:80'] })
  expect(await problems(texts, { portOffset: 57_455 })).toEqual(['f.yaml:3:31 KPF_PORT local port 8081 is above 65535 with --port-offset 57455'])
})
