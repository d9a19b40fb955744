/** What the process says: in order, through streams while it runs, at once when it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { outputs } from '../../src/system/outputs.ts'

/** Both outputs of a process that does not exist: everything in one list, in order. */
class Desk {
  readonly seen: string[] = []
  readonly opened: string[] = []
  /** What the kernel says to a write without a stream: how many bytes it took, or an error. */
  answers: (number | string)[] = []
  readonly #platform: string
  readonly said

  constructor(platform = 'linux') {
    this.#platform = platform
    this.said = outputs(this.#source(1, 'out'), this.#source(2, 'err'), this.#platform)
  }

  #source(descriptor: number, name: string): Parameters<typeof outputs>[0] {
    return {
      descriptor,
      open: () => {
        this.opened.push(name)
        return new Writable({
          write: (chunk, _encoding, done) => {
            this.seen.push(`${name} stream: ${String(chunk)}`)
            done()
          },
        })
      },
      writeNow: (_descriptor, bytes) => {
        const answer = this.answers.shift() ?? bytes.length
        if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer })
        this.seen.push(`${name} now: ${bytes.subarray(0, answer).toString()}`)
        return answer
      },
    }
  }
}

test('what is said last goes out at once, in the order in which it was said, and no stream is made', () => {
  const { said, seen, opened } = new Desk()
  said.out('a\n')
  said.err('b\n')
  said.out('c\n')
  said.out('d\n')
  expect(said.end()).toBe(undefined)
  expect(seen).toEqual(['out now: a\n', 'err now: b\n', 'out now: c\nd\n'])
  expect(opened).toEqual([])
})

test('what is said by a process that goes on is written in the same turn, through the stream; its last word at once', async () => {
  const { said, seen } = new Desk()
  said.out('a\n')
  await setImmediate()
  expect(seen).toEqual(['out stream: a\n'])
  said.out('b\n')
  said.end()
  expect(seen).toEqual(['out stream: a\n', 'out now: b\n'])
})

test('what is said after the end, by whoever cleans up, is not left to a turn that never comes', () => {
  const { said, seen } = new Desk()
  said.out('a\n')
  said.end()
  said.out('b\n')
  said.err('c\n')
  expect(seen).toEqual(['out now: a\n', 'out now: b\n', 'err now: c\n'])
})

test('a process that fails shows all that it said, and what it says on its way out', async () => {
  const outputsUrl = new URL('../../src/system/outputs.ts', import.meta.url).href
  const program = `
    import { processOutputs } from '${outputsUrl}'
    const said = processOutputs()
    process.once('exit', () => said.out('cursor'))
    said.out('before ')
    throw new Error('crash')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [text, [code]] = await Promise.all([child.stdout.setEncoding('utf8').toArray(), once(child, 'exit')])
  expect([text.join(''), code]).toEqual(['before cursor', 1])
})

test('a pipe that takes a part is asked again; one that does not wait gets the rest through the stream', () => {
  const desk = new Desk()
  desk.answers = [2, 'EAGAIN']
  desk.said.out('abcd')
  expect(desk.said.end()).toBe(undefined)
  expect(desk.seen).toEqual(['out now: ab', 'out stream: cd'])
})

test.each([
  ['EPIPE', undefined],
  ['EBADF', undefined],
  ['ENOSPC', 'ENOSPC'],
])('after %s nothing more is written, and only data that found no room is a loss', async (errno, lost) => {
  const desk = new Desk()
  desk.answers = [errno]
  desk.said.out('abcd')
  expect(desk.said.end()).toBe(lost)
  desk.said.out('more')
  await setImmediate()
  expect(desk.seen).toEqual([])
})

test('a console of Windows gets its texts through the stream', () => {
  const desk = new Desk('win32')
  desk.said.out('ü\n')
  desk.said.end()
  expect(desk.seen).toEqual(['out stream: ü\n'])
})

/** A pipe whose reader takes a text when it is told to. */
class Pipe extends Writable {
  readonly read: string[] = []
  #held: (() => void)[] = []
  isOpen = false

  override _write(chunk: Buffer, _encoding: string, taken: (error?: Error) => void): void {
    const take = (): void => {
      this.read.push(chunk.toString())
      taken()
    }
    if (this.isOpen) take()
    else this.#held.push(take)
  }

  async readAll(): Promise<void> {
    this.isOpen = true
    for (const take of this.#held.splice(0)) take()
    await setImmediate()
  }
}

test('as long as a reader has not taken all that was said, the process may not be ended', async () => {
  const pipe = new Pipe()
  const said = outputs({ descriptor: 1, open: () => pipe }, { descriptor: 2, open: () => new Pipe() }, 'linux')
  expect(said.isWaiting()).toBe(false)
  said.out('a\n')
  expect(said.isWaiting()).toBe(true)
  await setImmediate()
  said.end()
  expect(said.isWaiting()).toBe(true)
  await pipe.readAll()
  expect([pipe.read, said.isWaiting()]).toEqual([['a\n'], false])
})

const KIB = 'x'.repeat(1024)

/** Each text in a turn of its own. */
async function sayAll(said: ReturnType<typeof outputs>, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    said.out(`${KIB}\n`)
    await setImmediate()
  }
}

test('past a mebibyte nobody waits: lines are dropped, counted, and told beside stdout as soon as it is read', async () => {
  const [pipe, notes] = [new Pipe(), new Pipe()]
  notes.isOpen = true
  const said = outputs({ descriptor: 1, open: () => pipe }, { descriptor: 2, open: () => notes }, 'linux')
  await sayAll(said, 1_100)
  expect(notes.read).toEqual([])
  await pipe.readAll()
  expect([pipe.read.length, notes.read]).toEqual([1_024, ['(76 lines dropped: nobody read them)\n']])
})

test('what stderr has lost it says itself', async () => {
  const pipe = new Pipe()
  const said = outputs({ descriptor: 1, open: () => pipe }, { descriptor: 2, open: () => pipe }, 'linux')
  await sayAll({ ...said, out: said.err }, 1_100)
  await pipe.readAll()
  expect(pipe.read.at(-1)).toBe('(76 lines dropped: nobody read them)\n')
})

test('who waits for room loses nothing', async () => {
  const pipe = new Pipe()
  const said = outputs({ descriptor: 1, open: () => pipe }, { descriptor: 2, open: () => pipe }, 'linux')
  expect(await said.room()).toBe(true)
  const writing = (async () => {
    for (let index = 0; index < 3_000; index++) {
      said.out(`${index}${KIB}`)
      await said.room()
    }
  })()
  await setImmediate()
  expect(pipe.writableLength).toBeLessThan(100 * 1024)
  await pipe.readAll()
  await writing
  expect(pipe.read.join('').match(/\d+x/g)).toHaveLength(3_000)
})

test('who waits for room hears that the reader is gone', async () => {
  const pipe = new Pipe()
  const said = outputs({ descriptor: 1, open: () => pipe }, { descriptor: 2, open: () => pipe }, 'linux')
  for (let index = 0; index < 100; index++) said.out(KIB)
  const waiting = said.room()
  pipe.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  expect(await waiting).toBe(false)
  said.out('more')
  expect(await said.room()).toBe(false)
})
