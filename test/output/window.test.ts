import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Look, firstLook, lookAfter, spanOf, type Step, stepped } from '../../src/output/window.ts'

const ten = Array.from({ length: 10 }, () => 1)

test.each<[string, readonly number[], number, number, { from: number; to: number }]>([
  ['from the first', ten, 4, 0, { from: 0, to: 4 }],
  ['from between', ten, 4, 3, { from: 3, to: 7 }],
  ['no further than to where the last is seen', ten, 4, 99, { from: 6, to: 10 }],
  ['before the first', ten, 4, -3, { from: 0, to: 4 }],
  ['all of them', ten, 10, 4, { from: 0, to: 10 }],
  ['only whole ones', [1, 3, 3, 1], 5, 0, { from: 0, to: 2 }],
  ['up to where large ones at the end are seen', [1, 1, 3, 3], 5, 9, { from: 3, to: 4 }],
  ['one that is larger than the room', [9, 1], 4, 0, { from: 0, to: 1 }],
  ['no room at all', [1, 1], 0, 1, { from: 1, to: 2 }],
  ['none', [], 4, 2, { from: 0, to: 0 }],
])('%s', (_what, sizes, room, from, span) => {
  expect(spanOf(sizes, room, from)).toEqual(span)
})

test.each<[Step, number, number]>([
  ['line-down', 0, 1],
  ['line-down', 6, 6],
  ['line-up', 3, 2],
  ['line-up', 0, 0],
  ['page-down', 0, 4],
  ['page-down', 4, 6],
  ['page-up', 6, 2],
  ['page-up', 2, 0],
  ['first', 6, 0],
  ['last', 0, 6],
  // From where there was more than there is now.
  ['line-up', 50, 5],
])('%s from %d leads to %d', (step, from, to) => {
  expect(stepped(ten, 4, { from, steps: [step] })).toBe(to)
})

test('keys that come together are steps one after the other', () => {
  expect(stepped(ten, 4, { from: 0, steps: ['line-down', 'line-down', 'page-down', 'line-up'] })).toBe(5)
})

test('every one is seen on the way down, by lines and by pages, and on the way back', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 })
  const ways = fc.constantFrom<readonly [Step, Step]>(['line-down', 'first'], ['page-down', 'first'], ['line-up', 'last'], ['page-up', 'last'])
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 12 }), ways, (all, room, [step, start]) => {
      const seen = new Set<number>()
      let from = stepped(all, room, { from: 0, steps: [start] })
      for (let turn = 0; turn <= all.length; turn++) {
        const span = spanOf(all, room, from)
        for (let index = span.from; index < span.to; index++) seen.add(index)
        from = stepped(all, room, { from, steps: [step] })
      }
      expect(seen.size).toBe(all.length)
    }),
  )
})

const look = (more: Partial<Look> = {}): Look => ({ ...firstLook, ...more })

test.each<[string, string, Look, { look: Look; isTaken: boolean }]>([
  ['j', 'j', look(), { look: look({ steps: ['line-down'] }), isTaken: true }],
  ['k after j', 'k', look({ steps: ['line-down'] }), { look: look({ steps: ['line-down', 'line-up'] }), isTaken: true }],
  ['an arrow', '\u001b[B', look({ scroll: 3 }), { look: look({ scroll: 3, steps: ['line-down'] }), isTaken: true }],
  ['an arrow of a keypad in application mode', '\u001bOA', look(), { look: look({ steps: ['line-up'] }), isTaken: true }],
  ['PgDn', '\u001b[6~', look(), { look: look({ steps: ['page-down'] }), isTaken: true }],
  ['PgUp', '\u001b[5~', look(), { look: look({ steps: ['page-up'] }), isTaken: true }],
  ['Home', '\u001b[H', look(), { look: look({ steps: ['first'] }), isTaken: true }],
  ['End', '\u001b[4~', look(), { look: look({ steps: ['last'] }), isTaken: true }],
  ['?', '?', look(), { look: look({ isHelp: true }), isTaken: true }],
  ['? again', '?', look({ isHelp: true }), { look: look(), isTaken: true }],
  ['a key that ends the help, and does what it does', 'r', look({ isHelp: true, scroll: 2 }), { look: look({ scroll: 2 }), isTaken: false }],
  ['a key of somebody else', 'x', look(), { look: look(), isTaken: false }],
])('%s', (_what, key, before, after) => {
  expect(lookAfter(before, key)).toEqual(after)
})
