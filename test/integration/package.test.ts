/** The package as users get it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

test('what starts first imports nothing of third parties', async () => {
  const { readFileSync } = await import('node:fs')
  const entry = readFileSync(join(root, 'dist/kpf.js'), 'utf8')
  const statics = [...entry.matchAll(/\b(?:import|from)\s*["'`]([^"'`]+)["'`]/g)].map(([, from]) => from)
  expect(statics).toContain('node:module')
  // By its default: an old Node.js must live to be told that it is too old.
  expect(entry).not.toMatch(/import\s*\{[^}]*\}\s*from\s*["']node:module/)
  expect(statics.filter((from) => !from?.startsWith('node:') && !from?.startsWith('./chunks/'))).toEqual([])
  expect(entry.length).toBeLessThan(16_000)
})
