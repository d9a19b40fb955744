import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteQueue, Outbound, type Sender } from '../../src/tunnel/outbound.ts'

/** A stream that prints its frames as `name:bytes`. */
class Named implements Sender {
  queuedBytes: number
  readonly #name: string

  constructor(name: string, queuedBytes: number) {
    this.#name = name
    this.queuedBytes = queuedBytes
  }

  take(maxBytes: number): { frame: readonly Buffer[]; bytes: number; hasMore: boolean } {
    const bytes = Math.min(maxBytes, this.queuedBytes)
    this.queuedBytes -= bytes
    return { frame: [Buffer.from(`${this.#name}:${bytes}`)], bytes, hasMore: this.queuedBytes > 0 }
  }
}

function messages(outbound: Outbound): string[] {
  const all: string[] = []
  while (!outbound.isEmpty) all.push(outbound.next().map(String).join(' '))
  return all
}

test('control frames go first, then the streams take turns, two frames a message', () => {
  const outbound = new Outbound()
  outbound.ready(new Named('a', 100_000))
  outbound.ready(new Named('b', 40_000))
  outbound.control(Buffer.from('syn'))
  expect(messages(outbound)).toEqual(['syn a:32768 b:32768', 'a:32768 b:7232 a:32768', 'a:1696'])
})

test('a small stream does not wait behind a large one', () => {
  const outbound = new Outbound()
  outbound.ready(new Named('large', 200_000))
  outbound.ready(new Named('small', 10))
  expect(outbound.next().map(String)[0]).toBe('small:10')
})

test('many small streams leave the large one half of a message', () => {
  const outbound = new Outbound()
  outbound.ready(new Named('large', 60_000))
  for (let n = 0; n < 100; n++) outbound.ready(new Named(`s${n}`, 4_000))
  expect(outbound.next().map(String)).toContain('large:32768')
})

test('a stream that was forgotten sends nothing', () => {
  const outbound = new Outbound()
  const sender = new Named('a', 10)
  outbound.ready(sender)
  outbound.forget(sender)
  expect(messages(outbound)).toEqual([])
})

test('a queue gives out exactly what it was given, in any sizes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }), (chunks, sizes) => {
      const queue = new ByteQueue()
      for (const chunk of chunks) queue.push(Buffer.from(chunk))
      const given: Buffer[] = []
      for (let turn = 0; queue.bytes > 0; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        const taken = Buffer.concat(queue.take(size))
        expect(taken.length).toBeLessThanOrEqual(size)
        given.push(taken)
      }
      expect(Buffer.concat(given)).toEqual(Buffer.concat(chunks))
    }),
  )
})
