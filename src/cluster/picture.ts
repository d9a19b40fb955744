/**
 * What the cluster says about one target, as one picture: the object it names and the
 * pods behind it. Types only; `watch` keeps a picture current, `pick.ts` chooses from it.
 */
import type { Failure } from '../tunnel/failure.ts'

/** A target in one namespace: the same words as the file's `Target`. */
export interface TargetQuery {
  readonly namespace: string
  readonly target: TargetRef
  /** A pod that is found is dialled at once: the way to it is made ready meanwhile. */
  readonly willDial?: boolean
}

/** What is looked for; structurally the file's `Target`. */
export type TargetRef =
  | { readonly kind: ObjectKind; readonly name: string; readonly container?: string }
  | { readonly kind: 'prefix'; readonly of: ObjectKind; readonly prefix: string; readonly container?: string }
  | { readonly kind: 'selector'; readonly labelSelector: string; readonly container?: string }

export type ObjectKind = 'service' | 'deployment' | 'statefulset' | 'daemonset' | 'replicaset' | 'job' | 'replicationcontroller' | 'pod'

/** What is known about a target now. */
export type Picture =
  /** Nothing was answered yet. */
  | { readonly kind: 'unknown' }
  /** Of an object that is gone: which of the pods that were shown for it still run, by UID. */
  | (Failure & { readonly living?: readonly string[] })
  | {
      readonly kind: 'seen'
      /** The ports of a service target; absent for every other kind. */
      readonly service?: ServiceFacts
      /** How many pods the object asks for, where it says so: 0 means that none is coming. */
      readonly replicas?: number
      /** Why there is no pod: this was scaled to 0. The target itself, or what a service selects the pods of. */
      readonly scaledDown?: Workload
      readonly pods: readonly PodFacts[]
    }

/** Something that pods are made by. */
export interface Workload {
  readonly kind: ObjectKind
  readonly name: string
  /** What manages it, and would undo what is done to it: `deployment/api`. */
  readonly owner?: string
}

export interface ServiceFacts {
  readonly headless: boolean
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly targetPort: number | string; readonly protocol: string }[]
}

/** A pod, reduced to what choosing, dialling and explaining need. */
export interface PodFacts {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly createdMs: number
  readonly phase: string
  readonly node?: string
  readonly ready: boolean
  /** When it became ready, in ms since 1970. */
  readonly readySinceMs?: number
  readonly terminating: boolean
  readonly restarts: number
  readonly image?: string
  readonly ports: readonly { readonly name?: string; readonly container: string; readonly port: number; readonly protocol: string }[]
  /** The pod's own truth when it is not usable: `CrashLoopBackOff, exit 1, 4 restarts`. */
  readonly trouble?: string
}
