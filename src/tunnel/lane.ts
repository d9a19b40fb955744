/**
 * One lane to one pod: dials, stays, is lost, waits and dials again.
 *
 * The shell around `lane-machine.ts`. It owns the tunnel in use, the dial under way and
 * the wait for the next, and there is never more than one of them. Which lane a new
 * connection gets is the pool's business.
 */
import type { Chance } from '../system/chance.ts'
import type { BackoffPolicy } from './backoff.ts'
import type { Transport, Upgraded } from './dialer.ts'
import { type Failure, failure } from './failure.ts'
import { idle, type LaneInput, type LaneState, step } from './lane-machine.ts'
import { type NegotiateParts, negotiate } from './negotiate.ts'
import { openTunnel } from './open-tunnel.ts'
import { Retries } from './retries.ts'
import type { StreamSink, TunnelStream } from './stream.ts'
import type { Tunnel, TunnelEvents } from './tunnel.ts'

/** What a lane needs, and whom it tells. */
export interface LaneParts extends NegotiateParts {
  readonly chance: Chance
  readonly backoff: BackoffPolicy
  readonly pingIntervalMs: number
  readonly streamMs: number
  /** Said once when something should be known though nothing can be done. */
  readonly warn?: (failure: Failure) => void
}

/** What is so now. */
export interface LaneFacts {
  readonly state: Exclude<LaneState['kind'], 'closed'>
  /** When it became so. */
  readonly sinceMs: number
  /** Dials since the lane was last open, this one included. */
  readonly attempt: number
  readonly nextRetryAtMs?: number
  /** Why it is not open, or in doubt. */
  readonly failure?: Failure
  readonly transport?: Transport
  readonly openStreams: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Whom a lane tells. */
export interface LaneUser {
  /** Its state is another. */
  readonly changed: () => void
  /** One stream less; hundreds a second may end. */
  readonly streamEnded: () => void
}

/** A lane that ends only with {@link Lane.close}, or with its pod. */
export class Lane {
  readonly #parts: LaneParts
  readonly #user: LaneUser
  readonly #retries: Retries
  #state: LaneState = idle
  #sinceMs: number
  #openedMs = 0
  #attempt = 0
  #nextRetryAtMs: number | undefined
  #tunnel: Tunnel | undefined
  /** Ends the dial or the wait under way. */
  #pending = new AbortController()
  /** Why the last try failed: it stays the reason while the next one is under way. */
  #lastFailure: Failure | undefined
  /** Bytes of tunnels that are no more. */
  #past = { bytesIn: 0, bytesOut: 0 }

  constructor(parts: LaneParts, user: LaneUser) {
    this.#parts = parts
    this.#user = user
    this.#retries = new Retries(parts.backoff, parts.chance)
    this.#sinceMs = parts.clock.now()
  }

  get facts(): LaneFacts {
    const tunnel = this.#tunnel
    return {
      state: this.#state.kind === 'closed' ? 'idle' : this.#state.kind,
      sinceMs: this.#sinceMs,
      attempt: this.#attempt,
      ...(this.#nextRetryAtMs !== undefined && { nextRetryAtMs: this.#nextRetryAtMs }),
      ...(this.#shownFailure && { failure: this.#shownFailure }),
      ...(tunnel && { transport: tunnel.transport }),
      openStreams: tunnel?.openStreams ?? 0,
      bytesIn: this.#past.bytesIn + (tunnel?.bytesIn ?? 0),
      bytesOut: this.#past.bytesOut + (tunnel?.bytesOut ?? 0),
    }
  }

  get #shownFailure(): Failure | undefined {
    if ('failure' in this.#state) return this.#state.failure
    return this.#state.kind === 'dialing' ? this.#lastFailure : undefined
  }

  want(): void {
    this.#receive({ kind: 'want' })
  }

  /** Somebody has a reason to hope, or to doubt: try now, or ask now. */
  kick(): void {
    this.#receive({ kind: 'kick' })
  }

  openStream(port: number, early: readonly Buffer[], sink: StreamSink): TunnelStream | undefined {
    const isUsable = this.#state.kind === 'open' || this.#state.kind === 'suspect'
    return isUsable ? this.#tunnel?.openStream(port, early, sink) : undefined
  }

  close(): void {
    this.#receive({ kind: 'close' })
  }

  #receive(input: LaneInput): void {
    const { state, commands } = step(this.#state, input)
    const before = this.#state
    this.#state = state
    if ('failure' in state) this.#lastFailure = state.failure
    else if (state.kind === 'open') this.#lastFailure = undefined
    for (const command of commands) {
      switch (command.kind) {
        case 'dial':
          this.#attempt++
          void this.#dial(state.generation)
          break
        case 'probe':
          this.#tunnel?.probe()
          break
        case 'hang-up':
          this.#hangUp(state)
          break
        case 'retry':
          void this.#retry(state, command.why)
          break
      }
    }
    // A command may have led on; then the later state has been told already.
    if (this.#state === state && state !== before) this.#entered(state, before)
  }

  #entered(state: LaneState, before: LaneState): void {
    if (state.kind !== before.kind) this.#sinceMs = this.#parts.clock.now()
    if (state.kind === 'open' && before.kind === 'dialing') {
      this.#openedMs = this.#parts.clock.now()
      this.#attempt = 0
    }
    if (state.kind !== 'closed') this.#user.changed()
  }

  #hangUp(state: LaneState): void {
    this.#pending.abort()
    this.#nextRetryAtMs = undefined
    const tunnel = this.#tunnel
    this.#tunnel = undefined
    if (tunnel === undefined) return
    this.#past = { bytesIn: this.#past.bytesIn + tunnel.bytesIn, bytesOut: this.#past.bytesOut + tunnel.bytesOut }
    tunnel.close('failure' in state ? state.failure : failure('KPF_STREAM_RESET', 'kpf closed the tunnel'))
  }

  async #dial(generation: number): Promise<void> {
    const pending = new AbortController()
    this.#pending = pending
    this.#nextRetryAtMs = undefined
    const answer = await negotiate(this.#parts, pending.signal)
    if (answer.kind === 'aborted') return
    if (answer.kind === 'failed') return this.#receive({ ...answer, generation })
    if (this.#state.generation !== generation) {
      answer.socket.destroy()
      return
    }
    const tunnel = this.#open(answer, generation)
    // Its end may have come before its beginning was over.
    if (this.#state.generation === generation) this.#tunnel = tunnel
  }

  #open(upgraded: Upgraded, generation: number): Tunnel {
    const events: TunnelEvents = {
      opened: () => {
        this.#parts.transports.remember(upgraded.transport)
        this.#receive({ kind: 'opened', generation })
      },
      overdue: (why) => this.#receive({ kind: 'overdue', generation, failure: why }),
      answered: () => this.#receive({ kind: 'answered', generation }),
      streamEnded: () => this.#user.streamEnded(),
      ended: (why, podGone) => this.#receive({ kind: 'failed', generation, failure: why, podGone }),
    }
    return openTunnel(upgraded, this.#parts, events)
  }

  async #retry(state: LaneState, why: 'loss' | 'failure' | 'kick'): Promise<void> {
    const { clock } = this.#parts
    const { generation } = state
    const waitMs = 'failure' in state ? this.#waitMs(state.failure, why) : 0
    const pending = new AbortController()
    this.#pending = pending
    this.#nextRetryAtMs = clock.now() + waitMs
    if (why === 'loss') {
      this.#entered(state, { kind: 'open', generation })
      this.#receive({ kind: 'waiting', generation })
    }
    if (await clock.sleep(waitMs, pending.signal)) this.#receive({ kind: 'retry-due', generation })
  }

  #waitMs(why: Failure, after: 'loss' | 'failure' | 'kick'): number {
    const wasFlapping = this.#retries.isFlapping
    const nowMs = this.#parts.clock.now()
    if (after === 'kick') return this.#retries.afterKick()
    if (after === 'failure') return this.#retries.afterFailure(why)
    const waitMs = this.#retries.afterLoss(why, nowMs - this.#openedMs, nowMs)
    if (this.#retries.isFlapping && !wasFlapping) this.#warnOfFlapping(why)
    return waitMs
  }

  #warnOfFlapping(why: Failure): void {
    const { pod, warn } = this.#parts
    const message = `the tunnel to pod "${pod.namespace}/${pod.name}" was lost more than 10 times in 5 minutes; last: ${why.message}`
    warn?.(
      failure('KPF_TUNNEL_FLAPPING', message, {
        hint: 'it is dialled at most once a minute until it lasts; check the network, the VPN, or a proxy that ends connections',
      }),
    )
  }
}
