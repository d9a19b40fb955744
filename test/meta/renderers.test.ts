/** Every event reaches every renderer, and each decides what to do with it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { eventLines } from '../../src/output/event-text.ts'
import { eventLine } from '../../src/output/jsonl.ts'
import type { Event } from '../../src/supervisor/events.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { events, facts } from '../output/events.ts'
import { forward } from '../supervisor/forwards.ts'

const output = fileURLToPath(new URL('../../src/output/', import.meta.url))
const types = Object.keys(facts)

interface Renderer {
  readonly render: (event: Event) => readonly string[]
  /** Types that it decided not to show. */
  readonly silent: readonly string[]
}

/** Every file of src/output that takes an event. */
const renderers: Readonly<Record<string, Renderer>> = {
  'event-text.ts': { render: (event) => eventLines(event, () => forward('api', 8080)), silent: ['connection-accepted'] },
  'jsonl.ts': { render: (event) => [eventLine(event, isoTime)], silent: [] },
}

test('every renderer of events is in the table', () => {
  const takers = readdirSync(output).filter((file) => /^import type \{[^}]*\bEvent\b[^}]*\} from '\.\.\/supervisor\/events\.ts'/m.test(source(file)))
  expect(takers.toSorted()).toEqual(Object.keys(renderers).toSorted())
})

test.each(Object.entries(renderers))('%s decides on each event of the union by name', (file, { render, silent }) => {
  expect(types.filter((type) => !source(file).includes(`case '${type}':`))).toEqual([])
  const shown = new Set<string>()
  for (const event of events) {
    const lines = render(event)
    expect(lines.filter((line) => typeof line !== 'string' || line === '' || line.includes('undefined'))).toEqual([])
    if (lines.length > 0) shown.add(event.type)
  }
  expect(types.filter((type) => !shown.has(type))).toEqual(silent)
})

test('there is at least one event of each type to show', () => {
  expect(Object.values<readonly unknown[]>(facts).filter((some) => some.length === 0)).toEqual([])
})

function source(file: string): string {
  return readFileSync(join(output, file), 'utf8')
}
