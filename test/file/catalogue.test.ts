/**
 * The catalogue of bad input, row by row, with the place that holds the whole text printed
 * for it: a fixture of this folder's test, or a case of the scenario for what no file can hold.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const fixtures = readdirSync(join(root, 'test/fixtures/bad')).filter((name) => name.endsWith('.txt'))
const scenario = readFileSync(join(root, 'test/scenario/bad-input.test.ts'), 'utf8')

type Place = 'fixture' | 'scenario'

/** What each row is about, and where it is held. */
const rows: Readonly<Record<number, readonly [string, ...Place[]]>> = {
  1: ['no file', 'scenario'],
  2: ['a directory, a pipe, a device', 'scenario'],
  3: ['a file that may not be read', 'scenario'],
  4: ['an empty file', 'fixture'],
  5: ['a file that is too large', 'scenario'],
  6: ['bytes that are no UTF-8', 'fixture'],
  7: ['tabs', 'fixture'],
  8: ['a quote that is never closed', 'fixture'],
  9: ['markers of a merge', 'fixture'],
  10: ['two documents', 'fixture'],
  11: ['a key twice', 'fixture'],
  12: ['a top level that is no map', 'fixture'],
  13: ['another version of the language', 'fixture'],
  14: ['unknown keys', 'fixture'],
  15: ['a list for a map, a map for a list', 'fixture'],
  16: ['numbers that are no ports', 'fixture'],
  17: ['texts that are no ports', 'fixture'],
  18: ['ports that YAML 1.1 takes for numbers', 'fixture'],
  19: ['names that are no port names', 'fixture'],
  20: ['two forwards on one endpoint', 'fixture'],
  21: ['names that differ in case', 'fixture'],
  22: ['names that are none', 'fixture'],
  23: ['no target, or two', 'fixture'],
  24: ['an unknown kind', 'fixture'],
  25: ['a target without a name', 'fixture'],
  26: ['a namespace that is none', 'fixture'],
  27: ['a selector that is none', 'fixture'],
  28: ['an unknown context or alias', 'fixture', 'scenario'],
  29: ['no context at all', 'scenario'],
  30: ['addresses that are none', 'fixture'],
  31: ['an address that others reach', 'fixture'],
  32: ['a low port', 'fixture'],
  33: ['UDP, and sockets of the file system', 'fixture'],
  34: ['durations that are none', 'fixture'],
  35: ['restart policies that are none', 'fixture'],
  36: ['dependencies on nobody, oneself, in a circle', 'fixture'],
  37: ['profiles that are none', 'fixture', 'scenario'],
  38: ['includes of what is missing or outside', 'fixture'],
  39: ['an alias bomb', 'fixture'],
  40: ['nesting too deep', 'fixture'],
  41: ['tags', 'fixture'],
  42: ['reserved keys', 'fixture'],
  43: ['an alias of itself, and one of nothing', 'fixture'],
  44: ['a variable that is not set', 'fixture'],
  45: ['a variable that must be set, and a file of variables that is none', 'fixture'],
  46: ['variables that are none', 'fixture'],
  47: ['a variable that holds no port', 'fixture'],
  48: ['yes for true', 'fixture'],
  49: ['nothing where something must be', 'fixture'],
  50: ['too many forwards', 'scenario'],
  51: ['a range that is too long', 'fixture'],
  52: ['control characters', 'fixture'],
  53: ['what needs approval', 'fixture'],
  54: ['a probe', 'fixture'],
  55: ['a kubeconfig that is none', 'scenario'],
  56: ['a kubeconfig with dangling names', 'scenario'],
  57: ['a kubeconfig with bad certificates', 'scenario'],
  58: ['a token over plain http', 'scenario'],
  59: ['a kubeconfig of the project', 'scenario'],
  60: ['a credential plugin that does not work', 'scenario'],
  61: ['credentials that are no more', 'scenario'],
  62: ['proxies', 'scenario'],
  63: ['an unknown flag or verb', 'scenario'],
  64: ['words of the command line that cannot be', 'scenario'],
  65: ['verbs for what does not run', 'scenario'],
  66: ['variables for flags', 'scenario'],
  67: ['keys that are free', 'fixture'],
  68: ['braces', 'fixture'],
  69: ['ports as a map', 'fixture'],
  70: ['fields of a later version', 'fixture'],
  71: ['the short form', 'fixture'],
  72: ['references to forwards', 'fixture'],
}

test('the rows have no gap', () => {
  expect(Object.keys(rows)).toEqual(Array.from({ length: 72 }, (_, index) => `${index + 1}`))
})

test.each(Object.entries(rows))('C%s is held', (row, [, ...places]) => {
  const held: readonly Place[] = [
    ...(fixtures.some((name) => name.startsWith(`C${row.padStart(2, '0')}-`)) ? (['fixture'] as const) : []),
    // The case, and the text that is expected of it.
    ...(scenario.includes(`row: 'C${row} `) && scenario.includes(`## C${row} `) ? (['scenario'] as const) : []),
  ]
  expect(held).toEqual(places)
})

test('no fixture is of a row that is not here', () => {
  expect(fixtures.filter((name) => rows[Number(/^C(\d\d)-/.exec(name)?.[1])] === undefined)).toEqual([])
})
