/**
 * Every bad file of the catalogue with the whole text that is printed for it, and what an
 * editor's schema check says of the same file.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadBytes } from '../../src/file/load.ts'
import { exportsOf } from '../../src/file/references.ts'
import { problemsText } from '../../src/output/problem-text.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const bad = join(root, 'test/fixtures/bad')
const fixtures = readdirSync(bad).filter((name) => name.endsWith('.yaml'))
const examples = readdirSync(join(root, 'examples'))
const isNewText = process.env['KPF_UPDATE_FIXTURES'] === '1'

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
const validate = ajv.compile(JSON.parse(readFileSync(join(root, 'schema/forwards.schema.json'), 'utf8')))

const SECRET = 's3cr3t'
/** What stands around each of them. */
const around = {
  directory: '/home/dev/shop',
  flags: {},
  env: { EMPTY: '', WORD: 'eighty', LARGE: '99999', API_TOKEN: `${SECRET}:1`, BELL: '\u0007' },
  others: { 'C45.env': `A=1\nexport B='open\nC=${SECRET}\n`, 'eighty.env': `1A=${SECRET}\nD="x" ${SECRET}\nE\n` },
}

function printed(file: string): string {
  const loaded = loadBytes(file, readFileSync(join(bad, file)), around)
  if (loaded.kind === 'loaded') return 'no problems\n'
  return `exit ${loaded.needsApproval ? 9 : 2}\n${problemsText(loaded.problems, { isAll: true })}\n`
}

function verdict(path: string): string {
  try {
    return validate(parse(readFileSync(path, 'utf8'), { merge: true, uniqueKeys: false, maxAliasCount: -1, logLevel: 'error' })) ? 'valid' : 'invalid'
  } catch {
    return 'invalid'
  }
}

test.each(fixtures)('%s prints the problems that stand beside it', (file) => {
  const beside = join(bad, file.replace(/yaml$/, 'txt'))
  if (isNewText) writeFileSync(beside, printed(file))
  expect(printed(file)).toBe(readFileSync(beside, 'utf8'))
})

test.each(fixtures)('an editor with the schema takes %s as its first line says', (file) => {
  const path = join(bad, file)
  expect(`# schema: ${verdict(path)}`).toBe(readFileSync(path, 'utf8').split('\n')[0])
})

test('every problem of the fixtures has a fix and a place inside the file', () => {
  for (const file of fixtures) {
    const loaded = loadBytes(file, readFileSync(join(bad, file)), around)
    for (const problem of loaded.kind === 'rejected' ? loaded.problems : []) {
      expect(problem.fix, problem.message).toMatch(/\S/)
      if (problem.code !== 'KPF_ENV_FILE') expect(problem.sourceLine?.length ?? -1, problem.message).toBeGreaterThanOrEqual(problem.column - 1)
      expect(JSON.stringify(problem)).not.toContain(SECRET)
      expect(`${problem.message}${problem.fix}`).not.toMatch(/undefined|\[object|[\p{Cc}\p{Cf}]/u)
    }
  }
})

test('no expected text is left without its file', () => {
  for (const name of readdirSync(bad).filter((file) => file.endsWith('.txt'))) expect(existsSync(join(bad, name.replace(/txt$/, 'yaml'))), name).toBe(true)
})

test.each(examples)('example %s loads without a problem, and an editor agrees', (name) => {
  const path = join(root, 'examples', name, 'forwards.yaml')
  const loaded = loadBytes('forwards.yaml', readFileSync(path), { directory: join(root, 'examples', name), flags: {} })
  expect(loaded.kind === 'rejected' ? problemsText(loaded.problems, { isAll: true }) : '').toBe('')
  expect(verdict(path)).toBe('valid')
  expect(
    readFileSync(join(root, 'examples', name, 'README.md'), 'utf8')
      .trimEnd()
      .split('\n').length,
  ).toBeLessThanOrEqual(10)
})

/** Variables of the examples that kpf does not set, but their reader, CI, shell or systemd. */
const others = ['WAIT_TIMEOUT', 'PR', 'GITHUB_ENV', 'MAINPID']

test.each(examples)('every variable in the programs and README of example %s is one that kpf run sets', (name) => {
  const directory = join(root, 'examples', name)
  const loaded = loadBytes('forwards.yaml', readFileSync(join(directory, 'forwards.yaml')), { directory, flags: {} })
  const known = loaded.kind === 'loaded' ? [...exportsOf(loaded.project).map(([variable]) => variable), ...others] : []
  const texts = readdirSync(directory).filter((file) => file !== 'forwards.yaml')
  const used = texts.flatMap((file) => [...readFileSync(join(directory, file), 'utf8').matchAll(/\$\{?([A-Z]\w*)/g)].map(([, variable = '']) => variable))
  expect(used.filter((variable) => !known.includes(variable))).toEqual([])
})
