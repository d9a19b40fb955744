/** The file of ports says what is, also when that changes while it is written. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepPortsFile } from '../../../src/cli/up/ports-file.ts'
import type { Event } from '../../../src/supervisor/events.ts'

test('a pod that is found while the file is written the first time is in it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kpf-ports-'))
  const path = join(dir, 'ports.json')
  const over = new AbortController()
  const listeners: ((event: Event) => void)[] = []
  let exports: Readonly<Record<string, string>> = { WEB_PORT: '3000' }
  const told = {
    subscribe: (listener: (event: Event) => void) => {
      listeners.push(listener)
      return () => {}
    },
    onEndpoint: () => () => {},
    snapshot: () => ({ nowMs: 0, generation: 1, rows: [] }),
    forward: () => undefined,
    warn: () => {},
  }
  const run = { ending: { isBegun: false }, status: () => ({ forwards: [] }), exports: () => ({ exports, missing: {} }) }
  const first = keepPortsFile(told, run, { path, signal: over.signal })
  exports = { WEB_PORT: '3000', PAGE: 'http://localhost:3000/web-0' }
  for (const listener of listeners) listener({ type: 'config-applied' } as Event)
  await first
  await expect.poll(async () => JSON.parse(await readFile(path, 'utf8')).exports).toEqual(exports)
  over.abort()
  await rm(dir, { recursive: true })
})
