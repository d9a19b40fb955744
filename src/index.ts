/**
 * What `import type … from 'kpf'` gives: the shape of a forwards file, for programs that
 * write one, and of the lines of `kpf up -o jsonl`, for programs that read them.
 *
 * Written by hand, so that it reads without the code behind it; a test holds it equal to
 * the schemas.
 */

/** A duration with its unit: `500ms`, `10s`, `1h30m`. */
export type Duration = string

/** A forwards file, as YAML or JSON has it. Keys that begin with `x-` are free everywhere. */
export interface ForwardsFile {
  apiVersion?: 'kpf/v1' | undefined
  /** The project; default: the directory's name. */
  name?: string | undefined
  description?: string | undefined
  context?: string | undefined
  cluster?: string | undefined
  kubeconfig?: string | undefined
  namespace?: string | undefined
  /** Aliases, so that colleagues' context names may differ. */
  /** Other files of forwards. */
  include?: (string | IncludeEntry)[] | undefined
  /** Files of variables, `NAME=value` lines. */
  envFile?: string | string[] | undefined
  /** Variables that nothing else has a value for. */
  vars?: Record<string, string | number | boolean> | undefined
  clusters?: Record<string, ClusterEntry> | undefined
  defaults?: ForwardOptions | undefined
  /** By name: one line in the words of `kubectl port-forward`, or the full form. */
  forwards: Record<string, string | ForwardEntry>
  /** Variables for programs, with references such as `$(db.port)`. */
  exports?: Record<string, string> | undefined
  settings?: { concurrency?: number | undefined; portRange?: string | undefined; watch?: { debounce?: Duration | undefined } | undefined } | undefined
}

/** A file whose forwards belong to the project too. */
export interface IncludeEntry {
  path: string
  /** Stands before the names of its forwards. */
  prefix?: string | undefined
  envFile?: string | string[] | undefined
  /** Nothing of it is started unless one of these is on. */
  profiles?: string[] | undefined
}

/** A cluster under a name of the file's own. */
export interface ClusterEntry {
  kubeconfig?: string | undefined
  context?: string | undefined
  namespace?: string | undefined
  as?: string | undefined
  asGroups?: string[] | undefined
  protected?: boolean | undefined
  expect?: { server: string } | undefined
}

/** What a forward may say, and `defaults` for all of them. */
export interface ForwardOptions {
  cluster?: string | undefined
  context?: string | undefined
  kubeconfig?: string | undefined
  namespace?: string | undefined
  as?: string | undefined
  asGroups?: string[] | undefined
  addresses?: string[] | undefined
  transport?: TransportMode | { mode?: TransportMode | undefined; pingInterval?: Duration | undefined } | undefined
  hold?: 'off' | { timeout?: Duration | undefined; window?: Duration | undefined; maxConnections?: number | undefined } | undefined
  drain?: { timeout?: Duration | undefined } | undefined
  backoff?: BackoffEntry | undefined
  /** `always`, `no`, `on-failure` or `on-failure:N`. */
  restart?: string | undefined
  timeouts?: { dial?: Duration | undefined; stream?: Duration | undefined; halfClose?: Duration | undefined } | undefined
  limits?: { maxConnections?: number | undefined } | undefined
  pods?: { requireReady?: boolean | undefined } | undefined
  protected?: boolean | undefined
  enabled?: boolean | undefined
}

export type TransportMode = 'auto' | 'websocket' | 'spdy' | 'channel'

/** How long to wait before a lost tunnel is dialled again. */
export interface BackoffEntry {
  initial?: Duration | undefined
  factor?: number | undefined
  max?: Duration | undefined
  jitter?: number | undefined
  resetAfter?: Duration | undefined
}

/** A forward in the full form. */
export interface ForwardEntry extends ForwardOptions {
  target: string | TargetEntry
  ports: (number | string | PortEntry)[]
  description?: string | undefined
  /** Forwards that have to be ready before this one is started. */
  dependsOn?: string[] | undefined
  /** Pages to open, by name: URLs with references such as `$(web.url)`. */
  links?: Record<string, string> | undefined
  /** It is started only when one of these is on. */
  profiles?: string[] | undefined
}

/** What to forward to, in full. */
export interface TargetEntry {
  kind?: string | undefined
  name?: string | undefined
  labelSelector?: string | undefined
  container?: string | undefined
}

/** One port, in full. */
export interface PortEntry {
  name?: string | undefined
  localPort?: number | 'auto' | undefined
  remotePort?: number | string | undefined
  containerPort?: number | string | undefined
  appProtocol?: string | undefined
  addresses?: string[] | undefined
  primary?: boolean | undefined
  onConflict?: 'wait' | 'fail' | undefined
}

/** The seven words for a forward. */
export type ForwardState = 'starting' | 'ready' | 'degraded' | 'waiting' | 'failed' | 'stopping' | 'stopped'

/** One line of `kpf up -o jsonl`; `schema/event.schema.json` says the same. */
export type EventLine = EventHead &
  (
    | ForwardStateChanged
    | { type: 'forward-moved'; forward: string; fromPod: string; toPod: string; draining: number }
    | { type: 'config-applied'; file: string; generation: number; plan: PlannedOperation[]; summary: string }
    | { type: 'config-rejected'; file: string; problems: FileProblem[] }
    | { type: 'warning'; forward?: string; code: string; message: string; hint?: string }
    | { type: 'connection-accepted'; forward: string; localPort: number }
    | { type: 'stopping'; busy: number; deadlineMs: number }
    | { type: 'stopped'; forwards: number; served: number; failed: number; reset: number; uptimeMs: number }
  )

/** What every event has. */
export interface EventHead {
  v: 1
  /** From 1, without a gap. */
  seq: number
  /** RFC 3339 with milliseconds. */
  time: string
}

/** A forward is something else than before. */
export interface ForwardStateChanged {
  type: 'forward-state-changed'
  forward: string
  /** Null in the first event of a name. */
  from: ForwardState | null
  to: ForwardState
  phase: string
  /** A code of docs/errors.md. */
  reason: string | null
  message?: string
  hint?: string
  attempt: number
  nextRetryAt: string | null
  pod: string | null
  /** Bound local endpoints, such as `127.0.0.1:8080`. */
  listeners: string[]
}

/** One step of applying a file. */
export interface PlannedOperation {
  kind: 'start' | 'stop' | 'update' | 'retarget' | 'rebind' | 'rename'
  forward: string
  cause: string
  from?: string
}

/** A mistake in the file. */
export interface FileProblem {
  file: string
  line: number
  column: number
  code: string
  message: string
  fix?: string
  /** It is no mistake, but waits for somebody's approval. */
  kind?: 'approval'
}
