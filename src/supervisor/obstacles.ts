/**
 * The obstacles that stand now, each told once for all forwards that it is in the way of,
 * and again only after it had been gone. What concerns one target is told by its forward.
 */
import type { Forward } from '../file/forward.ts'
import type { Failure, FailureCode } from '../tunnel/failure.ts'
import type { Warning } from './events.ts'
import { obstacleWarning } from './obstacle.ts'

/** Who may have an obstacle. */
export interface Obstructed {
  readonly spec: { readonly name: string; readonly access: Forward['access'] }
}

/** A warning, and of which forward it is when it is of one. */
export type ToldObstacle = Warning & { readonly forward?: string }

/** The obstacles of the process. */
export class Obstacles {
  readonly #say: (warning: ToldObstacle) => void
  /** By cluster and failure; a set is never empty. */
  readonly #standing = new Map<string, Set<Obstructed>>()

  constructor(say: (warning: ToldObstacle) => void) {
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
      this.#say({ ...(ofOneTarget.has(failure.code) && { forward: forward.spec.name }), ...obstacleWarning(failure) })
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

const ofOneTarget: ReadonlySet<FailureCode> = new Set(['KPF_OBJECT_MISSING', 'KPF_PORT_UNKNOWN', 'KPF_NO_SELECTOR'])

/** An API server that is away has many ways to show it, and a right that is missing is missing for each pod; the hint names the right. */
function keyOf({ spec: { name, access } }: Obstructed, { class: kind, code, message, hint }: Failure): string {
  if (ofOneTarget.has(code)) return JSON.stringify([name, code])
  return JSON.stringify([
    access.kubeconfig,
    access.context,
    ...(kind === 'connection' ? [kind] : kind === 'rbac' ? [access.namespace, code, hint] : [code, message]),
  ])
}
