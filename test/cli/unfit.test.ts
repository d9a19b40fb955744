/** What every verb is held to, made from the table: nothing that was written is ignored. */
import { expect, test } from 'vitest'
import { unfit } from '../../src/cli/unfit.ts'
import { adHoc, verbs } from '../../src/cli/verbs.ts'

test('a form that a verb does not know is refused by every verb, with the forms there are', () => {
  const ignoring = [...verbs, adHoc].filter((verb) => unfit(verb, { flags: { output: 'xml' }, words: [], sources: {} }) === undefined)
  expect(ignoring.map(({ name }) => name)).toEqual([])
  const said = Object.fromEntries(verbs.map((verb) => [verb.name, unfit(verb, { flags: { output: 'xml' }, words: [], sources: {} })]))
  expect(said).toMatchObject({
    up: { message: 'up knows no output "xml"', fix: 'use auto, plain, jsonl or quiet' },
    config: { message: 'config knows no output "xml"', fix: 'use yaml or json' },
    down: { message: 'down has one form of output, not "xml"', fix: 'leave -o out' },
  })
})

test('every form of the table is taken', () => {
  const refused = verbs.flatMap((verb) => (verb.outputs ?? []).filter((output) => unfit(verb, { flags: { output }, words: [], sources: {} }) !== undefined))
  expect(refused).toEqual([])
})

test('a form from the variable, which is for all verbs, does not stop those that have one only', () => {
  const [down, ps] = ['down', 'ps'].map((name) => verbs.find((verb) => verb.name === name))
  const given = { flags: { output: 'json' }, words: [], sources: { output: 'KPF_OUTPUT' } }
  expect([down, ps].map((verb) => verb && unfit(verb, given))).toEqual([undefined, undefined])
  expect(ps && unfit(ps, { flags: { output: 'xml' }, words: [], sources: { output: 'KPF_OUTPUT' } })).toMatchObject({
    message: 'ps knows no output "xml"',
    flag: 'output',
  })
})

test('a word is refused where none is taken: it would have been left out of account', () => {
  const said = (name: string, word: string): unknown => {
    const verb = verbs.find((one) => one.name === name)
    return verb && unfit(verb, { flags: {}, words: [word], sources: {} })
  }
  expect(said('reload', 'api')).toEqual({ message: 'reload takes no names: "api"', fix: 'see: kpf help reload' })
  expect(said('check', 'shop.yaml')).toEqual({ message: 'check takes no names: "shop.yaml"', fix: 'a file is named with -f: kpf check -f shop.yaml' })
  expect(said('ps', 'api')).toBeUndefined()
  expect(said('completion', 'bash')).toBeUndefined()
})
