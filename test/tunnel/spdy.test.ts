import { createHash } from 'node:crypto'
import { createInflate } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeaderBlocks, spdyDictionary } from '../../src/sandbox/spdy-dictionary.ts'
import type { Failure } from '../../src/tunnel/failure.ts'
import { dataHead, type Frame, FrameDecoder, goAway, HeaderFrames, headerBlock, ping, rstStream } from '../../src/tunnel/spdy.ts'

const errorBlock = '000000030000000a73747265616d74797065000000056572726f7200000004706f72740000000438303830000000097265717565737469640000000130'
const dataBlock = '000000030000000a73747265616d74797065000000046461746100000004706f72740000000438303830000000097265717565737469640000000130'

function headers(streamtype: string): readonly (readonly [string, string])[] {
  return [
    ['streamtype', streamtype],
    ['port', '8080'],
    ['requestid', '0'],
  ]
}

test('header blocks are laid out as the draft says', () => {
  expect(headerBlock(headers('error')).toString('hex')).toBe(errorBlock)
  expect(headerBlock(headers('data')).toString('hex')).toBe(dataBlock)
})

test('the first SYN_STREAM of a connection opens the zlib stream, the second continues it', () => {
  const frames = new HeaderFrames()
  expect(frames.synStream(1, headers('error'), { fin: true }).toString('hex')).toBe(
    `80030001010000570000000100000000000078bbe3c6a7c2003d00c2ff${errorBlock}000000ffff`,
  )
  expect(frames.synStream(3, headers('data'), { fin: false }).toString('hex')).toBe(`800300010000005000000003000000000000003c00c3ff${dataBlock}000000ffff`)
})

test('the dictionary is the one of the draft', () => {
  const dictionary = spdyDictionary()
  expect(dictionary).toHaveLength(1423)
  expect(createHash('sha256').update(dictionary).digest('hex')).toBe('51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02')
})

test('a real inflater reads two hundred of our blocks in a row', async () => {
  const frames = new HeaderFrames()
  const blocks = new HeaderBlocks()
  for (let id = 1; id < 400; id += 2) {
    const block = frames.synStream(id, [...headers('data'), ['long', 'x'.repeat(id)]], { fin: false }).subarray(18)
    expect(await blocks.read(block)).toEqual(new Map([...headers('data'), ['long', 'x'.repeat(id)]]))
  }
  blocks.close()
})

test('the replies captured from spdystream inflate with one inflater to an empty block each', async () => {
  const inflate = createInflate({ dictionary: spdyDictionary() })
  for (const hex of ['78f9e3c6a7c26260606000000000ffff', '026100000000ffff']) {
    await new Promise((resolve) => inflate.write(Buffer.from(hex, 'hex'), resolve))
    const bytes: unknown = inflate.read()
    expect(bytes).toEqual(Buffer.alloc(4))
  }
  inflate.destroy()
})

test('the fixed frames are written as captured', () => {
  expect(Buffer.concat([dataHead(3, 5, { fin: false }), Buffer.from('hello')]).toString('hex')).toBe('000000030000000568656c6c6f')
  expect(dataHead(3, 0, { fin: true }).toString('hex')).toBe('0000000301000000')
  expect(rstStream(3, 5).toString('hex')).toBe('80030003000000080000000300000005')
  expect(ping(1).toString('hex')).toBe('800300060000000400000001')
  expect(goAway(0).toString('hex')).toBe('80030007000000080000000000000000')
})

const readable: readonly (readonly [hex: string, frames: readonly unknown[]])[] = [
  ['000000030000000568656c6c6f', [{ kind: 'data', streamId: 3, text: 'hello', fin: false }]],
  ['0000000301000000', [{ kind: 'data', streamId: 3, text: '', fin: true }]],
  ['000000030100000568656c6c6f', [{ kind: 'data', streamId: 3, text: 'hello', fin: true }]],
  ['0000000300000000', []],
  ['80030002000000140000000178f9e3c6a7c26260606000000000ffff', [{ kind: 'syn-reply', streamId: 1 }]],
  ['80030003000000080000000300000005', [{ kind: 'rst-stream', streamId: 3, status: 5 }]],
  ['800300060000000400000001', [{ kind: 'ping', id: 1 }]],
  ['80030007000000080000000000000000', [{ kind: 'go-away', status: 0 }]],
  // SETTINGS, WINDOW_UPDATE, HEADERS and an unknown type say nothing; the ping after them does.
  ['800300040000000c00000001000000070000ffff80030009000000080000000100010000800300060000000400000003', [{ kind: 'ping', id: 3 }]],
  ['80030008000000060000000100008003000a00000000800300060000000400000003', [{ kind: 'ping', id: 3 }]],
]

test.each(readable)('%s reads the same whole and one byte at a time', (hex, frames) => {
  const bytes = Buffer.from(hex, 'hex')
  expect(read([bytes])).toEqual({ frames, failure: undefined })
  expect(read([...bytes].map((byte) => Buffer.from([byte])))).toEqual({ frames, failure: undefined })
})

test('DATA is handed on before its frame is whole', () => {
  const decoder = new FrameDecoder()
  const seen: Frame[] = []
  decoder.push(Buffer.from('0000000301000005', 'hex'), (frame) => seen.push(frame))
  decoder.push(Buffer.from('he'), (frame) => seen.push(frame))
  expect(seen).toEqual([{ kind: 'data', streamId: 3, bytes: Buffer.from('he'), fin: false }])
  decoder.push(Buffer.from('llo'), (frame) => seen.push(frame))
  expect(seen.at(-1)).toEqual({ kind: 'data', streamId: 3, bytes: Buffer.from('llo'), fin: true })
})

test.each([
  ['a length that is not the only one', '800300060000000500000001'],
  ['a short reset', '800300030000000400000003'],
  ['a reply without a stream', '8003000200000002'],
  ['another version', '800200060000000400000001'],
  ['a control frame of 64 KiB and one byte', '8003000200010001'],
  ['data for stream 0', '0000000000000001'],
  ['a ping with id 0', '800300060000000400000000'],
])('%s is malformed, and nothing is read after it', (_, hex) => {
  const decoder = new FrameDecoder()
  const ignore = (): void => {}
  const seen: Frame[] = []
  const first = decoder.push(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(16, 0xff)]), ignore)
  expect(first?.code).toBe('KPF_TUNNEL_MALFORMED')
  expect(decoder.push(ping(1), (frame) => seen.push(frame))).toBe(first)
  expect(seen).toEqual([])
})

test('no bytes make the decoder throw, and cuts change nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...readable.map(([hex]) => Buffer.from(hex, 'hex')))), { maxLength: 12 }),
      (parts) => {
        const chunks = parts.map((part) => Buffer.from(part))
        const whole = Buffer.concat(chunks)
        const singly = [...whole].map((byte) => Buffer.from([byte]))
        expect(read(singly)).toEqual(read([whole]))
      },
    ),
  )
})

/** What a decoder says of the chunks; slices of one DATA frame are joined. */
function read(chunks: readonly Buffer[]): { frames: readonly unknown[]; failure: Failure | undefined } {
  const decoder = new FrameDecoder()
  const frames: Record<string, unknown>[] = []
  let text = ''
  let from: number | undefined
  const flush = (fin: boolean): void => {
    if (from !== undefined) frames.push({ kind: 'data', streamId: from, text, fin })
    from = undefined
    text = ''
  }
  let failed: Failure | undefined
  for (const chunk of chunks) {
    failed = decoder.push(chunk, (frame) => {
      if (frame.kind !== 'data') {
        flush(false)
        frames.push({ ...frame })
        return
      }
      if (from !== undefined && from !== frame.streamId) flush(false)
      from = frame.streamId
      text += frame.bytes.toString('latin1')
      if (frame.fin) flush(true)
    })
  }
  flush(false)
  return { frames, failure: failed }
}
