/**
 * Everything that happens, as facts in past tense. Pure types.
 *
 * One closed union: a new event breaks the build in every renderer until each has
 * decided what to do with it. Sentences are made in `output/`, never here.
 */
import type { Problem } from '../file/problems.ts'
import type { Operation } from './plan.ts'

/** The seven words people see. */
export type State = 'starting' | 'ready' | 'degraded' | 'waiting' | 'failed' | 'stopping' | 'stopped'

/** The finer word beside the state. */
export type Phase =
  | 'draining'
  | 'stopped'
  | 'pending'
  | 'gave-up'
  | 'port-busy'
  | 'bind'
  | 'suspect'
  | 'refused'
  | 'unhealthy'
  | 'ready'
  | 'switching'
  | 'config'
  | 'auth'
  | 'forbidden'
  | 'cluster-down'
  | 'no-pod'
  | 'resolving'
  | 'dialing'
  | 'backoff'

/** A context and a namespace of it. */
export interface Place {
  readonly context: string
  readonly namespace: string
}

/** What is shown of one forward, computed by `describe.ts`. */
export interface Status {
  readonly state: State
  readonly phase: Phase
  /** A stable code, with the sentence beside it; absent when all is well. */
  readonly reason?: string
  readonly message?: string
  readonly hint?: string
  /** How many tries in a row have failed. */
  readonly attempt: number
  /** On the supervisor's clock, in ms. */
  readonly nextRetryAtMs?: number
  readonly pod?: string
  readonly image?: string
  /** Where it leads, whether the file says so or the kubeconfig; absent before the cluster is open. */
  readonly place?: Place
  /** `127.0.0.1:8080`, those that are bound. */
  readonly listeners: readonly string[]
}

/** A fact, without its number and time. */
export type Fact =
  | {
      readonly type: 'forward-state-changed'
      readonly forward: string
      readonly from: State | null
      readonly to: State
      readonly status: Status
    }
  | ({ readonly type: 'forward-moved'; readonly forward: string; readonly draining: number } & Move)
  | { readonly type: 'config-applied'; readonly file: string; readonly generation: number; readonly plan: readonly Operation[]; readonly untouched: number }
  | { readonly type: 'config-rejected'; readonly file: string; readonly problems: readonly Problem[]; readonly runningSince: string | null }
  | ({ readonly type: 'warning'; readonly forward?: string } & Warning)
  | { readonly type: 'connection-accepted'; readonly forward: string; readonly localPort: number }
  | { readonly type: 'stopping'; readonly busy: number; readonly deadlineMs: number }
  | { readonly type: 'stopped'; readonly forwards: number; readonly served: number; readonly failed: number; readonly reset: number; readonly uptimeMs: number }

/** Something to know that is no state. */
export interface Warning {
  /** Stable, and in `docs/errors.md`. */
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** A pod with what tells its version apart. */
export interface PodName {
  readonly pod: string
  readonly image?: string
}

/** New connections go to another pod. */
export interface Move {
  readonly from: PodName
  readonly to: PodName
  /** What became of the old one. */
  readonly why: 'ending' | 'gone' | 'unready' | 'lost' | 'replaced' | 'elsewhere'
  /** Of one that is elsewhere: the same two places when a context means another server or user. */
  readonly places?: { readonly from: Place; readonly to: Place }
}

/** A fact with its place in the order of things. */
export type Event = Fact & {
  /** From 1, without a gap. */
  readonly seq: number
  /** RFC 3339 with milliseconds. */
  readonly time: string
}

/** What moves too often to be an event: sampled by whoever draws it. */
export interface Traffic {
  readonly open: number
  readonly draining: number
  readonly held: number
  readonly served: number
  readonly failed: number
}
