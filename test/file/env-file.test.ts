/** Files of variables, line by line. */
import { expect, test } from 'vitest'
import { Source } from '../../src/file/document.ts'
import { readEnvFile } from '../../src/file/env-file.ts'

function values(text: string): Readonly<Record<string, string>> {
  const { values: found, problems } = readEnvFile(new Source('.env', text))
  expect(problems).toEqual([])
  return Object.fromEntries(found)
}

function problems(text: string): readonly string[] {
  return readEnvFile(new Source('.env', text)).problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

test.each([
  ['A=1\nB = two words \nexport C=3\n', { A: '1', B: 'two words', C: '3' }],
  ['# a comment\n\n  # another\nA=1 # here too\nB=a#b\nC=# nothing', { A: '1', B: 'a#b', C: '' }],
  ['A=1\r\nB="2"\r\n', { A: '1', B: '2' }],
  ['A=\nB=""\nC=\'\'', { A: '', B: '', C: '' }],
  ['A="a\\nb\\t\\"\\\\\\$\\x"', { A: 'a\nb\t"\\$\\x' }],
  ["A='a\\nb $X'", { A: 'a\\nb $X' }],
  ['A="one\r\ntwo" # end\nB=1', { A: 'one\ntwo', B: '1' }],
  ["A='one\n\ntwo'", { A: 'one\n\ntwo' }],
  ['A=1\nA=2', { A: '2' }],
  ['A=$B and ${C}', { A: '$B and ${C}' }],
  ['A=it\'s "so"', { A: 'it\'s "so"' }],
  ['', {}],
])('%j holds %j', (text, expected) => {
  expect(values(text)).toEqual(expected)
})

test.each([
  ['A=1\n  B\n', ['2:3 the variable has no value']],
  ['1A=x\nB-C=1', ['1:1 this is not NAME=value: a name has letters, digits and "_"', '2:1 this is not NAME=value: a name has letters, digits and "_"']],
  ['A="open\nB=1', ['1:3 the quote that opens the value of A is never closed']],
  ['A="x" y\nB=1', ['1:6 text follows the quoted value of A']],
  ['A=1\0', ['1:4 the file holds a NUL character']],
])('%j has problems', (text, expected) => {
  expect(problems(text)).toEqual(expected)
})

test('no problem shows what a line holds', () => {
  for (const problem of readEnvFile(new Source('.env', 'canary\n=canary\nA="canary" canary')).problems) expect(JSON.stringify(problem)).not.toContain('canary')
})

test.each(['"', "'", '=', ' #', 'A=" ', 'A=\\', '\r'])('a megabyte of %j takes no time', { timeout: 2_000 }, (unit) => {
  expect(readEnvFile(new Source('.env', unit.repeat(1_000_000 / unit.length))).values.size).toBeLessThan(3)
})
