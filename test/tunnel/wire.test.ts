import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import type { Transport } from '../../src/tunnel/dialer.ts'
import { Wire } from '../../src/tunnel/wire.ts'
import { serverFrame } from './world.ts'

/** A wire over a socket that writes into a list. */
function scene(transport: Transport, encrypted: boolean): { wire: Wire; socket: Duplex; written: () => Buffer; seen: string[] } {
  const chunks: Buffer[] = []
  const seen: string[] = []
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  const wire = new Wire(
    { kind: 'upgraded', transport, socket, head: Buffer.alloc(0), encrypted },
    {
      bytes: (bytes) => seen.push(`bytes ${bytes.toString()}`),
      pong: () => seen.push('pong'),
      drained: () => {},
      ended: (failure, closeCode) => seen.push(`${failure.code} ${closeCode ?? ''}`.trim()),
    },
  )
  return { wire, socket, written: () => Buffer.concat(chunks), seen }
}

test('in clear text every message has a mask of its own; inside TLS none is needed', () => {
  const clear = scene('websocket', false)
  clear.wire.send([Buffer.from('hello')])
  clear.wire.send([Buffer.from('hello')])
  const masks = [clear.written().toString('hex', 2, 6), clear.written().toString('hex', 13, 17)]
  expect(new Set([...masks, '00000000']).size).toBe(3)

  const encrypted = scene('websocket', true)
  encrypted.wire.send([Buffer.from('hel'), Buffer.from('lo')])
  expect(encrypted.written().toString('hex')).toBe(`828500000000${Buffer.from('hello').toString('hex')}`)
})

test('a ping of the server is answered with its own bytes', () => {
  const it = scene('websocket', true)
  it.wire.start(Buffer.from(serverFrame(9, Buffer.from('are you there'))))
  expect(it.written().toString('hex')).toBe(`8a8d00000000${Buffer.from('are you there').toString('hex')}`)
})

test('bytes that came with the upgrade are read first, and messages come whole', () => {
  const it = scene('websocket', true)
  const frame = serverFrame(2, Buffer.from('hello'))
  it.wire.start(frame.subarray(0, 4))
  it.socket.emit('data', Buffer.concat([frame.subarray(4), serverFrame(10, Buffer.alloc(0))]))
  expect(it.seen).toEqual(['bytes hello', 'pong'])
})

test('a fragmented message with an empty last piece is one message', () => {
  const it = scene('websocket', true)
  it.wire.start(Buffer.from('020568656c6c6f8000', 'hex'))
  expect(it.seen).toEqual(['bytes hello'])
})

test.each([
  ['a close', serverFrame(8, Buffer.from([0x03, 0xe8])), 'KPF_TUNNEL_LOST 1000'],
  ['a text message', serverFrame(1, Buffer.from('x')), 'KPF_TUNNEL_MALFORMED'],
  ['a masked frame', Buffer.from('828100000000ff', 'hex'), 'KPF_TUNNEL_MALFORMED'],
  ['a message over the limit', Buffer.from('827f0000000001000001', 'hex'), 'KPF_TUNNEL_MALFORMED'],
])('%s ends the wire once', async (_, bytes, ended) => {
  const it = scene('websocket', true)
  it.wire.start(Buffer.from(bytes))
  await new Promise((resolve) => it.socket.once('close', resolve))
  expect(it.seen).toEqual([ended])
  it.wire.close()
})

test('bare bytes pass as they are, both ways', () => {
  const it = scene('spdy', false)
  it.wire.start(Buffer.from('head'))
  it.wire.send([Buffer.from('a'), Buffer.from('b')])
  it.wire.ping()
  expect(it.seen).toEqual(['bytes head'])
  expect(it.written().toString()).toBe('ab')
})
