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

/**
 * One step of a request that was finished, as facts, in order of time; whoever listens
 * takes the times. A connection that is kept alive has its `lookup` to `tls` behind it,
 * and a 401 that is asked again tells `credential`, `request` and `answer` twice.
 * Nothing secret is in any of them; texts of the peer are as they came, to be escaped.
 */
export type DialPhase = CredentialPhase | LookupPhase | TcpPhase | ProxyPhase | TlsPhase | RequestPhase | AnswerPhase

/** What proves who asks. */
export type CredentialKind = 'anonymous' | 'token' | 'token file' | 'basic' | 'client certificate' | 'exec plugin' | 'oidc'

/** Who asks was settled. */
export interface CredentialPhase {
  readonly kind: 'credential'
  readonly credential: CredentialKind
  /** The kubeconfig user or the file it comes from. */
  readonly source: string
  /** For a plugin: what was run, or that the answer of an earlier run served. */
  readonly plugin?: { readonly command: string; readonly from: 'run' | 'cache' }
  readonly tookMs: number
  /** When it ends, in milliseconds since 1970, where that can be known. */
  readonly expiresMs?: number
}

/** A name was resolved; an address needs no look-up and tells none. */
export interface LookupPhase {
  readonly kind: 'lookup'
  readonly host: string
  readonly addresses: readonly string[]
}

/** A connection stands: to the API server, or to the proxy before it. */
export interface TcpPhase {
  readonly kind: 'tcp'
  readonly address: string
  readonly port: number
}

/** A proxy has made the way to the API server free. */
export interface ProxyPhase {
  readonly kind: 'proxy'
  /** Without user and password. */
  readonly url: string
  readonly proxy: 'http' | 'https' | 'socks5'
}

/** TLS with the API server is up. */
export interface TlsPhase {
  readonly kind: 'tls'
  /** `TLSv1.3` */
  readonly version: string
  readonly cipher: string
  /** `CN=kube-apiserver`; empty when the session was resumed and the certificate is not sent again. */
  readonly subject: string
  readonly issuer: string
  /** When the peer's certificate ends, in milliseconds since 1970. */
  readonly validToMs?: number
  /** The name that was asked for; absent for an address. */
  readonly serverName?: string
  readonly resumed: boolean
  /** False where the kubeconfig says `insecure-skip-tls-verify` and the chain would not hold. */
  readonly verified: boolean
}

/** The request is on its way. */
export interface RequestPhase {
  readonly kind: 'request'
  readonly method: string
  /** With its query, and with the path of the server's URL. */
  readonly path: string
  /** Lower-case names; an `authorization` has its scheme only. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether the connection served an earlier request. */
  readonly reused: boolean
}

/** The head of the answer is here. */
export interface AnswerPhase {
  readonly kind: 'answer'
  readonly status: number
  /** Lower-case names; without cookies. */
  readonly headers: Readonly<Record<string, string>>
  /** What the peer chose to speak after an upgrade. */
  readonly subprotocol?: string
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
