import { expect, test } from 'vitest'
import type { Loaded } from '../../src/file/load.ts'
import type { Project } from '../../src/file/forward.ts'
import { Source } from '../../src/supervisor/source.ts'
import type { FileRead } from '../../src/system/files.ts'
import { HandClock } from '../fake/clock.ts'

test('a save is applied once it has been quiet for 100 ms and two reads 110 ms apart agree', async () => {
  const desk = new Desk('one')
  desk.save('two')
  await desk.clock.advance(90)
  desk.save('three')
  await desk.clock.advance(219)
  expect(desk.told).toEqual([])
  await desk.clock.advance(1)
  expect(desk.told).toEqual(['good three'])
})

test('a file that is saved every 20 ms is applied at most once a second, and as it is in the end', async () => {
  const desk = new Desk('one')
  for (let save = 1; save <= 500; save++) {
    desk.save(`${save}`)
    await desk.clock.advance(20)
  }
  await desk.clock.advance(2_000)
  expect(desk.told.length).toBeLessThanOrEqual(11)
  expect(desk.told.at(-1)).toBe('good 500')
})

test('a half-written file is never loaded', async () => {
  const desk = new Desk('one')
  desk.save('')
  await desk.clock.advance(150)
  desk.text = 'tw'
  await desk.clock.advance(100)
  desk.text = 'two'
  await desk.clock.advance(2_000)
  expect(desk.loaded).toEqual(['two'])
  expect(desk.told).toEqual(['good two'])
})

test('a bad save is told after three looks, and the good one that follows is applied', async () => {
  const desk = new Desk('one')
  for (const text of ['bad 1', 'bad 2', 'bad 3', 'bad 4']) {
    desk.save(text)
    await desk.clock.advance(5_000)
  }
  desk.save('two')
  await desk.clock.advance(5_000)
  expect(desk.told).toEqual(['bad bad 1', 'bad bad 2', 'bad bad 3', 'bad bad 4', 'good two'])
})

test('a mistake that is mended before the third look is not told', async () => {
  const desk = new Desk('one')
  desk.save('bad')
  await desk.clock.advance(500)
  desk.save('two')
  await desk.clock.advance(5_000)
  expect(desk.told).toEqual(['good two'])
})

test('the same mistakes are told once', async () => {
  const desk = new Desk('one')
  for (let count = 0; count < 3; count++) {
    desk.save('bad')
    await desk.clock.advance(5_000)
  }
  expect(desk.told).toEqual(['bad bad'])
})

test('a touched file that says what runs is not loaded; after a bad one it is', async () => {
  const desk = new Desk('one')
  desk.save('one')
  await desk.clock.advance(5_000)
  expect(desk.loaded).toEqual([])
  desk.save('bad')
  await desk.clock.advance(5_000)
  desk.save('one')
  await desk.clock.advance(5_000)
  expect(desk.told).toEqual(['bad bad', 'good one'])
})

test('a file that is gone, or empty, is told and changes nothing; its return is applied', async () => {
  for (const gone of [undefined, '']) {
    const desk = new Desk('one')
    desk.save(gone)
    await desk.clock.advance(10_000)
    expect(desk.told).toEqual([`bad ${gone}`])
    desk.save('two')
    await desk.clock.advance(5_000)
    expect(desk.told).toEqual([`bad ${gone}`, 'good two'])
  }
})

test('a change during the load is not lost', async () => {
  const desk = new Desk('one')
  desk.onLoad = () => {
    desk.onLoad = () => {}
    desk.save('three')
  }
  desk.save('two')
  await desk.clock.advance(5_000)
  expect(desk.told).toEqual(['good two', 'good three'])
})

test.each([0, 50, 150, 300])('a source that is closed %d ms after a change tells nothing and leaves no timer', async (ms) => {
  const desk = new Desk('one')
  desk.save('bad')
  await desk.clock.advance(ms)
  await desk.source.close()
  desk.save('two')
  await desk.clock.advance(10_000)
  expect(desk.told).toEqual([])
  expect(desk.clock.waiting).toBe(0)
})

test('a file that the new text names is read twice before it counts, and watched from then on', async () => {
  const desk = new Desk('one')
  desk.names = ['more.yaml']
  desk.beside = { 'more.yaml': 'half' }
  desk.onLoad = () => (desk.beside = { 'more.yaml': 'whole' })
  desk.save('two')
  await desk.clock.advance(5_000)
  expect(desk.loaded).toEqual(['two', 'two'])
  expect([desk.told, desk.watched]).toEqual([['good two'], ['forwards.yaml more.yaml']])
})

test('an edit of a file beside is a reload, and one of them that is gone for a moment is waited for', async () => {
  const desk = new Desk('one')
  desk.names = ['more.yaml']
  desk.beside = { 'more.yaml': '1' }
  desk.save('two')
  await desk.clock.advance(5_000)
  desk.beside = {}
  desk.source.changed()
  await desk.clock.advance(300)
  desk.beside = { 'more.yaml': '2' }
  await desk.clock.advance(5_000)
  expect([desk.told, desk.loaded]).toEqual([
    ['good two', 'good two'],
    ['two', 'two'],
  ])
})

const nothingElse = { variables: [], risks: [], redact: (text: string) => text, marked: (text: string) => text, explain: () => [] }

/** A file on a desk: whoever saves it tells the source. */
class Desk {
  readonly clock = new HandClock()
  readonly told: string[] = []
  readonly loaded: (string | undefined)[] = []
  readonly watched: string[] = []
  text: string | undefined
  /** Files that the file names, once it is loaded, and what is in them. */
  names: readonly string[] = []
  beside: Record<string, string | undefined> = {}
  onLoad: () => void = () => {}
  readonly source: Source

  constructor(text: string) {
    this.text = text
    this.source = new Source(
      {
        clock: this.clock,
        read: async (paths) => new Map(paths.map((path) => [path, this.#fileAt(path)])),
        load: async (known) => {
          const read = known.get('forwards.yaml')
          const snapshot = new Map(known)
          for (const path of this.names) if (!snapshot.has(path)) snapshot.set(path, this.#fileAt(path))
          return { loaded: this.#load(read?.kind === 'read' ? read.bytes : undefined), snapshot }
        },
        watched: (paths) => this.watched.push(paths.join(' ')),
        debounceMs: () => 100,
        good: (project) => void this.told.push(`good ${project.name}`),
        bad: (problems) => this.told.push(`bad ${problems[0]?.message}`),
      },
      new Map([['forwards.yaml', { kind: 'read', bytes: Buffer.from(text) }]]),
    )
  }

  #fileAt(path: string): FileRead {
    const text = path === 'forwards.yaml' ? this.text : this.beside[path]
    return text === undefined ? { kind: 'missing' } : { kind: 'read', bytes: Buffer.from(text) }
  }

  save(text: string | undefined): void {
    this.text = text
    this.source.changed()
  }

  #load(bytes: Uint8Array | undefined): Loaded {
    const text = bytes === undefined ? undefined : String(bytes)
    this.loaded.push(text)
    this.onLoad()
    if (text === undefined || text === '' || text.startsWith('bad')) {
      const problem = { file: 'forwards.yaml', line: 1, column: 1, code: 'KPF_FIELD_UNKNOWN', message: `${text}` }
      return { kind: 'rejected', problems: [problem], needsApproval: false, ...nothingElse }
    }
    const project: Project = { name: text, forwards: [], settings: { concurrency: 8, watchDebounceMs: 100 } }
    return { kind: 'loaded', project, blame: () => ({ file: '', line: 1, column: 1, code: '', message: '' }), ...nothingElse }
  }
}
