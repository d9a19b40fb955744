/** What is remembered between runs is in a folder that nobody else can touch. */
import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { digest, readState, writeState } from '../../src/system/state.ts'
import { stateFolder } from '../../src/system/user-folders.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kpf-state-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test.each([
  [{}, 'linux', '/home/dev/.local/state/kpf'],
  [{ XDG_STATE_HOME: '/s' }, 'linux', '/s/kpf'],
  [{ XDG_STATE_HOME: 'relative' }, 'linux', '/home/dev/.local/state/kpf'],
  [{}, 'darwin', '/home/dev/Library/Application Support/kpf'],
])('with %j on %s it is in %s', (env, platform, folder) => {
  expect(stateFolder(env, '/home/dev', platform)).toBe(folder)
})

test('what is written is read again, and only by its owner', async () => {
  const folder = join(dir, 'kpf')
  expect(await readState(folder, 'a.json')).toBeUndefined()
  expect(await writeState(folder, 'a.json', 'one')).toBeUndefined()
  expect(await writeState(folder, 'a.json', 'two')).toBeUndefined()
  expect(await readState(folder, 'a.json')).toBe('two')
  expect([(await stat(folder)).mode & 0o777, (await stat(join(folder, 'a.json'))).mode & 0o777]).toEqual([0o700, 0o600])
  expect(await readdir(folder)).toEqual(['a.json'])
})

test('a folder that others can write, a link in its place, and a linked file are not relied on', async () => {
  const folder = join(dir, 'kpf')
  await writeState(folder, 'a.json', 'one')
  await chmod(folder, 0o777)
  expect([await readState(folder, 'a.json'), await writeState(folder, 'a.json', 'two')]).toEqual([
    undefined,
    `${folder} can be written by others: chmod 700 it`,
  ])
  await chmod(folder, 0o700)
  await symlink(folder, join(dir, 'link'))
  expect([await readState(join(dir, 'link'), 'a.json'), await writeState(join(dir, 'link'), 'a.json', 'x')]).toEqual([
    undefined,
    `${join(dir, 'link')} is not a directory`,
  ])
  await writeFile(join(dir, 'planted'), 'planted')
  await symlink(join(dir, 'planted'), join(folder, 'b.json'))
  expect(await readState(folder, 'b.json')).toBeUndefined()
})

test('where it cannot be written the reason is told', async () => {
  await writeFile(join(dir, 'file'), '')
  expect(await writeState(join(dir, 'file'), 'a.json', '')).toContain('EEXIST')
  expect(await writeState(join(dir, 'file', 'kpf'), 'a.json', '')).toContain('ENOTDIR')
})

test('two texts have two digests', () => {
  expect(digest('a')).toMatch(/^[0-9a-f]{64}$/)
  expect(digest('a')).not.toBe(digest('b'))
})
