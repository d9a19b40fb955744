/** Whatever the bytes: an answer, with places inside the text, and no exception. For longer, and with limits: test/integration/fuzz.test.ts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadBytes } from '../../src/file/load.ts'
import { around, encode, faultOf, inputs, words } from './fuzzing.ts'

// The same inputs on every machine; another seed for a longer look.
fc.configureGlobal({ seed: Number(process.env['KPF_FUZZ_SEED'] ?? 1) })

const RUNS: Readonly<Record<string, number>> = { 'any bytes': 500, 'any text': 500, 'any line as a forward': 1_000 }

test.each(Object.entries(inputs))('%s', (name, input) => {
  fc.assert(
    fc.property(input, (bytes) => {
      expect(faultOf(bytes)).toBeUndefined()
    }),
    { numRuns: RUNS[name] ?? 2_000 },
  )
})

test.each([
  'forwards: { a: { ports: [{ 80: "\\e" }] } }',
  'forwards: { "a\\tb": }',
  'forwards: { "a\\tb": { target: svc/a } }',
  'clusters: { "a\\tb": }',
  'vars: { "A\\tB": [] }',
  'exports: { "A\\tB": }',
])('what is wrong with %s can be printed', (text) => {
  expect(faultOf(encode(text))).toBeUndefined()
})

test('any files, one over the other', () => {
  const file = fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(file, file, (included, variables) => {
      const loaded = loadBytes('f.yaml', encode('include: [g.yaml]\nforwards: {}'), { ...around, others: { 'g.yaml': included, '.env': variables } })
      if (loaded.kind === 'rejected') expect(loaded.problems.length).toBeGreaterThan(0)
    }),
    { numRuns: 1_000 },
  )
})
