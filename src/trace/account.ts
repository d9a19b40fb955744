/**
 * What one traced connection went through, as data: steps in order of time, in the
 * sections under which the flow of a port-forward is usually told.
 *
 * Types and the names of things only. Texts in it are escaped and hold no secret; the
 * table, the JSON and the diagram are all made from it.
 */

/** The parts of the flow, in their order. */
export const sections = {
  initialization: 'Initialization',
  access: 'Authentication & Authorization',
  lookup: 'Information retrieval for the pod',
  establishment: 'Port-forwarding session establishment',
  node: 'Inside the node',
  session: 'SPDY/WebSocket session',
} as const

export type SectionId = keyof typeof sections

/** Who speaks to whom. `node` stands for the kubelet, `runtime` for the container runtime beside it. */
export type Party = 'kpf' | 'files' | 'plugin' | 'dns' | 'proxy' | 'server' | 'node' | 'runtime' | 'program'

/** Stable names of steps; each may come more than once. */
export type StepId =
  | 'file'
  | 'kubeconfig'
  | 'credential'
  | 'dns'
  | 'tcp'
  | 'proxy'
  | 'tls'
  | 'version'
  | 'authentication'
  | 'authorization'
  | 'object'
  | 'pods'
  | 'upgrade'
  | 'ping'
  | 'stream'
  | 'node-dial'
  | 'first-byte'
  | 'close'

/** What is known of a step besides its words: `TLSv1.3`, a list of headers, a date. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** Why a step failed. */
export interface StepFailure {
  /** Of docs/errors.md. */
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** One step. */
export interface Step {
  readonly id: StepId
  readonly section: SectionId
  readonly from: Party
  readonly to: Party
  /** What was asked or done: `GET /version`. */
  readonly what: string
  /** What came back: `v1.36.3`. */
  readonly answer?: string
  /** `warned`: it failed, and the way went on by another step. `stopped`: it was under way when the trace was ended from outside. */
  readonly result: 'done' | 'failed' | 'warned' | 'stopped'
  /** False for what happens inside the cluster, which kpf knows by its outcome only. */
  readonly seen: boolean
  /** From the start of the trace. */
  readonly atMs: number
  /** Absent where it cannot be told apart from that of the next step. */
  readonly tookMs?: number
  readonly facts: Facts
  readonly failure?: StepFailure
}

/** How it ended. */
export type Outcome =
  | { readonly kind: 'through' }
  /** Ended from outside before it was through. The step is the last one that was told of. */
  | { readonly kind: 'stopped'; readonly section: SectionId; readonly step: StepId }
  | { readonly kind: 'broken'; readonly section: SectionId; readonly step: StepId; readonly failure: StepFailure }

/** One traced connection. */
export interface Account {
  /** Of this shape. */
  readonly v: 1
  /** When it began: RFC 3339. */
  readonly time: string
  /** `svc/api:http` */
  readonly target: string
  /** The entry of the file, if it is one. */
  readonly forward?: string
  readonly context?: string
  readonly namespace?: string
  /** `host:port` of the API server. */
  readonly server?: string
  readonly pod?: string
  readonly node?: string
  readonly podPort?: number
  readonly transport?: string
  readonly steps: readonly Step[]
  readonly outcome: Outcome
  readonly tookMs: number
}
