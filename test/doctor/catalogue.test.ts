import { expect, test } from 'vitest'
import { catalogue, entryText, findCode } from '../../src/doctor/catalogue.ts'

test.each(['KPF_PORT_BUSY', 'port_busy', 'Port-Busy', ' kpf_port_busy '])('%j is a code, however it is written', (word) => {
  expect(findCode(word)).toMatchObject({ code: 'KPF_PORT_BUSY' })
})

test('an unknown code is answered with the near ones', () => {
  expect(findCode('KPF_FORBIDEN')).toEqual({ nearest: `did you mean "FORBIDDEN"? ${catalogue.length - 1} more are there` })
})

test('an entry says what is behind it, what kpf does, how to see it and how to fix it', () => {
  const found = findCode('forbidden')
  expect('code' in found && entryText(found)).toMatchInlineSnapshot(`
    "KPF_FORBIDDEN
      behind it:  the user lacks a right; the message names it
      kpf:        failed (forbidden); asked again every minute
      to see it:  kpf rbac --check NAME
      to fix it:  ask for the role that \`kpf rbac NAME\` prints
    "
  `)
})

test('every entry is whole, on one line, and no sentence', () => {
  const wrong = catalogue.filter(({ behind, outcome, see, fix }) => [behind, outcome, see, fix].some((text) => !/^[^\n|]*[^\n.|]$/.test(text)))
  expect(wrong).toEqual([])
})
