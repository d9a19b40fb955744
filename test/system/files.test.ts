/** What a file is told apart by when it is not read again. */
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { realFiles, stampOf } from '../../src/system/files.ts'

test('a file that was written long ago has a stamp, and keeps it', async () => {
  const path = fileURLToPath(new URL('../../LICENSE', import.meta.url))
  const read = await realFiles.read(path, 1_000_000)
  expect(read).toMatchObject({ kind: 'read', stamp: await stampOf(path) })
  expect(await stampOf(`${path}.none`)).toBeUndefined()
})

test('one that was just written has none: it may be written again at the same time', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kpf-files-'))
  const path = join(dir, 'forwards.yaml')
  await writeFile(path, 'forwards: {}\n')
  expect(await realFiles.read(path, 1_000)).not.toHaveProperty('stamp')
  await rm(dir, { recursive: true })
})

test('an edit of the same length whose time was put back has another stamp', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kpf-files-'))
  const path = join(dir, 'forwards.yaml')
  await writeFile(path, 'port: 1\n')
  const before = await stampOf(path)
  const { atime, mtime } = await stat(path)
  // The disk's clock has steps.
  await expect
    .poll(async () => {
      await writeFile(path, 'port: 2\n')
      await utimes(path, atime, mtime)
      return stampOf(path)
    })
    .not.toBe(before)
  await rm(dir, { recursive: true })
})
