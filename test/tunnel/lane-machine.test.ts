import { expect, test } from 'vitest'
import { type Failure, failure } from '../../src/tunnel/failure.ts'
import { idle, type LaneCommand, type LaneInput, type LaneState, step } from '../../src/tunnel/lane-machine.ts'

const lost = failure('KPF_TUNNEL_LOST', 'cut')
const forbidden = failure('KPF_FORBIDDEN', 'no')
const gone = failure('KPF_POD_GONE', 'gone')

/** Inputs as the shell makes them: those of a dial or a wait carry its generation, at once or late. */
const makers: readonly (readonly [name: string, make: (generation: number) => LaneInput])[] = [
  ['want', () => ({ kind: 'want' })],
  ['kick', () => ({ kind: 'kick' })],
  ['close', () => ({ kind: 'close' })],
  ['opened', (generation) => ({ kind: 'opened', generation })],
  ['stale opened', (generation) => ({ kind: 'opened', generation: generation - 1 })],
  ['overdue', (generation) => ({ kind: 'overdue', generation, failure: lost })],
  ['answered', (generation) => ({ kind: 'answered', generation })],
  ['failed', (generation) => ({ kind: 'failed', generation, failure: lost, podGone: false })],
  ['forbidden', (generation) => ({ kind: 'failed', generation, failure: forbidden, podGone: false })],
  ['gone', (generation) => ({ kind: 'failed', generation, failure: gone, podGone: true })],
  ['waiting', (generation) => ({ kind: 'waiting', generation })],
  ['retry-due', (generation) => ({ kind: 'retry-due', generation })],
]

test('a loss is waited out and dialled again', () => {
  expect(walk('want', 'opened', 'overdue', 'answered', 'failed', 'waiting', 'retry-due', 'opened')).toMatchInlineSnapshot(`
    "dialing 1: dial
    open 1
    suspect 1
    open 1
    lost 2: hang-up, retry loss
    backoff 2
    dialing 3: dial
    open 3"
  `)
})

test('a refusal waits as refused, and a kick makes the old wait stale', () => {
  expect(walk('want', 'forbidden', 'kick', 'retry-due')).toMatchInlineSnapshot(`
    "dialing 1: dial
    refused 2: hang-up, retry failure
    refused 3: hang-up, retry kick
    dialing 4: dial"
  `)
})

test('the end of a pod is final, and a kick of an open lane only asks', () => {
  expect(walk('want', 'opened', 'kick', 'gone', 'kick', 'want', 'retry-due', 'close')).toMatchInlineSnapshot(`
    "dialing 1: dial
    open 1
    open 1: probe
    gone 2: hang-up
    gone 2
    gone 2
    gone 2
    closed 2: hang-up"
  `)
})

test('a late answer of an older dial changes nothing', () => {
  let { state } = step(idle, { kind: 'want' })
  state = step(state, { kind: 'failed', generation: 1, failure: lost, podGone: false }).state
  for (const [, make] of makers.slice(3)) expect(step(state, make(state.generation - 1))).toEqual({ state, commands: [] })
})

test('over all input sequences up to length 6: one tunnel or dial at a time, closed and gone are final, generations only rise', () => {
  let walked = 0
  const visit = (state: LaneState, held: 'nothing' | 'dial' | 'wait', depth: number): void => {
    walked++
    // What the shell holds follows from the state alone.
    if (held !== heldIn(state)) fail(`${state.kind} with a ${held}`)
    if (depth === 6) return
    for (const [, make] of makers) {
      const input = make(state.generation)
      const next = step(state, input)
      if (next.state.generation < state.generation) fail('an older generation')
      if (state.kind === 'closed' && (next.state !== state || next.commands.length > 0)) fail('work after the end')
      if (state.kind === 'gone' && next.state.kind !== 'gone' && next.state.kind !== 'closed') fail('back from gone')
      visit(next.state, after(held, next.commands), depth + 1)
    }
  }
  visit(idle, 'nothing', 0)
  expect(walked).toBe((12 ** 7 - 1) / 11)
}, 30_000)

function heldIn(state: LaneState): 'nothing' | 'dial' | 'wait' {
  switch (state.kind) {
    case 'dialing':
    case 'open':
    case 'suspect':
      return 'dial'
    case 'lost':
    case 'backoff':
    case 'refused':
      return 'wait'
    case 'idle':
    case 'gone':
    case 'closed':
      return 'nothing'
  }
}

function after(held: 'nothing' | 'dial' | 'wait', commands: readonly LaneCommand[]): 'nothing' | 'dial' | 'wait' {
  let now = held
  for (const command of commands) {
    if (command.kind === 'hang-up') now = 'nothing'
    // A dial begins when a wait has just ended, or from nothing; a wait begins only after a hang-up.
    if (command.kind === 'dial') now = now === 'dial' ? fail('a second dial') : 'dial'
    if (command.kind === 'retry') now = now === 'nothing' ? 'wait' : fail('a wait beside something else')
  }
  return now
}

function fail(what: string): never {
  throw new Error(what)
}

function walk(...names: readonly string[]): string {
  let state: LaneState = idle
  return names
    .map((name) => {
      const [, make] = makers.find(([known]) => known === name) ?? fail(`no input is called "${name}"`)
      const next = step(state, make(state.generation))
      state = next.state
      return print(next.state, next.commands)
    })
    .join('\n')
}

function print(state: LaneState & { failure?: Failure }, commands: readonly LaneCommand[]): string {
  const orders = commands.map((command) => (command.kind === 'retry' ? `retry ${command.why}` : command.kind)).join(', ')
  return orders === '' ? `${state.kind} ${state.generation}` : `${state.kind} ${state.generation}: ${orders}`
}
