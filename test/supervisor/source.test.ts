import { expect, test } from 'vitest'
import type { Project } from '../../src/file/forward.ts'
import { Source } from '../../src/supervisor/source.ts'
import { HandClock } from '../fake/clock.ts'

/** A file that is a name; `bad…` is refused with the text as the problem. */
class World {
  readonly clock = new HandClock()
  readonly told: string[] = []
  text: string | undefined = 'one'
  readonly source = new Source(
    {
      clock: this.clock,
      readBytes: async () => (this.text === undefined ? undefined : Buffer.from(this.text)),
      load: async (bytes) => {
        const text = bytes === undefined ? 'missing' : Buffer.from(bytes).toString()
        if (text.startsWith('good') || text === 'one')
          return { kind: 'loaded', project: { name: text, forwards: [], settings: { concurrency: 8, watchDebounceMs: 100 } } }
        return { kind: 'rejected', problems: [{ file: 'f', line: 1, column: 1, code: 'KPF_VALUE', message: text }], needsApproval: false }
      },
      debounceMs: () => 100,
      good: (project: Project) => this.told.push(project.name),
      bad: (problems) => this.told.push(`not: ${problems[0]?.message}`),
    },
    Buffer.from('one'),
  )

  async save(text: string | undefined, waitMs = 3_000): Promise<void> {
    this.text = text
    this.source.changed()
    await this.clock.advance(waitMs)
  }
}

test('an edit is applied once it is quiet and two reads agree', async () => {
  const world = new World()
  await world.save('good', 200)
  expect(world.told).toEqual([])
  await world.clock.advance(20)
  expect(world.told).toEqual(['good'])
  expect(world.clock.waiting).toBe(0)
})

test('a save that leaves the bytes as they are is no edit', async () => {
  const world = new World()
  await world.save('one')
  expect(world.told).toEqual([])
})

test('a half-written file is neither applied nor told', async () => {
  const world = new World()
  await world.save('bad half', 300)
  await world.save('good whole')
  expect(world.told).toEqual(['good whole'])
})

test('twenty bad saves are told once each text, and the next good one is applied', async () => {
  const world = new World()
  for (let save = 0; save < 20; save++) await world.save('bad')
  await world.save('good')
  expect(world.told).toEqual(['not: bad', 'good'])
})

test('a file that is gone is told, and its return is applied', async () => {
  const world = new World()
  await world.save(undefined, 10_000)
  await world.save('good')
  expect(world.told).toEqual(['not: missing', 'good'])
})

test('a bad edit that is taken back is no news', async () => {
  const world = new World()
  await world.save('bad')
  await world.save('one')
  expect(world.told).toEqual(['not: bad', 'one'])
})

test('a save every 20 ms for 10 s is applied at most once a second', async () => {
  const world = new World()
  for (let save = 0; save < 500; save++) await world.save(`good ${save}`, 20)
  await world.clock.advance(3_000)
  expect(world.told.length).toBeLessThanOrEqual(11)
  expect(world.told.at(-1)).toBe('good 499')
})

test('after a close nothing waits and nothing is told', async () => {
  const world = new World()
  await world.save('good', 50)
  await world.source.close()
  await world.clock.advance(10_000)
  expect(world.told).toEqual([])
  expect(world.clock.waiting).toBe(0)
})
