import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { editFile } from '../../src/system/edit-file.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kpf-edit-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('the text is replaced whole, with its mode, and the lock is gone', async () => {
  const path = join(directory, 'config')
  writeFileSync(path, 'a')
  chmodSync(path, 0o640)
  const inode = statSync(path).ino
  expect(await editFile(path, (text) => `${text}b`)).toBe('written')
  expect(readFileSync(path, 'utf8')).toBe('ab')
  expect(statSync(path).mode & 0o777).toBe(0o640)
  expect(statSync(path).ino).not.toBe(inode)
  expect(readdirSync(directory)).toEqual(['config'])
})

test('a link stays a link', async () => {
  writeFileSync(join(directory, 'real'), 'a')
  symlinkSync('real', join(directory, 'config'))
  await editFile(join(directory, 'config'), () => 'b')
  expect(lstatSync(join(directory, 'config')).isSymbolicLink()).toBe(true)
  expect(readFileSync(join(directory, 'real'), 'utf8')).toBe('b')
})

test('a file that is locked is left alone, and so is the lock', async () => {
  const path = join(directory, 'config')
  writeFileSync(path, 'a')
  writeFileSync(`${path}.lock`, '')
  expect(await editFile(path, () => 'b')).toBe('locked')
  expect(readFileSync(path, 'utf8')).toBe('a')
  expect(existsSync(`${path}.lock`)).toBe(true)
})

test('a change that fails leaves everything as it was', async () => {
  const path = join(directory, 'config')
  writeFileSync(path, 'a')
  await expect(
    editFile(path, () => {
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(readdirSync(directory)).toEqual(['config'])
})
