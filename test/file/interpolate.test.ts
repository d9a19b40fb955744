/** Variables in one value: every form of compose's, and what is no form at all. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { interpolate, looksSecret } from '../../src/file/interpolate.ts'

const values: Readonly<Record<string, string>> = { A: 'a', B_2: 'b', EMPTY: '', DOLLAR: '${A}' }
const lookup = (name: string): string | undefined => values[name]

test.each([
  ['plain', 'plain'],
  ['$A-${B_2}', 'a-b'],
  ['$$A $$$$ ${A}$$', '$A $$ a$'],
  ['$A.x', 'a.x'],
  ['${NO:-d} ${EMPTY:-d} ${A:-d}', 'd d a'],
  ['${NO-d} ${EMPTY-d} ${A-d}', 'd  a'],
  ['${A:?m} ${EMPTY?m}', 'a '],
  ['${NO:+w} ${EMPTY:+w} ${A:+w}', '  w'],
  ['${NO+w} ${EMPTY+w} ${A+w}', ' w w'],
  ['${NO:-${EMPTY:-${B_2}}}', 'b'],
  ['${NO:-a$$b:-c?d}', 'a$b:-c?d'],
  ['${NO:-}', ''],
  ['${DOLLAR}', '${A}'],
  ['${NO:+${ALSO_NO}}', ''],
  ['${A:-${NO}}', 'a'],
  ['}', '}'],
])('%s is %s', (template, text) => {
  expect(interpolate(template, lookup, false)).toMatchObject({ text, mistakes: [] })
})

test.each([
  ['x $NO', '2 KPF_VARIABLE_UNSET the variable NO is not set'],
  ['${NO:?say so, $A}', '0 KPF_VARIABLE_UNSET the variable NO is not set: say so, ${A}'],
  ['${EMPTY:?}', '0 KPF_VARIABLE_UNSET the variable EMPTY is empty'],
  ['${NO:-${ALSO_NO}}', '6 KPF_VARIABLE_UNSET the variable ALSO_NO is not set'],
  ['a $', '2 KPF_INTERPOLATION "$" begins a variable, and no name follows'],
  ['$1', '0 KPF_INTERPOLATION "$" begins a variable, and no name follows'],
  ['${}', '0 KPF_INTERPOLATION "${}" is no variable: a name has letters, digits and "_"'],
  ['${A', '0 KPF_INTERPOLATION "${A" is never closed'],
  ['${A:-b', '0 KPF_INTERPOLATION "${A:-b" is never closed'],
  ['${A:-$1}', '5 KPF_INTERPOLATION "$" begins a variable, and no name follows'],
  ['${A:b}', '0 KPF_INTERPOLATION "${A:b}" is no variable: after its name comes "}", ":-", "-", ":?", "?", ":+" or "+"'],
  ['$(a.port)', '0 KPF_INTERPOLATION "$(a.port)": a reference to a forward can stand in "exports" and "links" only'],
])('%s is a mistake', (template, expected) => {
  expect(interpolate(template, lookup, false).mistakes.map(({ at, code, message }) => `${at} ${code} ${message}`)).toEqual([expected])
})

test('all variables that are missing are told at once', () => {
  expect(interpolate('$NO ${ALSO_NO}', lookup, false).mistakes.map(({ at }) => at)).toEqual([0, 4])
})

test('every letter of the result knows where it comes from', () => {
  expect(interpolate('x${A}-$$-${NO:-d}', lookup, false).segments).toEqual([
    { at: 0, from: 0, isVariable: false },
    { at: 1, from: 1, isVariable: true },
    { at: 2, from: 5, isVariable: false },
    { at: 3, from: 6, isVariable: false },
    { at: 4, from: 8, isVariable: false },
    { at: 5, from: 9, isVariable: true },
  ])
})

test('references are kept where they belong', () => {
  expect(interpolate('pg://$A@$(db.address)/$$', lookup, true)).toMatchObject({ text: 'pg://a@$(db.address)/$$', mistakes: [] })
  expect(interpolate('$$(db.port) ${DOLLAR}', lookup, true)).toMatchObject({ text: '$$(db.port) $${A}', mistakes: [] })
})

test('defaults in defaults end somewhere, and values do not grow for ever', () => {
  expect(interpolate('${A:-'.repeat(10_000), lookup, false).mistakes.map(({ code }) => code)).toEqual(['KPF_YAML_LIMIT'])
  const large = interpolate('$A'.repeat(1_000), () => 'x'.repeat(1_000), false)
  expect([large.mistakes.map(({ code }) => code), large.text.length < 70_000]).toEqual([['KPF_YAML_LIMIT'], true])
})

test.each([
  ['DB_PASSWORD', true],
  ['GITHUB_TOKEN', true],
  ['AWS_SECRET_ACCESS_KEY', true],
  ['PORT', false],
  ['NAMESPACE', false],
])('%s looks like a secret: %s', (name, isSecret) => {
  expect(looksSecret(name)).toBe(isSecret)
})

test('any text is an answer', () => {
  const part = fc.constantFrom('$', '{', '}', '(', ')', ':', '-', '?', '+', 'A', 'NO', 'EMPTY', ' ', '$$', '${A:-', '\\')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const template = parts.join('')
      const { mistakes } = interpolate(template, lookup, true)
      for (const { at } of mistakes) expect(at).toBeLessThan(template.length)
    }),
    { numRuns: 2_000, seed: 1 },
  )
})
