/**
 * The one thing a tunnel needs of a cluster: an upgraded connection to a pod.
 *
 * Types only. `cluster/upgrade.ts` implements it; the pool is handed it.
 */
import type { Duplex } from 'node:stream'
import type { Failure } from './failure.ts'

/** A pod as the wire knows it; the UID tells a successor of the same name apart. */
export interface PodRef {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/**
 * The kind of a tunnel: SPDY/3.1 inside WebSocket messages, SPDY/3.1 on the bare
 * connection, or the older numbered channels, one WebSocket for one connection.
 */
export type Transport = 'websocket' | 'spdy' | 'channel'

/** What is asked of the API server. */
export interface UpgradeRequest {
  readonly pod: PodRef
  readonly transport: Transport
  /** For `channel` only: the pod's ports, in channel order. */
  readonly ports?: readonly number[]
  /** Hears of every step on the way, for `kpf trace`. */
  readonly onPhase?: (phase: DialPhase) => void
  readonly signal: AbortSignal
}

/** One step of an upgrade that was finished, in order of time. */
export interface DialPhase {
  readonly kind: 'credential' | 'tcp' | 'tls' | 'request' | 'answer'
  readonly detail: string
}

/** A 101 whose headers were checked: what follows on the socket is the transport's. */
export interface Upgraded {
  readonly kind: 'upgraded'
  readonly transport: Transport
  /** Paused; bytes that came with the answer are in `head`. */
  readonly socket: Duplex
  readonly head: Buffer
  /** Whether the bytes travel inside TLS: only then is a zero mask key harmless. */
  readonly encrypted: boolean
}

/** Any answer but a good 101, as it came; `refusals.ts` says what it means. */
export interface UpgradeRefusal {
  readonly kind: 'refused'
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** At most 64 KiB of it. */
  readonly body: string
}

/** Opens upgraded connections with the user's credentials; a 401 was already tried again with fresh ones. */
export interface Dialer {
  open(request: UpgradeRequest): Promise<Upgraded | UpgradeRefusal | Failure>
}
