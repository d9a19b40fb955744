/** What the process says: in order, through streams while it runs, at once when it ends. */
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

test('what is said by a process that goes on is written in the same turn, through the stream; so is its last word', async () => {
  const { said, seen } = new Desk()
  said.out('a\n')
  await setImmediate()
  expect(seen).toEqual(['out stream: a\n'])
  said.out('b\n')
  said.end()
  expect(seen).toEqual(['out stream: a\n', 'out stream: b\n'])
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

test('what nobody reads is dropped past 1 MiB, and the lines are counted', async () => {
  const written: string[] = []
  let release = (): void => {}
  const stuck = new Writable({
    highWaterMark: 1,
    write: (chunk, _encoding, done) => {
      written.push(String(chunk))
      release = done
    },
  })
  const said = outputs({ descriptor: 1, open: () => stuck }, { descriptor: 2, open: () => stuck }, 'linux')
  for (const text of ['x'.repeat(2 * 1024 * 1024), 'lost\nlost\n', 'lost\n']) {
    said.out(text)
    await setImmediate()
  }
  release()
  await setImmediate()
  said.out('seen\n')
  await setImmediate()
  release()
  await setImmediate()
  release()
  await setImmediate()
  expect(written.slice(1)).toEqual(['(3 lines dropped: nobody read them)\n', 'seen\n'])
})
