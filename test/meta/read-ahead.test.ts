/** What a running supervisor may read later is read ahead: an update of kpf takes the files away under it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

/** Rooms whose code is part of a running supervisor. */
const rooms = ['cluster', 'supervisor', 'tunnel', 'control', 'output', 'file', 'system', 'cli/up']

/** Imports at run time that may be made late, each with its reason. */
const known: Readonly<Record<string, string>> = {
  'cluster/later.ts: ./exec-plugin.ts': 'read ahead',
  'cluster/later.ts: ./oidc-issuer.ts': 'read ahead',
  'cluster/connect.ts: ./proxy-connect.ts': 'read ahead',
  'cluster/proxy-connect.ts: socks': 'read ahead',
  'cli/up/read-ahead.ts: ./drift.ts': 'read ahead',
  'cli/up/up.ts: ../file/plan.ts': '--dry-run ends at once',
  'cli/up/up.ts: ./detach.ts': 'who starts the background leaves',
  'cli/up/up-run.ts: ../../system/log-file.ts': 'the first thing that a detached run opens',
  'system/log-file.ts: rotating-file-stream': 'with the log',
  'cli/up/up-run.ts: ../../control/server.ts': 'within the first second',
  'cli/up/up-run.ts: ./service-manager.ts': 'before the first forward, if at all',
  'cli/up/up-run.ts: ../../system/systemd-notify.ts': 'before the first forward, if at all',
  'cli/up/up-run.ts: ./ports-file.ts': 'once the ports are bound, if at all',
  'cli/up/ports-file.ts: ../../system/whole-file.ts': 'with the first text of the file of ports',
  'cli/up/watch-files.ts: ../../system/watching.ts': 'with the first watch, if at all',
  'system/watching.ts: chokidar': 'with the first watch',
}

test('every import at run time is read ahead, or has a reason', () => {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => rooms.some((room) => file.startsWith(`${room}/`)))
  const found = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/(?<!typeof )\bimport\('([^']+)'\)/g)]
      .filter(([, from]) => !from?.startsWith('node:'))
      .map(([, from]) => `${file}: ${from}`),
  )
  // One place each: Node looks for the file again when another module asks for it.
  expect(found.toSorted()).toEqual(Object.keys(known).toSorted())
})
