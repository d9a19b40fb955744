/** The document about the flow: told under the titles that `kpf trace` uses, with codes that exist. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sections } from '../../src/trace/account.ts'
import { failureClasses } from '../../src/tunnel/failure.ts'
import { parsed } from './checked.ts'

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

test('the flow is told under the six titles, in their order', () => {
  expect([...read('how-it-works.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(Object.values(sections))
})

test('every code in it exists', () => {
  const codes = [...read('how-it-works.md').matchAll(/KPF_[A-Z_]+/g)].map(([code]) => code)
  expect(codes.filter((code) => !(code in failureClasses))).toEqual([])
})

test('its diagram is one that Mermaid reads, with the six titles', async () => {
  const diagram = await parsed(read('how-it-works.mmd'))
  const titles = [...diagram.matchAll(/ {2}rect .*\n {2}Note over [\w,]+: (.+)$/gm)].map(([, title]) => title?.replace('#38;', '&'))
  expect(titles).toEqual(Object.values(sections))
})
