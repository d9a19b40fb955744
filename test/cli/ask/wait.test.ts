/** How a status is waited for: who need not wait opens nothing, and nothing that happens in between is missed. */
import { expect, test } from 'vitest'
import { type StatusSource, waitUntil } from '../../../src/cli/ask/wait.ts'
import type { Context } from '../../../src/cli/context.ts'
import type { StatusBody } from '../../../src/control/shapes.ts'

const context = { onSignal: () => () => {}, err: () => {} } as Partial<Context> as Context
const goal = { goal: 'ready', names: [], timeoutMs: 20_000 } as const

/** A source whose looks give these states, the last one again and again. */
function source(...states: readonly string[]): StatusSource & { readonly done: readonly string[] } {
  const done: string[] = []
  return {
    done,
    look: async () => {
      const state = states[Math.min(done.filter((one) => one.startsWith('look')).length, states.length - 1)]
      done.push(`look ${state}`)
      // As much of a status as is looked at.
      return { project: { name: 'shop' }, forwards: [{ name: 'web', state, phase: 'dialing' }] } as unknown as StatusBody
    },
    heard: () => {
      done.push('hear')
      return () => done.push('leave')
    },
    lost: async () => 8,
  }
}

test('who finds what is wanted listens to nothing', async () => {
  const ready = source('ready')
  expect(await waitUntil(context, ready, goal)).toBe(0)
  expect(ready.done).toEqual(['look ready'])
})

test('what happened before anybody listened is looked for once more', async () => {
  const late = source('starting', 'ready')
  expect(await waitUntil(context, late, goal)).toBe(0)
  expect(late.done).toEqual(['look starting', 'hear', 'look ready', 'leave'])
})

test('what fails meanwhile ends the wait', async () => {
  const failing = source('starting', 'failed')
  expect(await waitUntil(context, failing, goal)).toBe(3)
  expect(failing.done.at(-1)).toBe('leave')
})
