/**
 * What else there is of a kind, for whoever has named what is not there, or has no pod.
 *
 * Nobody needs a right for this that a forward does not need anyway: where it may not be
 * asked for, nothing is known, and that is all.
 */
import type { Clock } from '../system/clock.ts'
import type { Cluster } from './cluster-api.ts'
import { type KubeObject, metadata, nameOf, record, records } from './kube-object.ts'
import type { ObjectKind } from './picture.ts'
import { resourceOf } from './resources.ts'

/** More are not looked at. */
const MAX_NAMES = 200
/** Forwards that miss something at the same time ask once. */
const REMEMBERED_MS = 2_000

/** One of them, as far as anybody asks. */
export interface Neighbour {
  readonly name: string
  /** How many pods it asks for, where it says so. */
  readonly replicas?: number
  /** Of the pods that it makes. */
  readonly podLabels: unknown
}

/** What is there, and who asks. */
export interface NeighboursAsk {
  readonly kind: ObjectKind
  readonly namespace: string
  readonly signal: AbortSignal
}

/** Those in the namespace; undefined where they may not be asked for, or cannot be. Never rejects. */
export async function neighboursOf(cluster: Pick<Cluster, 'request'>, { kind, namespace, signal }: NeighboursAsk): Promise<readonly Neighbour[] | undefined> {
  const answer = await cluster.request({ method: 'GET', path: `${resourceOf(kind, namespace).path}?limit=${MAX_NAMES}`, signal })
  return answer.kind === 'failure' ? undefined : records(answer.value['items']).map(neighbour)
}

function neighbour(item: KubeObject): Neighbour {
  const spec = record(item['spec'])
  const { replicas } = spec
  return { name: nameOf(item), ...(typeof replicas === 'number' && { replicas }), podLabels: metadata(record(spec['template']))['labels'] }
}

/** The same for all who ask within a moment, until it is closed. */
export class Neighbours {
  readonly #cluster: Pick<Cluster, 'request'>
  readonly #clock: Clock
  readonly #closed = new AbortController()
  readonly #asked = new Map<string, { readonly atMs: number; readonly answer: Promise<readonly Neighbour[] | undefined> }>()

  constructor(cluster: Pick<Cluster, 'request'>, clock: Clock) {
    this.#cluster = cluster
    this.#clock = clock
  }

  /** As {@link neighboursOf}. */
  of(kind: ObjectKind, namespace: string): Promise<readonly Neighbour[] | undefined> {
    const now = this.#clock.now()
    for (const [old, { atMs }] of this.#asked) if (now - atMs >= REMEMBERED_MS) this.#asked.delete(old)
    const key = `${kind} ${namespace}`
    const asked = this.#asked.get(key) ?? { atMs: now, answer: neighboursOf(this.#cluster, { kind, namespace, signal: this.#closed.signal }) }
    this.#asked.set(key, asked)
    return asked.answer
  }

  close(): void {
    this.#closed.abort()
    this.#asked.clear()
  }
}
