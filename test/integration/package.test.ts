/** The package as users get it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { version } from '../../src/version.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'kpf-pack-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

// npm runs on the runtime of the tests, whatever the machine's own is.
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

test('the tarball installs into an empty folder and runs there', () => {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], root)) as readonly {
    filename: string
    files: readonly { path: string }[]
  }[]
  expect(
    packed?.files.map(({ path }) => path).filter((path) => !/^(dist|schema|examples|docs)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path)),
  ).toEqual([])
  writeFileSync(join(dir, 'package.json'), '{ "private": true }')
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(dir, packed?.filename ?? '')], dir)
  expect(run(join(dir, 'node_modules/.bin/kpf'), ['--version'], dir)).toBe(`kpf ${version}\n`)
  expect(run(join(dir, 'node_modules/.bin/kubectl-kpf'), ['version'], dir)).toBe(`kpf ${version}\n`)
  // Its types need nothing but themselves.
  writeFileSync(join(dir, 'use.ts'), "import type { ForwardsFile } from 'kpf'\nexport const file: ForwardsFile = { forwards: { web: 'svc/web 3000:80' } }\n")
  run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '--strict', '--module', 'nodenext', '--types', '', 'use.ts'], dir)
  writeFileSync(join(dir, 'forwards.yaml'), 'forwards:\n  web: svc/web 3000:80\n')
  expect(run(join(dir, 'node_modules/.bin/kpf'), ['check'], dir)).toBe('forwards.yaml: 1 forward, no problems\n')
}, 120_000)

test('what starts first is small, and imports nothing', () => {
  const first = readFileSync(join(root, 'dist/kpf.js'), 'utf8')
  expect(first).not.toMatch(/\bimport\b(?!\()/)
  // An old Node.js must live to be told that it is too old, and has no such function.
  expect(first).not.toMatch(/getBuiltinModule(?!\?\.\()/)
  expect(first.length).toBeLessThan(6_000)
})

test('no other part imports a built-in: it would be asked for everything that it has', () => {
  const chunks = join(root, 'dist/chunks')
  const parts = readdirSync(chunks)
  expect(parts.length).toBeGreaterThan(10)
  expect(parts.filter((name) => /\bfrom\s*["'`]node:/.test(readFileSync(join(chunks, name), 'utf8')))).toEqual([])
})

test('no part only passes names on: it would be found and linked for nothing', () => {
  const chunks = join(root, 'dist/chunks')
  const isFacade = (name: string): boolean => /^export\s*\{[^}]*\}\s*from\s*["'`][^"'`]*["'`];?\s*$/.test(readFileSync(join(chunks, name), 'utf8'))
  expect(readdirSync(chunks).filter(isFacade)).toEqual([])
})

test('only the verb that prints a JSON Schema reads what makes one', () => {
  const chunks = join(root, 'dist/chunks')
  const makers = readdirSync(chunks).filter((name) => readFileSync(join(chunks, name), 'utf8').includes('json-schema.org/draft-07'))
  expect(makers.map((name) => name.split('-')[0])).toEqual(['schema'])
})

test('all functions of the large parts are in the cache of compiled code, and no verb throws out what another has put there', () => {
  const cache = join(dir, 'cache')
  const kept = (): readonly { readonly path: string; readonly size: number; readonly writtenMs: number }[] =>
    readdirSync(cache, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path, size: statSync(path).size, writtenMs: statSync(path).mtimeMs }))
      .toSorted((a, b) => b.size - a.size)
  const verbs = ['completion bash', '__complete bash u', 'help', 'ls', 'wait', 'logs', 'check', 'config', 'plan', 'up --dry-run', 'explain KPF_POD_GONE']
  const runAll = (): void => {
    for (const verb of verbs) {
      const file = verb.includes('complet') ? [] : ['-f', 'examples/one-service/forwards.yaml']
      spawnSync(process.execPath, [join(root, 'dist/kpf.js'), ...verb.split(' '), ...file], {
        cwd: root,
        env: { ...env, XDG_CACHE_HOME: cache, XDG_STATE_HOME: dir, KUBECONFIG: join(dir, 'none') },
        stdio: 'ignore',
      })
    }
  }
  runAll()
  const first = kept()
  const part = (name: string): number =>
    statSync(join(root, 'dist/chunks', readdirSync(join(root, 'dist/chunks')).find((file) => file.startsWith(name)) ?? '')).size
  expect(first[0]?.size).toBeGreaterThan(2 * part('core-'))
  expect(first.some(({ size }) => size > 2 * part('start-') && size < part('core-'))).toBe(true)
  runAll()
  expect(kept()).toEqual(first)
})

test('the parts of a run and of a question are few', () => {
  // What `up` reads at its start; `ps` reads all but the core. One more is half a millisecond.
  const isRead = (path: string, seen: Set<string>): Set<string> => {
    if (seen.has(path)) return seen
    seen.add(path)
    for (const [, from = ''] of readFileSync(path, 'utf8').matchAll(/(?:^|;)import[^;]*?["'`](\.[^"'`]+)["'`]/gm)) isRead(join(dirname(path), from), seen)
    return seen
  }
  const part = (name: string): string =>
    join(root, 'dist/chunks', readdirSync(join(root, 'dist/chunks')).find((file) => file.startsWith(`${name}-`) && !file.startsWith('start-stop')) ?? '')
  // The start is found by its own name and by that of the part that it is in.
  expect(isRead(part('core'), isRead(part('start'), new Set())).size).toBeLessThanOrEqual(4)
})
