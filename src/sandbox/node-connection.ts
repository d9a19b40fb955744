/**
 * One upgraded connection at the sample cluster's end: the 101, the WebSocket layer if
 * there is one, and the node's session on it.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Receiver } from 'ws'
import type { Clock } from '../system/clock.ts'
import { ACCEPT_GUID, CHANNEL_PROTOCOL, STREAM_PROTOCOL, TUNNEL_PROTOCOL } from '../tunnel/websocket.ts'
import { SpdyServer } from './spdy-server.ts'
import type { Workloads } from './workloads.ts'

/** Which upgrades the server takes; an older server takes fewer. */
export type Serves = ReadonlySet<'websocket' | 'spdy'>

/** Answers an upgrade to a pod's port-forward. */
export function acceptUpgrade(request: IncomingMessage, socket: Duplex, parts: { podName: string; workloads: Workloads; clock: Clock; serves: Serves }): void {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
  if (!isWebSocket && parts.serves.has('spdy')) {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${STREAM_PROTOCOL}\r\n\r\n`)
    return serve(socket, parts, bare(socket))
  }
  if (isWebSocket && offered.includes(TUNNEL_PROTOCOL) && parts.serves.has('websocket')) {
    const accept = createHash('sha1')
      .update(`${String(request.headers['sec-websocket-key'])}${ACCEPT_GUID}`)
      .digest('base64')
    const head = [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Accept: ${accept}`,
      `Sec-WebSocket-Protocol: ${TUNNEL_PROTOCOL}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    return serve(socket, parts, framed(socket))
  }
  // The words of a server that does not know the tunnel: the kubelet answers for it.
  const text = offered.includes(CHANNEL_PROTOCOL) ? 'unable to upgrade' : 'query parameter "port" is required'
  socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`)
}

/** How bytes of the session get onto the socket, and off it. */
interface Framing {
  readonly send: (bytes: Buffer) => boolean
  readonly read: (chunk: Buffer, take: (bytes: Buffer) => void) => void
  readonly goodbye: () => void
}

function serve(socket: Duplex, { podName, workloads, clock }: { podName: string; workloads: Workloads; clock: Clock }, framing: Framing): void {
  const server = new SpdyServer({
    clock,
    dial: (port) => workloads.dial(podName, port),
    goneText: () => workloads.goneText(podName, 0),
    send: framing.send,
    hold: (isHeld) => (isHeld ? socket.pause() : socket.resume()),
    end: () => {
      framing.goodbye()
      socket.destroy()
    },
  })
  socket.on('data', (chunk: Buffer) => framing.read(chunk, (bytes) => server.receive(bytes)))
  socket.on('drain', () => server.drained())
  socket.on('error', () => socket.destroy())
  socket.on('close', () => server.close())
  socket.resume()
}

function bare(socket: Duplex): Framing {
  return { send: (bytes) => socket.write(bytes), read: (chunk, take) => take(chunk), goodbye: () => {} }
}

/** Unmasked frames out, masked ones in (RFC 6455, section 5). */
function framed(socket: Duplex): Framing {
  const receiver = new Receiver({ isServer: true, maxPayload: 16 * 1024 * 1024, skipUTF8Validation: true })
  let take: (bytes: Buffer) => void = () => {}
  const frame = (opcode: number, bytes: Buffer): boolean => {
    socket.write(frameHead(opcode, bytes.length))
    return socket.write(bytes)
  }
  receiver.on('message', (bytes) => take(bytes))
  receiver.on('ping', (bytes) => frame(10, bytes))
  receiver.on('conclude', () => socket.end())
  receiver.on('error', () => socket.destroy())
  return {
    send: (bytes) => frame(2, bytes),
    read: (chunk, next) => {
      take = next
      receiver.write(chunk)
    },
    goodbye: () => frame(8, Buffer.from([0x03, 0xe8])),
  }
}

function frameHead(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, length])
  if (length < 65_536) return Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff])
  const head = Buffer.alloc(10)
  head[0] = 0x80 | opcode
  head[1] = 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}
