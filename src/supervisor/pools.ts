/**
 * The pools of lanes in use, one for each pod of a cluster, shared by every forward that
 * picked the pod. A pool lives while somebody leases it; after the last release it takes
 * no new stream and ends with its last one.
 */
import type { Cluster } from '../cluster/cluster-api.ts'
import type { Forward } from '../file/forward.ts'
import type { Chance } from '../system/chance.ts'
import type { Clock } from '../system/clock.ts'
import type { PodRef } from '../tunnel/dialer.ts'
import type { Failure } from '../tunnel/failure.ts'
import { type LaneFacts, Pool } from '../tunnel/pool.ts'

/** A forward's share in a pool. */
export interface PoolLease {
  /** Unique to the pool; one that is made for the same pod later has another. */
  readonly key: string
  readonly pool: Pool
  release(): void
}

/** Whom a pool tells. */
export interface PoolUser {
  readonly changed: (facts: LaneFacts) => void
  readonly warn: (failure: Failure) => void
}

interface Entry {
  readonly id: string
  readonly pool: Pool
  readonly users: Set<PoolUser>
}

/** The registry of pools; the only maker of them. */
export class Pools {
  readonly #parts: { readonly clock: Clock; readonly chance: Chance }
  readonly #entries = new Map<string, Entry>()
  /** Released by all, not yet ended: their last streams are finishing. */
  readonly #draining = new Set<Pool>()
  #made = 0

  constructor(parts: { readonly clock: Clock; readonly chance: Chance }) {
    this.#parts = parts
  }

  /** Joins the pool of a pod, or makes it; the first forward's timings count for all. */
  lease(cluster: Cluster, pod: PodRef, spec: Forward, user: PoolUser): PoolLease {
    const key = `${cluster.key} ${pod.uid} ${spec.transport.mode}`
    const entry = this.#entries.get(key) ?? this.#make(key, cluster, pod, spec)
    entry.users.add(user)
    return {
      key: entry.id,
      pool: entry.pool,
      release: () => {
        if (!entry.users.delete(user) || entry.users.size > 0) return
        this.#entries.delete(key)
        if (entry.pool.facts.openStreams > 0) this.#draining.add(entry.pool)
        entry.pool.drainAndClose()
      },
    }
  }

  /** Ends everything at once: every stream is reset, nothing is left open. */
  close(): void {
    for (const { pool } of this.#entries.values()) pool.close()
    for (const pool of this.#draining) pool.close()
    this.#entries.clear()
    this.#draining.clear()
  }

  #make(key: string, cluster: Cluster, pod: PodRef, spec: Forward): Entry {
    const users = new Set<PoolUser>()
    const pool = new Pool({
      pod,
      dialer: cluster.dialer,
      gate: cluster.gate,
      transports: cluster.transports,
      clock: this.#parts.clock,
      chance: this.#parts.chance,
      mode: spec.transport.mode,
      backoff: spec.backoff,
      pingIntervalMs: spec.transport.pingIntervalMs,
      dialMs: spec.timeouts.dialMs,
      streamMs: spec.timeouts.streamMs,
      changed: (facts) => {
        if (facts.openStreams === 0) this.#draining.delete(pool)
        for (const user of [...users]) user.changed(facts)
      },
      warn: (failure) => {
        for (const user of [...users]) user.warn(failure)
      },
    })
    const entry: Entry = { id: `${key} ${++this.#made}`, pool, users }
    this.#entries.set(key, entry)
    return entry
  }
}
