/**
 * The obstacles that stand now, each told once for all forwards that it is in the way of,
 * and again only after it had been gone.
 */
import type { ClusterAccess } from '../cluster/cluster-api.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { Warning } from './events.ts'
import { obstacleWarning } from './obstacle.ts'

/** Who may have an obstacle. */
export interface Obstructed {
  readonly spec: { readonly access: ClusterAccess }
}

/** The obstacles of the process. */
export class Obstacles {
  readonly #say: (warning: Warning) => void
  /** By cluster and failure; a set is never empty. */
  readonly #standing = new Map<string, Set<Obstructed>>()

  constructor(say: (warning: Warning) => void) {
    this.#say = say
  }

  /** This is in the way of the forward now, and nothing else. */
  found(forward: Obstructed, failure: Failure): void {
    const key = keyOf(forward, failure)
    const forwards = this.#standing.get(key)
    this.#leave(forward, key)
    if (forwards) forwards.add(forward)
    else {
      this.#standing.set(key, new Set([forward]))
      this.#say(obstacleWarning(failure))
    }
  }

  /** Nothing is in the way of the forward, or it is no more. */
  gone(forward: Obstructed): void {
    this.#leave(forward, undefined)
  }

  #leave(forward: Obstructed, stays: string | undefined): void {
    for (const [key, forwards] of this.#standing) {
      if (key !== stays && forwards.delete(forward) && forwards.size === 0) this.#standing.delete(key)
    }
  }
}

/** An API server that is away has many ways to show it. */
function keyOf({ spec: { access } }: Obstructed, { class: kind, code, message }: Failure): string {
  return JSON.stringify([access.kubeconfig, access.context, ...(kind === 'connection' ? [kind] : [code, message])])
}
