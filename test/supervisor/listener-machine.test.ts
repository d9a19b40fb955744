import { expect, test } from 'vitest'
import { claim, type ListenerCommand, type ListenerInput, type ListenerState, step } from '../../src/supervisor/listener-machine.ts'

const inputs: readonly ListenerInput[] = [
  { kind: 'listening', port: 8080 },
  { kind: 'failed', errno: 'EADDRINUSE', holder: { pid: 4121, command: 'redis-server' } },
  { kind: 'failed', errno: 'EACCES' },
  { kind: 'retry-due' },
  { kind: 'network-changed' },
  { kind: 'release' },
]

test('a busy port is asked for again every 2 s, and its holder is remembered', () => {
  expect(walk('failed EADDRINUSE', 'retry-due', 'listening')).toMatchInlineSnapshot(`
    "binding: bind
    busy (redis-server, pid 4121): retry 2000
    binding: bind
    bound 8080"
  `)
})

test('what the machine refuses is asked for again every 30 s, and at once when the network has changed', () => {
  expect(walk('failed EACCES', 'retry-due', 'failed EACCES', 'network-changed')).toMatchInlineSnapshot(`
    "binding: bind
    refused EACCES: retry 30000
    binding: bind
    refused EACCES: retry 30000
    binding: bind"
  `)
})

test('over all input sequences up to length 6, released is final and closed exactly once', () => {
  let walked = 0
  const visit = (state: ListenerState, closed: number, depth: number): void => {
    walked++
    if (state.kind === 'released') expect(closed).toBe(1)
    if (depth === 6) return
    for (const input of inputs) {
      const next = step(state, input)
      if (state.kind === 'released') expect(next).toEqual({ state, commands: [] })
      visit(next.state, closed + next.commands.filter((command) => command.kind === 'close').length, depth + 1)
    }
  }
  visit(claim.state, 0, 0)
  expect(walked).toBe(55_987)
})

/** Runs the named inputs from a fresh claim and prints every step, one line each. */
function walk(...names: readonly string[]): string {
  let current = claim
  const lines = [print(current.state, current.commands)]
  for (const name of names) {
    current = step(current.state, named(name))
    lines.push(print(current.state, current.commands))
  }
  return lines.join('\n')
}

function named(name: string): ListenerInput {
  const found = inputs.find((input) => name === (input.kind === 'failed' ? `failed ${input.errno}` : input.kind))
  if (found === undefined) throw new Error(`no input is called "${name}"`)
  return found
}

function print(state: ListenerState, commands: readonly ListenerCommand[]): string {
  const orders = commands.map((command) => (command.kind === 'retry' ? `retry ${command.afterMs}` : command.kind))
  return [describe(state), ...orders].join(': ')
}

function describe(state: ListenerState): string {
  switch (state.kind) {
    case 'bound':
      return `bound ${state.port}`
    case 'refused':
      return `refused ${state.errno}`
    case 'busy':
      return state.holder ? `busy (${state.holder.command}, pid ${state.holder.pid})` : 'busy'
    default:
      return state.kind
  }
}
