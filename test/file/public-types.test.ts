/** The types of the package say what the schemas say; the compiler is the judge. */
import type * as z from 'zod'
import { expect, test } from 'vitest'
import type { file } from '../../src/file/shape.ts'
import type { EventLine, ForwardsFile } from '../../src/index.ts'
import { events } from '../output/events.ts'
import { eventLine } from '../../src/output/jsonl.ts'

type Written = z.input<ReturnType<typeof file>>
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never

test('the type of a file and its schema are the same', () => {
  const same: Same<ForwardsFile, Written> = true
  const leaves: Same<keyof ForwardsFile, keyof Written> = true
  expect(same && leaves).toBe(true)
})

test('every kind of event has a type of its own', () => {
  const kinds = {
    'forward-state-changed': 1,
    'forward-moved': 1,
    'config-applied': 1,
    'config-rejected': 1,
    warning: 1,
    'connection-accepted': 1,
    stopping: 1,
    stopped: 1,
  } satisfies Record<EventLine['type'], 1>
  const told = events.map((event) => (JSON.parse(eventLine(event, () => '')) as EventLine).type)
  expect([...new Set(told)].toSorted()).toEqual(Object.keys(kinds).toSorted())
})
