/** What is gathered before anything is judged. Types only; `gather*.ts` fills them, `*-rules.ts` judge. */
import type { Picked, WrongPort } from '../cluster/pick.ts'
import type { Forward } from '../file/forward.ts'
import type { Problem } from '../file/problems.ts'
import type { CredentialPhase, TlsPhase } from '../tunnel/dialer.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { Permission } from '../trace/permissions.ts'

/** A local endpoint that a forward wants, and what the machine says to it. */
export interface PortFacts {
  readonly forward: string
  /** Which of its ports. */
  readonly index: number
  /** `forwards.yaml:9`, or nothing for a forward of no file. */
  readonly place?: string
  readonly address: string
  readonly port: number
  /** `localhost` means `::1` only where the machine has it. */
  readonly ifPresent: boolean
  /** Undefined when it can be bound; else the errno. */
  readonly errno?: string
  readonly holder?: { readonly pid: number; readonly command: string }
  /** The project runs, and has it already. */
  readonly isOurs?: boolean
}

/** The machine. */
export interface MachineFacts {
  /** The process of a supervisor that runs these forwards, and has not answered. */
  readonly silentPid?: number
  readonly ports: readonly PortFacts[]
  /** Soft limit of open files; `unlimited` is a word; undefined where it cannot be told. */
  readonly descriptors: number | string | undefined
  readonly hasIpv6Loopback: boolean
  /** By name, of /proc/sys/fs/inotify; absent elsewhere. */
  readonly inotify: Readonly<Record<string, number>>
  /** Every program named kpf in PATH, in its order, and the one that runs. */
  readonly programs: readonly string[]
  readonly self: string
  /** Start files of shells that make kpf another word. */
  readonly aliases: readonly { readonly file: string; readonly kind: 'alias' | 'plugin' }[]
}

/** The forwards file; `shownAs` as people call it. */
export type FileFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'read'; readonly shownAs: string; readonly forwards: number }
  | { readonly kind: 'rejected'; readonly shownAs: string; readonly problems: readonly Problem[] }

/** A kubeconfig file that is read, or looked for. */
export interface KubeconfigFacts {
  readonly path: string
  readonly state: 'read' | 'missing' | 'unreadable'
}

/** One cluster, asked once for its version and for who we are. */
export interface ClusterFacts {
  readonly contextName: string
  readonly server: string
  readonly version: { readonly kind: 'version'; readonly text: string; readonly minor: number | undefined } | Failure
  readonly self: { readonly kind: 'self'; readonly user: string; readonly groups: readonly string[] } | Failure
  readonly credential?: CredentialPhase
  readonly tls?: TlsPhase
  /** `from` is `proxy-url` or the name of a variable. */
  readonly proxy?: { readonly url: string; readonly from: string }
  /** The server's clock less ours, in milliseconds; undefined where it told no time. */
  readonly skewMs?: number
}

/** What a context is, or why it is none. */
export interface ContextFacts {
  /** As a forward names it; `the current context` where it names none. */
  readonly name: string
  readonly failure: Failure
}

/** One forward; absent parts could not be asked for. */
export interface ForwardFacts {
  readonly forward: Forward
  readonly namespace: string
  readonly contextName: string
  /** Its cluster; undefined where the kubeconfig gives none. */
  readonly server?: ClusterFacts
  /** Why the kubeconfig gives none. */
  readonly failure?: Failure
  /** Whether the cluster answered at all. */
  readonly isReached: boolean
  /** False only where the server says so. */
  readonly hasNamespace?: boolean
  readonly picked?: Picked
  /** Those of its ports that are not there. */
  readonly wrongPorts?: readonly WrongPort[]
  /** The server's minor version, as it behaves. */
  readonly minor: number | undefined
  readonly permissions: readonly { readonly permission: Permission; readonly isAllowed: boolean | undefined }[]
}

/** Everything. */
export interface Facts {
  /** In milliseconds since 1970. */
  readonly timeMs: number
  readonly machine: MachineFacts
  readonly file: FileFacts
  readonly kubeconfigs: readonly KubeconfigFacts[]
  readonly contexts: readonly ContextFacts[]
  readonly clusters: readonly ClusterFacts[]
  readonly forwards: readonly ForwardFacts[]
}
