/**
 * The channel transport behind the face of a tunnel: every stream dials for itself.
 *
 * The upgrade it is given only proves the way: a WebSocket ping is answered, and that
 * wire is closed. So nothing is open between streams, and the loss of the way shows when
 * the next stream dials.
 */
import { ChannelStream } from './channel-stream.ts'
import { DelayLine } from './delay-line.ts'
import type { Dialled } from './dial.ts'
import type { Upgraded } from './dialer.ts'
import { type Failure, failure } from './failure.ts'
import type { StreamSink, TunnelStream } from './stream.ts'
import type { Tunnel, TunnelEvents, TunnelOptions } from './tunnel.ts'
import { Wire } from './wire.ts'

const PROOF_MS = 5_000

/** Streams over one WebSocket each. */
export class ChannelTunnel implements Tunnel {
  readonly transport = 'channel'
  readonly #events: TunnelEvents
  readonly #dial: (port: number, signal: AbortSignal) => Promise<Dialled>
  readonly #streams = new Set<ChannelStream>()
  readonly #unanswered: DelayLine<ChannelStream>
  readonly #proofs: DelayLine<Wire>
  #isOver = false
  bytesIn = 0
  bytesOut = 0

  constructor(proof: Upgraded, options: TunnelOptions & { readonly dial: (port: number, signal: AbortSignal) => Promise<Dialled> }, events: TunnelEvents) {
    const { clock, streamMs } = options
    this.#dial = options.dial
    this.#events = events
    this.#unanswered = new DelayLine(clock, streamMs, (stream) => stream.timedOut(streamMs))
    this.#proofs = new DelayLine(clock, PROOF_MS, () => this.#end(failure('KPF_TUNNEL_SILENT', 'no answer to a WebSocket ping within 5 s'), false))
    this.#prove(proof)
  }

  get openStreams(): number {
    return this.#streams.size
  }

  openStream(port: number, early: readonly Buffer[], sink: StreamSink): TunnelStream {
    const stream = new ChannelStream(port, this.#host, sink)
    this.#streams.add(stream)
    this.#unanswered.add(stream)
    for (const bytes of early) stream.write(bytes)
    return stream
  }

  /** There is nothing to ask between streams. */
  probe(): void {}

  close(why: Failure): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopProof()
    for (const stream of this.#streams) stream.lost(why)
    this.#unanswered.stop()
  }

  #stopProof: () => void = () => {}

  #prove(proof: Upgraded): void {
    const done = (): void => {
      this.#proofs.stop()
      wire.close()
    }
    const wire = new Wire(proof, {
      bytes: () => {},
      drained: () => {},
      pong: () => {
        done()
        this.#events.opened()
      },
      ended: (why, closeCode) => {
        done()
        // The probe's port is closed in the pod, and with it goes the probe: that is an answer too.
        if (closeCode === 1000) this.#events.opened()
        else this.#end(why, false)
      },
    })
    this.#stopProof = done
    this.#proofs.add(wire)
    wire.start(proof.head)
    wire.ping()
  }

  readonly #host = {
    dial: (port: number, signal: AbortSignal): Promise<Dialled> => this.#dial(port, signal),
    moved: (bytesIn: number, bytesOut: number): void => {
      this.bytesIn += bytesIn
      this.bytesOut += bytesOut
    },
    answered: (stream: ChannelStream): void => this.#unanswered.delete(stream),
    forget: (stream: ChannelStream, refused?: { readonly failure: Failure; readonly podGone: boolean }): void => {
      this.#streams.delete(stream)
      this.#unanswered.delete(stream)
      if (this.#isOver) return
      this.#events.streamEnded()
      // A refused dial condemns the way only when nothing else lives on it, or the pod is gone.
      if (refused && (refused.podGone || this.#streams.size === 0)) this.#end(refused.failure, refused.podGone)
    },
  }

  #end(why: Failure, podGone: boolean): void {
    if (this.#isOver) return
    this.close(why)
    this.#events.ended(why, podGone)
  }
}
