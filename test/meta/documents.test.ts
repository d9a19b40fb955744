/** What is written about the code is held true. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { cliMarkdown } from '../../src/cli/help/help-markdown.ts'
import { catalogue, markdown } from '../../src/doctor/catalogue.ts'
import { fileDocument } from '../../src/file/file-doc.ts'
import { jsonSchema } from '../../src/file/json-schema.ts'
import { failureClasses } from '../../src/tunnel/failure.ts'
import { version } from '../../src/version.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

test('the committed schema is the one that the code makes', () => {
  expect(JSON.parse(read('schema/forwards.schema.json'))).toEqual(JSON.parse(JSON.stringify(jsonSchema())))
})

test('docs/file.md is the one that the code makes', () => {
  expect(read('docs/file.md')).toBe(fileDocument())
})

test('the version is that of the package', () => {
  expect(JSON.parse(read('package.json')).version).toBe(version)
})

test('every code is explained by `kpf explain`, and every code explained there exists', () => {
  const used = new Set<string>(Object.keys(failureClasses))
  const scan = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) scan(path)
      else for (const [code] of read(path).matchAll(/(?<=')KPF_[A-Z_]+(?=')/g)) used.add(code)
    }
  }
  scan('src')
  // Variables of the environment.
  for (const name of ['KPF_TIMEOUT', 'KPF_PROFILES']) used.delete(name)
  expect(catalogue.map(({ code }) => code).toSorted()).toEqual([...used].toSorted())
})

test('docs/errors.md is the one that the catalogue makes, with every code in it', () => {
  const page = read('docs/errors.md')
  expect(page).toBe(markdown())
  const explained = [...page.matchAll(/^\| `(KPF_[A-Z_]+)`/gm)].map(([, code]) => code ?? '')
  expect(explained).toEqual(catalogue.map(({ code }) => code))
})

test('docs/cli.md is the one that the verb table makes, and the README leads to it', () => {
  expect(read('docs/cli.md')).toBe(cliMarkdown())
  expect(read('README.md')).toContain('(docs/cli.md)')
})

test('README and ARCHITECTURE keep their size', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(151)
  expect(read('ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(201)
})
