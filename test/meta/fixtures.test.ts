/** No fixture is left behind by the test that it was for. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Folder of test/fixtures -> the test that owns it, and the kinds of file it reads of each case. */
const owners: Readonly<Record<string, { readonly test: string; readonly kinds: readonly string[] }>> = {
  bad: { test: 'test/file/fixtures.test.ts', kinds: ['txt', 'yaml'] },
  corpus: { test: 'test/integration/fuzzer.ts', kinds: ['yaml'] },
}

test('each folder of fixtures has a test that owns it, and that reads it', () => {
  expect(readdirSync(join(root, 'test/fixtures')).toSorted()).toEqual(Object.keys(owners).toSorted())
  const strangers = Object.entries(owners).filter(([folder, owner]) => !readFileSync(join(root, owner.test), 'utf8').includes(`test/fixtures/${folder}`))
  expect(strangers).toEqual([])
})

test.each(Object.entries(owners))('each case in %s has all the files that its test reads, and no other file is there', (folder, { kinds }) => {
  const files = readdirSync(join(root, 'test/fixtures', folder))
  const cases = new Set(files.map((file) => file.replace(/\.[^.]*$/, '')))
  expect(files.toSorted()).toEqual([...cases].flatMap((name) => kinds.map((kind) => `${name}.${kind}`)).toSorted())
})
