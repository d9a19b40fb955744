/**
 * The older channel protocol, `v4.channel.k8s.io`: one byte of channel number before
 * each message, data on even and errors on odd channels. Pure.
 *
 * The first message of each channel is the port it stands for (uint16, little-endian).
 * Source: kubelet's port-forward over WebSocket, pkg/cri-streaming/portforward/websocket.go.
 */
import { type Failure, failure } from './failure.ts'

/** What a message means, for a WebSocket that carries one port. */
export type ChannelMessage =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'nothing' }

/** Reads the messages of one WebSocket with one port. */
export class ChannelDecoder {
  readonly #port: number
  readonly #opened = new Set<number>()

  constructor(port: number) {
    this.#port = port
  }

  read(message: Buffer): ChannelMessage | Failure {
    const channel = message[0]
    if (channel === undefined || channel > 1) return { kind: 'nothing' }
    const payload = message.subarray(1)
    if (!this.#opened.has(channel)) {
      this.#opened.add(channel)
      if (payload.length !== 2 || payload.readUInt16LE(0) !== this.#port) return failure('KPF_TUNNEL_MALFORMED', 'the server named another port on the channel')
      return { kind: 'nothing' }
    }
    return channel === 0 ? { kind: 'data', bytes: payload } : { kind: 'error', text: payload.toString('utf8') }
  }
}

/** The byte before data for the pod. */
export const DATA_CHANNEL = Buffer.from([0])
