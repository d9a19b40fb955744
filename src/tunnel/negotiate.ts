/**
 * Finds a transport that the server speaks: WebSocket first, then SPDY, then the older
 * channels; or the one that is forced.
 *
 * Owns the order; what worked is remembered by the cluster, and by the lane when the way
 * is proven. What an answer means is `refusals.ts`.
 */
import { dial, type DialParts } from './dial.ts'
import type { Transport, Upgraded } from './dialer.ts'
import { type Failure, failure } from './failure.ts'
import type { TransportMemory } from './gate.ts'

/** What a negotiation needs. */
export interface NegotiateParts extends DialParts {
  readonly transports: TransportMemory
  readonly mode: 'auto' | Transport
}

/** A connection, or why there is none. */
export type Negotiated = Upgraded | { readonly kind: 'failed'; readonly failure: Failure; readonly podGone: boolean } | { readonly kind: 'aborted' }

const ORDER: readonly Transport[] = ['websocket', 'spdy', 'channel']
/** The channel protocol has no session without a port: one that programs do not listen on proves the way. */
const PROOF_PORT = 1

/** Tries the transports in turn; the answer of the last one counts. */
export async function negotiate(parts: NegotiateParts, signal: AbortSignal): Promise<Negotiated> {
  let last: Negotiated = { kind: 'failed', failure: failure('KPF_TRANSPORT_REFUSED', 'the server speaks none of the transports'), podGone: false }
  for (const transport of transportOrder(parts.mode, parts.transports.recall())) {
    const answer = await dial(parts, transport === 'channel' ? { transport, ports: [PROOF_PORT] } : { transport }, signal)
    if (answer.kind !== 'failed') return answer
    last = answer
    if (answer.next === 'stop') break
  }
  return last
}

/** Which transports are tried, in which order. */
export function transportOrder(mode: 'auto' | Transport, remembered: Transport | undefined): readonly Transport[] {
  if (mode !== 'auto') return [mode]
  return remembered === undefined ? ORDER : [...new Set([remembered, ...ORDER])]
}
