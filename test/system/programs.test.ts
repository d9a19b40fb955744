import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { programsNamed } from '../../src/system/programs.ts'

let dir: string
beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'kpf-path-')))
  for (const name of ['a', 'b', 'c', 'd']) await mkdir(join(dir, name))
  await writeFile(join(dir, 'a', 'tool'), 'text')
  for (const name of ['b', 'd']) {
    await writeFile(join(dir, name, 'tool'), '#!/bin/sh\n')
    await chmod(join(dir, name, 'tool'), 0o755)
  }
  await symlink(join(dir, 'd', 'tool'), join(dir, 'c', 'tool'))
})
afterAll(() => rm(dir, { recursive: true }))

test('what can be run is found in the order of PATH, each program once', async () => {
  const path = ['missing', 'a', 'b', 'c', 'd'].map((name) => join(dir, name)).join(delimiter)
  expect(await programsNamed('tool', `${path}${delimiter}`)).toEqual([join(dir, 'b', 'tool'), join(dir, 'd', 'tool')])
})
