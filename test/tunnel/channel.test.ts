import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChannelDecoder } from '../../src/tunnel/channel.ts'

function read(port: number, ...hex: readonly string[]): unknown[] {
  const decoder = new ChannelDecoder(port)
  return hex.map((message) => {
    const said = decoder.read(Buffer.from(message, 'hex'))
    return said.kind === 'failure' ? said.code : said.kind === 'data' ? said.bytes.toString() : said.kind === 'error' ? `error ${said.text}` : said.kind
  })
}

test('each channel begins with its port, little-endian; then data and errors follow', () => {
  expect(read(80, '005000', '015000', '006869', '0162616421')).toEqual(['nothing', 'nothing', 'hi', 'error bad!'])
  expect(read(8080, '00901f', '0068')).toEqual(['nothing', 'h'])
})

test('a channel that begins with another port, or with data, is malformed', () => {
  expect(read(80, '000050')).toEqual(['KPF_TUNNEL_MALFORMED'])
  expect(read(80, '0068656c6c6f')).toEqual(['KPF_TUNNEL_MALFORMED'])
})

test('empty messages and channels of nobody say nothing', () => {
  expect(read(80, '', '02aabb', 'ff')).toEqual(['nothing', 'nothing', 'nothing'])
})

test('no message makes the decoder throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5 })), (messages) => {
      const decoder = new ChannelDecoder(80)
      for (const message of messages) decoder.read(Buffer.from(message))
    }),
  )
})
