import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Receiver } from 'ws'
import { message, normalClose, type Opcode } from '../../src/tunnel/websocket.ts'

test('a ping frame inside TLS carries a zero mask key and the payload as it is', () => {
  const parts = message('binary', [Buffer.from('800300060000000400000001', 'hex')], undefined)
  expect(Buffer.concat(parts).toString('hex')).toBe('828c00000000800300060000000400000001')
})

test('a mask leaves the caller with its bytes as they were', () => {
  const payload = Buffer.from('secret')
  const written = Buffer.concat(message('binary', [payload], Buffer.from([1, 2, 3, 4])))
  expect(written.includes('secret')).toBe(false)
  expect(payload.toString()).toBe('secret')
})

test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('a message of %i bytes is read by ws, masked and unmasked, whole and cut', (length) => {
  const payload = Buffer.alloc(length, 'abc')
  for (const mask of [undefined, Buffer.from([0xde, 0xad, 0xbe, 0xef])]) {
    const bytes = Buffer.concat(message('binary', [payload.subarray(0, 3), payload.subarray(3)], mask))
    expect(read([bytes])).toEqual([['message', payload]])
    const cuts = [...bytes.subarray(0, 30)].map((byte) => Buffer.from([byte]))
    expect(read([...cuts, bytes.subarray(30)])).toEqual([['message', payload]])
  }
})

test.each([
  ['ping', [], [['ping', Buffer.alloc(0)]]],
  ['pong', [Buffer.from('x')], [['pong', Buffer.from('x')]]],
  ['close', [normalClose], [['conclude', 1000]]],
] as const)('a %s frame is one to ws', (opcode: Opcode, parts, seen) => {
  expect(read(message(opcode, parts, Buffer.from([1, 2, 3, 4])))).toEqual(seen)
})

test('any payload under any mask comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 4, maxLength: 4 }), (payload, mask) => {
      expect(read(message('binary', [Buffer.from(payload)], Buffer.from(mask)))).toEqual([['message', Buffer.from(payload)]])
    }),
  )
})

function read(chunks: readonly Buffer[]): unknown[] {
  const seen: unknown[] = []
  const receiver = new Receiver({ isServer: true })
  receiver.on('message', (bytes) => seen.push(['message', Buffer.from(bytes)]))
  receiver.on('ping', (bytes) => seen.push(['ping', bytes]))
  receiver.on('pong', (bytes) => seen.push(['pong', bytes]))
  receiver.on('conclude', (code) => seen.push(['conclude', code]))
  // A copy: the receiver unmasks in place.
  for (const chunk of chunks) receiver.write(Buffer.from(chunk))
  return seen
}
