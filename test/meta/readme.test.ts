/** The screens and signs of the README are those that are drawn. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { TableRow } from '../../src/output/table-rows.ts'
import { tableLines } from '../../src/output/table.ts'
import { symbols } from '../../src/output/words.ts'

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8')
const paper = { width: 80, height: 22, isColored: false, isUtf8: true }

const up: TableRow = {
  name: 'web',
  state: 'ready',
  phase: 'ready',
  local: 'localhost:3000',
  target: 'svc/web:80',
  pod: 'web-6f4c9',
  image: '2.1.0',
  connections: { open: 3, draining: 0, held: 0 },
  ageMs: 41 * 60_000,
  hasPage: false,
}
const [web, api, db]: readonly [TableRow, TableRow, TableRow] = [
  up,
  {
    ...up,
    name: 'api',
    local: 'localhost:8080',
    target: 'svc/api:http',
    pod: 'api-7c9d2',
    image: '1.4.2',
    connections: { ...up.connections, open: 1 },
    hasPage: true,
  },
  { ...up, name: 'db', local: 'localhost:5432', target: 'svc/postgres:5432', pod: 'postgres-0', image: '16.3', connections: { ...up.connections, open: 4 } },
]
const cache: TableRow = {
  ...up,
  name: 'cache',
  state: 'waiting',
  phase: 'port-busy',
  local: 'localhost:6379',
  target: 'svc/redis:6379',
  pod: '',
  connections: { ...up.connections, open: 0 },
  ageMs: 12_000,
  message: '127.0.0.1:6379 is used by redis (pid 4121); taken over when it is free',
  hint: 'stop that program, or choose another localPort',
}

test('the first screen', () => {
  expect(readme).toContain(`\n\n${tableLines([web, api, db], paper).join('\n')}\n\`\`\``)
})

test('a forward that waits, where not all fit', () => {
  const others = Array.from({ length: 4 }, (_, index) => ({ ...db, name: `f${index}` }))
  const lines = tableLines([web, cache, api, db, ...others], { ...paper, height: 8 })
  expect(readme).toContain(`\`\`\`console\n${lines.join('\n')}\n\`\`\``)
})

test('each state with its signs, and each key', () => {
  for (const [state, [sign, ascii]] of Object.entries(symbols)) {
    expect(readme).toMatch(new RegExp(`^\\| \`${sign}\` \`${ascii.replace('+', String.raw`\+`).replace('.', String.raw`\.`)}\` \\|[^|]*\\b${state}\\b`, 'm'))
  }
  const keys = tableLines([], paper, { isHelp: true }).flatMap((line) => /^ {2}(\S+(?: \S)?) {2,}/.exec(line)?.[1] ?? [])
  expect(keys).toEqual(['o', 'r', 'l', 'j k', 'q'])
  for (const key of keys) expect(readme).toContain(`\`${key}\``)
})
