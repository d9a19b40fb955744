/**
 * `npm run test:e2e [-- --only NAME] [--mode MODE]`: builds what the suite needs and runs
 * it against a real control plane: all of it on the newest server and `modes.test.ts` on
 * each, or all of it on the one that is named. In CI a missing tool is a failure, never a skip.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { browser } from './rig/browser.ts'
import { clusterBinary } from './rig/build.ts'
import { askedMode, modeVariable } from './rig/modes.ts'

const { values } = parseArgs({ options: { only: { type: 'string' }, mode: { type: 'string' } }, allowPositionals: true })

const mode = values.mode === undefined ? {} : { [modeVariable]: values.mode }
// Before anything is built.
askedMode(mode)

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1
}

/** What Debian has and the suite uses: a file of it, and its package. */
const packages: readonly (readonly [string, string])[] = [
  ['/usr/lib/postgresql', 'postgresql'],
  ['/usr/bin/pgbench', 'postgresql-contrib'],
  ['/sbin/ip', 'iproute2'],
  ['/usr/bin/openssl', 'openssl'],
  ['/usr/bin/tinyproxy', 'tinyproxy'],
  ['/usr/bin/stunnel', 'stunnel4'],
  ['/usr/bin/microsocks', 'microsocks'],
  ['/usr/bin/zsh', 'zsh'],
  ['/usr/bin/fish', 'fish'],
  ['/usr/bin/tmux', 'tmux'],
]

/** A program in a pod, proxies, certificates: installed where they are missing. */
function installPackages(): void {
  const missing = packages.filter(([file]) => !existsSync(file)).map(([, name]) => name)
  if (missing.length === 0) return
  if (process.env['CI'] === undefined && process.getuid?.() !== 0) throw new Error(`install these packages: ${missing.join(' ')}`)
  if (run('apt-get', ['update', '-q']) !== 0 || run('apt-get', ['install', '-qy', '--no-install-recommends', ...missing]) !== 0)
    throw new Error(`could not be installed: ${missing.join(' ')}`)
}

/** What draws the diagrams. Without it `diagram.test.ts` fails in CI, and is skipped elsewhere. */
function installBrowser(): void {
  const mayInstall = process.env['CI'] !== undefined || process.getuid?.() === 0
  if (browser !== undefined || !mayInstall) return
  if (run('apt-get', ['update', '-q']) !== 0 || run('apt-get', ['install', '-qy', '--no-install-recommends', 'chromium']) !== 0)
    console.error('chromium could not be installed: diagrams are not drawn')
}

installPackages()
installBrowser()
await clusterBinary()
if (run('npm', ['run', '--silent', 'build']) !== 0) process.exit(1)
const only = values.only === undefined ? [] : ['-t', values.only]
process.exit(run('vitest', ['run', '--project', 'e2e', '--no-file-parallelism', ...only], mode))
