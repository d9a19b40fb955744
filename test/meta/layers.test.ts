/** Who may import whom, what nobody may use, and how large things may get. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
const text = (file: string): string => readFileSync(join(root, file), 'utf8')

interface Import {
  readonly from: string
  readonly isType: boolean
}

/** The import lines of a file; `import type`, or nothing but `type` names, is erased. */
function imports(file: string): readonly Import[] {
  return [...text(file).matchAll(/^\s*(?:import|export)\s+(type\s+)?([^'";]*?\s+from\s+)?'([^']+)'|import\('([^']+)'\)/gms)].map(
    ([, type, names, from, dynamic]) => ({
      from: from ?? dynamic ?? '',
      isType: type !== undefined || (names !== undefined && /^\{(\s*type\s+[\w\s]+,?)+\s*\}/.test(names)),
    }),
  )
}

/** Folder -> what it may import; `types:` folders only as types, `node:` built-ins, packages by name. */
const table: Readonly<Record<string, readonly string[]>> = {
  system: ['node:*', 'chokidar', 'rotating-file-stream'],
  file: ['types:system', 'node:path', 'yaml', 'zod/mini', 'fastest-levenshtein'],
  tunnel: ['types:system', 'node:net', 'node:stream', 'node:crypto', 'ws'],
  cluster: [
    'tunnel',
    'types:system',
    'system/errno.ts',
    ...['https', 'http', 'net', 'tls', 'dns', 'crypto', 'child_process', 'path', 'stream'].map((name) => `node:${name}`),
    '@kubernetes/client-node/dist/config_types.js',
    'socks',
    'fastest-levenshtein',
  ],
  supervisor: ['file', 'cluster', 'tunnel', 'types:system', 'node:net', 'node:path'],
  trace: ['file', 'cluster', 'tunnel', 'types:system', 'output/wrapped.ts', 'node:zlib'],
  rbac: ['types:file', 'cluster', 'tunnel', 'trace/permissions.ts', 'trace/reviews.ts'],
  doctor: ['file', 'cluster', 'tunnel', 'types:system', 'trace/permissions.ts', 'trace/reviews.ts', 'output/wrapped.ts'],
  output: ['types:file', 'types:supervisor', 'types:trace', 'types:control', 'node:util', 'supervisor/plan.ts'],
  control: [
    ...['types:file', 'types:supervisor', 'supervisor/iso-time.ts', 'types:system', 'system/user-folders.ts', 'system/errno.ts', 'output'],
    ...['node:http', 'node:net', 'node:path', 'node:fs/promises', '@noble/hashes/sha2.js', '@noble/hashes/utils.js'],
  ],
  sandbox: ['tunnel', 'system', 'node:*', 'selfsigned', 'ws'],
  cli: [
    'file',
    'cluster',
    'supervisor',
    'tunnel',
    'trace',
    'doctor',
    'rbac',
    'output',
    'control',
    'sandbox',
    'system',
    'version.ts',
    ...['path', 'process', 'util', 'http', 'fs/promises', 'os', 'stream'].map((name) => `node:${name}`),
  ],
  'main.ts': ['cli', 'system', 'version.ts', 'node:os'],
  'index.ts': ['types:file', 'types:supervisor'],
  'version.ts': [],
}

function folderOf(file: string): string {
  return file.split('/')[1] ?? ''
}

function isAllowed(file: string, { from, isType }: Import): boolean {
  const allowed = table[folderOf(file)] ?? []
  if (!from.startsWith('.')) return allowed.includes(from) || (from.startsWith('node:') && allowed.includes('node:*'))
  const target = relative(join(root, 'src'), join(root, dirname(file), from))
  const folder = target.split('/')[0] ?? ''
  if (folder === folderOf(file)) return true
  return allowed.includes(folder) || allowed.includes(target) || (isType && allowed.includes(`types:${folder}`))
}

test('every import is in the table', () => {
  const wrong = files.flatMap((file) =>
    imports(file)
      .filter((found) => !isAllowed(file, found))
      .map((found) => `${file} imports ${found.from}`),
  )
  expect(wrong).toEqual([])
})

/** Room of `cli` -> the rooms beside it that it may import; all of them may what lies in `cli` itself. */
const cliRooms: Readonly<Record<string, readonly string[]>> = {
  ask: [],
  file: ['ask'],
  up: ['ask', 'file'],
  'ad-hoc': ['up', 'file'],
  demo: ['up'],
  diagnose: ['ask', 'file'],
  completion: ['ask'],
  help: [],
}

test('a room of the command line imports only the rooms below it', () => {
  const roomOf = (file: string): string | undefined => /^src\/cli\/([^/]+)\//.exec(file)?.[1]
  const wrong = files.flatMap((file) => {
    const room = roomOf(file)
    if (room === undefined) return []
    const near = [room, ...(cliRooms[room] ?? [])]
    return imports(file)
      .map(({ from }) => join(dirname(file), from))
      .filter((target) => !near.includes(roomOf(target) ?? room))
      .map((target) => `${file} imports ${target}`)
  })
  expect(wrong).toEqual([])
})

test('no file imports itself by a detour', () => {
  const graph = new Map(
    files.map((file) => [
      file,
      imports(file)
        .filter(({ from, isType }) => from.startsWith('.') && !isType)
        .map(({ from }) => join(dirname(file), from)),
    ]),
  )
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  // Verbs are read when they run: the table of verbs names them, and they name its types.
  for (const file of files) visit(file, [])
  expect(cycles.filter((cycle) => !cycle.includes('verbs.ts'))).toEqual([])
})

test('time, chance and the process reach the code only as parameters', () => {
  const banned = /\b(Date\.now|new Date|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|AbortSignal\.timeout|console\.\w|process\.\w)/
  const free = /^src\/(system|sandbox|main\.ts)/
  const found = files
    .filter((file) => !free.test(file))
    .flatMap((file) => {
      const match = banned.exec(text(file).replace(/^\s*(\/\/|\*|\/\*).*$/gm, ''))
      return match ? [`${file}: ${match[0]}`] : []
    })
  expect(found).toEqual([])
})

test('no module keeps state', () => {
  const found = files.flatMap((file) => (/^(let|var)\s/m.test(text(file)) ? [file] : []))
  expect(found).toEqual([])
})

test('pure files import only types and each other', () => {
  const pure = [
    ...[
      'parse',
      'scalars',
      'shape',
      'shape-check',
      'resolve',
      'problems',
      'entry',
      'short-form',
      'port-text',
      'target-text',
      'document',
      'duration',
      'limits',
      'planned',
      'json-schema',
      'read-tree',
      'endpoints',
      'printable',
      'wording',
      'addresses',
      'acting-as',
      'yaml-edit',
      'yaml-add',
      'interpolate',
      'references',
      'relations',
      'fields',
      'file-doc',
      'file-examples',
      'config-text',
      'explain',
      'starter',
      'auto-ports',
      'merge',
      'include',
      'env-file',
      'variables',
      'plain',
      'retype',
      'text-of',
      'selection',
      'policies',
      'access',
      'approval',
      'blame',
      'veil',
      'snippets',
    ].map((name) => `src/file/${name}.ts`),
    ...['plan', 'describe', 'events', 'hold', 'listener-machine', 'target-facts', 'iso-time', 'obstacle'].map((name) => `src/supervisor/${name}.ts`),
    ...[
      'pick',
      'failure',
      'selector',
      'pod-facts',
      'kube-object',
      'picture',
      'impersonation',
      'access-rule',
      'nearest',
      'time',
      'expected',
      'kubectl-words',
      'role-hint',
    ].map((name) => `src/cluster/${name}.ts`),
    ...['spdy', 'websocket', 'channel', 'refusals', 'refusal-status', 'escape', 'backoff', 'failure', 'lane-machine', 'keepalive'].map(
      (name) => `src/tunnel/${name}.ts`,
    ),
    'src/system/errno.ts',
    'src/trace/permissions.ts',
    ...['needs', 'role'].map((name) => `src/rbac/${name}.ts`),
    ...['finding', 'facts', 'machine-rules', 'cluster-rules', 'forward-rules', 'live-rules', 'report'].map((name) => `src/doctor/${name}.ts`),
    ...['file-codes', 'run-codes', 'catalogue'].map((name) => `src/doctor/${name}.ts`),
    ...['words', 'problem-text', 'github-text', 'event-text', 'jsonl', 'table', 'table-rows', 'ps-table', 'columns', 'wrapped', 'window', 'log-text'].map(
      (name) => `src/output/${name}.ts`,
    ),
  ]
  const packages = ['yaml', 'zod/mini', 'fastest-levenshtein', 'node:util']
  const wrong = pure.flatMap((file) =>
    imports(file)
      .filter(({ from, isType }) => !isType && !packages.includes(from) && !pure.includes(join(dirname(file), from)))
      .map(({ from }) => `${file} imports ${from}`),
  )
  expect(wrong).toEqual([])
})

test('files stay small enough to be read at once', () => {
  const long = files.filter((file) => text(file).split('\n').length > 301)
  expect(long).toEqual([])
})

test('each file says first what it is', () => {
  const silent = files.filter((file) => !/^(#!.*\n)?\/\*\*/.test(text(file)))
  expect(silent).toEqual([])
})

test('no test sleeps', () => {
  const tests = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !/test\/(e2e|bench|meta)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
  const sleepers = tests.filter((file) => /\bsetTimeout\(|\b(setTimeout|scheduler)\b.*timers\/promises/.test(readFileSync(file, 'utf8')))
  expect(sleepers.map((file) => relative(root, file))).toEqual([])
})
