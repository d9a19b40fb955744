/**
 * WebSocket framing of what we send, and the names of the subprotocols. Pure.
 *
 * What is received goes through `ws`'s own receiver, in `wire.ts`.
 * Source: RFC 6455, section 5.
 */

/** Subprotocol of SPDY/3.1 inside WebSocket messages. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io'
/** Subprotocol of the numbered channels. */
export const CHANNEL_PROTOCOL = 'v4.channel.k8s.io'
/** `X-Stream-Protocol-Version` of bare SPDY. */
export const STREAM_PROTOCOL = 'portforward.k8s.io'

/** What is hashed after the key for `Sec-WebSocket-Accept` (RFC 6455, section 1.3). */
export const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Longer messages end the tunnel. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** The payload of a Close frame with status 1000. */
export const normalClose = Buffer.from([0x03, 0xe8])

const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const

/** What a frame of ours is. */
export type Opcode = keyof typeof opcodes

/**
 * The buffers of one final frame from a client.
 *
 * Inside TLS the mask key is zero, which is legal and leaves the payload as it is; in
 * clear text a proxy could be led to take the payload for HTTP, so the caller gives a
 * key of chance.
 *
 * @param maskKey four bytes; absent inside TLS
 */
export function message(opcode: Opcode, parts: readonly Buffer[], maskKey: Buffer | undefined): readonly Buffer[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const head = Buffer.alloc(6 + extra)
  head[0] = 0x80 | opcodes[opcode]
  head[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127)
  if (extra === 2) head.writeUInt16BE(length, 2)
  if (extra === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (maskKey === undefined) return [head, ...parts]
  maskKey.copy(head, 2 + extra)
  return [head, masked(Buffer.concat(parts), maskKey)]
}

/** The payload XORed with the key (RFC 6455, section 5.3); `payload` is ours to change. */
function masked(payload: Buffer, key: Buffer): Buffer {
  for (let index = 0; index < payload.length; index++) payload[index] = (payload[index] ?? 0) ^ (key[index & 3] ?? 0)
  return payload
}
