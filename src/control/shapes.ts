/**
 * What goes over the control socket, as JSON. Types and the version only; the routes are
 * told in docs/control-api.md, the status in schema/status.schema.json.
 */
import type { DriftBody } from './drift.ts'
import type { Terms } from './terms.ts'
import type { Problem } from '../file/problems.ts'
import type { Operation } from '../supervisor/plan.ts'

/** Of the shapes and routes: stays while what is here keeps its meaning. */
export const API_VERSION = 1

/** What every answer has. */
export interface AnswerHead {
  readonly v: typeof API_VERSION
  /** Of the supervisor; the client's may be another. */
  readonly version: string
}

/** Who runs, and what. */
export interface StatusBody extends AnswerHead {
  readonly pid: number
  readonly project: ProjectBody
  readonly mode: 'foreground' | 'detached'
  readonly startedAt: string
  /** By the supervisor's wall clock: ages are counted to it. */
  readonly now: string
  readonly generation: number
  /** Of the last event: a stream that begins after it misses nothing. */
  readonly seq: number
  readonly isStopping: boolean
  /** Where the lines of a detached supervisor are kept. */
  readonly log?: string
  readonly forwards: readonly ForwardBody[]
  /** Where what runs is no more what the machine has; of `kpf ps` alone, which asks for it. */
  readonly drift?: readonly DriftBody[]
}

/** Which project it is. */
export interface ProjectBody {
  readonly name: string
  readonly key: string
  readonly files: readonly string[]
}

/** One forward. */
export interface ForwardBody {
  readonly name: string
  readonly state: string
  readonly phase: string
  /** A code of docs/errors.md. */
  readonly reason: string | null
  readonly message?: string
  readonly hint?: string
  /** It goes on although the file has no such forward any more. */
  readonly orphan?: true
  /** The one of the file, else the one that was found in the kubeconfig; absent before that. */
  readonly context?: string
  readonly namespace?: string
  /** As in the table: `svc/api:http`. */
  readonly target: string
  /** As in the table: `localhost:8080`. */
  readonly local: string
  readonly ports: readonly PortBody[]
  /** Endpoints that are bound. */
  readonly listeners: readonly string[]
  readonly pod: string | null
  readonly image?: string
  readonly connections: { readonly open: number; readonly draining: number; readonly held: number; readonly served: number; readonly failed: number }
  /** How often its tunnel was lost or moved. */
  readonly restarts: number
  /** Since when it is in that state. */
  readonly since: string
  readonly nextRetryAt: string | null
}

/** One port of a forward. */
export interface PortBody {
  readonly name?: string
  readonly address: string
  readonly localPort: number
  readonly remotePort: number | string
  /** As a page: `http://localhost:8080`. */
  readonly url: string
  /** The one that is meant when none is named; without it the first. */
  readonly primary?: true
}

/** What `GET /v1/exports` answers: variables for programs, in clear. */
export interface ExportsBody {
  readonly exports: Readonly<Record<string, string>>
  /** Variables that cannot be given now, each with the forward that it needs. */
  readonly missing: Readonly<Record<string, string>>
}

/** What `POST /v1/apply` asks for. */
export interface ApplyRequest {
  /** Forwards to run besides those that do; none means all. */
  readonly names: readonly string[]
  /** The text of the file, for a project that came from standard input. */
  readonly content?: string
  /** How the files are read from now on; without them as before. */
  readonly terms?: Terms
}

/** What became of a file: it is applied, or nothing was changed. */
export type AppliedBody =
  | {
      readonly kind: 'applied'
      readonly generation: number
      readonly plan: readonly Operation[]
      readonly summary: string
      readonly orphans: readonly string[]
      /** In what the terms differ from those before, as words of a command line. */
      readonly differs?: readonly string[]
    }
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[]; readonly needsApproval: boolean }

/** What would become of a file; nothing was changed. */
export type PlannedBody =
  | {
      readonly kind: 'planned'
      readonly generation: number
      readonly plan: readonly Operation[]
      /** Those that run and would not be touched. */
      readonly kept: readonly string[]
      /** Those of the file that would not run. */
      readonly resting: readonly string[]
    }
  | Extract<AppliedBody, { readonly kind: 'rejected' }>

/** Names that were acted on. */
export interface NamesBody {
  readonly names: readonly string[]
}

/** The end of everything. */
export interface EndedBody {
  /** Its name. */
  readonly project: string
  readonly forwards: number
  readonly served: number
  readonly failed: number
  readonly reset: number
  /** What ran beside the forwards and still runs: it was told to end, and the project is free without it. */
  readonly command?: CommandBody
}

/** The command of `kpf run`. */
export interface CommandBody {
  readonly name: string
  readonly pid: number
}

/** One line of the log. */
export interface LogLine {
  readonly seq: number
  readonly time: string
  readonly level: LogLevel
  readonly forward?: string
  readonly text: string
}

export const logLevels = ['info', 'warning', 'error'] as const

/** How bad it is. */
export type LogLevel = (typeof logLevels)[number]

/** What went wrong with a request. */
export interface ErrorBody extends AnswerHead {
  readonly error: string
  readonly hint: string
}
