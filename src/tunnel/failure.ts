/**
 * What went wrong at run time, classified once, where it entered.
 *
 * Pure data, shared by everything above the wire. A failure is no exception: it is
 * returned, shown and counted. Its class decides what happens next; its code is
 * stable and documented in `docs/errors.md`.
 */

/**
 * Who has to act before another try can work, and so how long to wait.
 *
 * - `connection`: the way to the cluster or the node; tried again with backoff
 * - `resolve`: the pod is not there (any more); the target is looked up again
 * - `stream`: one connection's own fate; nobody else is touched
 * - `auth`: credentials refused or not to be had; tried again slowly
 * - `rbac`: not allowed; asked again every 60 s
 * - `config`: wrong until the file, the kubeconfig or the object changes
 * - `protocol`: the peer does not speak this transport
 */
export type FailureClass = 'connection' | 'resolve' | 'stream' | 'auth' | 'rbac' | 'config' | 'protocol'

/** A classified failure. Texts from outside are already escaped and shortened. */
export interface Failure {
  readonly kind: 'failure'
  readonly code: FailureCode
  readonly class: FailureClass
  /** What went wrong: lower case, no final period, exact names and values. */
  readonly message: string
  /** What to do, if there is something to do. */
  readonly hint?: string
  /** A server's own wish; a floor for the next try. */
  readonly retryAfterMs?: number
  /** The exception behind it, for `--verbose` only. */
  readonly cause?: unknown
}

/** Every code, with the class it belongs to unless its place says otherwise. */
export const failureClasses = {
  KPF_CLUSTER_UNREACHABLE: 'connection',
  KPF_CLUSTER_DNS: 'connection',
  KPF_CLUSTER_TIMEOUT: 'connection',
  KPF_CLUSTER_BUSY: 'connection',
  KPF_CLUSTER_ERROR: 'connection',
  KPF_TLS_VERIFY: 'config',
  KPF_TLS_FAILED: 'connection',
  KPF_PROXY_UNREACHABLE: 'connection',
  KPF_PROXY_AUTH: 'auth',
  KPF_PROXY_REFUSED: 'connection',
  KPF_PROXY_GATEWAY: 'connection',
  KPF_PROXY_URL: 'config',
  KPF_CONTEXT_UNKNOWN: 'config',
  KPF_KUBECONFIG: 'config',
  KPF_CLUSTER_UNEXPECTED: 'config',
  KPF_KUBECONFIG_UNSUPPORTED: 'config',
  KPF_AUTH_REFUSED: 'auth',
  KPF_AUTH_PLUGIN: 'auth',
  KPF_CREDENTIAL_EXPIRED: 'auth',
  KPF_CREDENTIAL_ISSUER: 'auth',
  KPF_FORBIDDEN: 'rbac',
  KPF_ADMISSION_DENIED: 'rbac',
  KPF_OBJECT_MISSING: 'resolve',
  KPF_NO_SELECTOR: 'config',
  KPF_PORT_UNKNOWN: 'config',
  KPF_NO_POD: 'resolve',
  KPF_POD_GONE: 'resolve',
  KPF_POD_NOT_RUNNING: 'resolve',
  KPF_NODE_UNREACHABLE: 'connection',
  KPF_TRANSPORT_REFUSED: 'protocol',
  KPF_TUNNEL_LOST: 'connection',
  KPF_TUNNEL_FLAPPING: 'connection',
  KPF_TUNNEL_SILENT: 'connection',
  KPF_TUNNEL_MALFORMED: 'connection',
  KPF_STREAM_REFUSED: 'stream',
  KPF_STREAM_RESET: 'stream',
  KPF_STREAM_TIMEOUT: 'stream',
  KPF_STREAM_FAILED: 'stream',
} as const satisfies Record<string, FailureClass>

/** The stable name of a failure. */
export type FailureCode = keyof typeof failureClasses

/** Makes a failure of the code's own class. */
export function failure(code: FailureCode, message: string, more: Omit<Partial<Failure>, 'kind' | 'code' | 'message'> = {}): Failure {
  return { kind: 'failure', code, class: failureClasses[code], message, ...more }
}
