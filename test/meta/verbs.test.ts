/**
 * A verb, a flag, a form of output or an exit code without a test of the real process
 * goes red here: the tables of verbs and of their tests are held against each other.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { adHoc, globalFlags, type Verb, verbs } from '../../src/cli/verbs.ts'
import { type Elsewhere, verbTable } from '../scenario/verb-table.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const all: readonly Verb[] = [...verbs, adHoc]
const sources = ['scenario', 'integration', 'e2e'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8')),
)

/** The texts of each list of words that a test hands to the program: `run('up', '-d')`, `kpf(['up', '-d'])`. */
const handed: readonly (readonly string[])[] = sources.flatMap((text) =>
  [...text.matchAll(/(?:'(?:[^'\n]*)'|`[^`\n]*`)(?:,\s*(?:\.\.\.\w+,\s*)?(?:[\w.()]+,\s*)?(?:'[^'\n]*'|`[^`\n]*`|[\w.]+(?=[,)\]])))*/g)].map(([list]) =>
    [...list.matchAll(/'([^'\n]*)'|`([^`\n]*)`/g)].map(([, plain, template]) => plain ?? template ?? ''),
  ),
)

test('every verb has its row, and nothing else has one', () => {
  expect(Object.keys(verbTable).toSorted()).toEqual(all.map(({ name }) => name).toSorted())
})

test.each(all.map((verb) => [verb.name, verb] as const))('every form of output of "%s" is looked at', (name, { outputs = ['text'], takesCommand }) => {
  expect(Object.keys(verbTable[name]?.forms ?? {}).toSorted()).toEqual((takesCommand === true ? ['none'] : [...outputs]).toSorted())
})

test.each(all.map((verb) => [verb.name, verb] as const))(
  'every exit code that help tells of "%s" is reached, and it tells at least one',
  (name, { exits = [] }) => {
    expect(exits).not.toEqual([])
    expect(Object.keys(verbTable[name]?.exits ?? {}).map(Number)).toEqual(exits)
  },
)

test('a cell that is held elsewhere names a test that is there, runs that verb and looks at that code', () => {
  const missing = Object.entries(verbTable).flatMap(([verb, { forms, exits }]) => {
    const cells = [...Object.values(forms), ...Object.values(exits)].filter((cell): cell is Elsewhere => 'file' in cell)
    return cells
      .filter((cell) => bodyOf(cell) === '' || !textOf(cell).includes(verb === '' ? "'svc/web'" : `'${verb}'`))
      .map(({ title }) => `${verb}: ${title}`)
  })
  const silent = Object.entries(verbTable).flatMap(([verb, { exits }]) =>
    Object.entries(exits).flatMap(([code, cell]) => ('file' in cell && !new RegExp(`\\b${code}\\b`).test(bodyOf(cell)) ? [`${verb}: ${code}`] : [])),
  )
  expect([...missing, ...silent]).toEqual([])
})

function textOf({ file }: Pick<Elsewhere, 'file'>): string {
  return readFileSync(join(root, 'scenario', file), 'utf8')
}

/** From the line of its title, and a table above it, to the next test. */
function bodyOf({ file, title }: Elsewhere): string {
  const text = textOf({ file })
  const at = text.indexOf(title)
  if (at < 0) return ''
  const next = text.indexOf('\ntest', at)
  return text.slice(text.lastIndexOf('\ntest', at), next < 0 ? text.length : next)
}

/** Words of the table, without the world. */
const words = (name: string): readonly (readonly string[])[] => {
  const { forms = {}, exits = {}, more = [] } = verbTable[name] ?? {}
  return [...Object.values(forms), ...Object.values(exits), ...more].flatMap((cell) => ('file' in cell ? [] : [('words' in cell ? cell.words : cell).slice(1)]))
}

test.each(all.filter(({ flags }) => flags.length > 0).map((verb) => [verb.name, verb] as const))(
  'every flag of "%s" is given to the real program',
  (name, { flags }) => {
    const lines = [...words(name), ...handed.filter((list) => (name === '' ? list.some((word) => word.includes('/')) : list.includes(name)))]
    const untold = flags.filter(
      (flag) => !lines.some((list) => list.includes(`--${flag.name}`) || (flag.short !== undefined && list.includes(`-${flag.short}`))),
    )
    expect(untold.map((flag) => flag.name)).toEqual([])
  },
)

test('every flag of all verbs is given to the real program', () => {
  const given = new Set([...handed.flat(), ...all.flatMap(({ name }) => words(name)).flat()])
  const untold = globalFlags.filter((flag) => !given.has(`--${flag.name}`) && !(flag.short !== undefined && given.has(`-${flag.short}`)))
  expect(untold.map((flag) => flag.name)).toEqual([])
})
