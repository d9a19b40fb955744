/**
 * Clusters by script: pictures are shown by hand, and dials reach a node of the sandbox
 * over loopback, with pods that answer with their name.
 */
import type { Cluster, ClusterAccess, ClusterRequest, Clusters, JsonAnswer } from '../../src/cluster/cluster-api.ts'
import { unexpected } from '../../src/cluster/expected.ts'
import type { Picture, PodFacts, TargetQuery } from '../../src/cluster/picture.ts'
import { type Failure, failure } from '../../src/tunnel/failure.ts'
import type { Upgraded, UpgradeRefusal, UpgradeRequest } from '../../src/tunnel/dialer.ts'
import { FakeNode } from './node.ts'
import type { HandClock } from './clock.ts'

/** A pod that runs and is ready. */
export function pod(name: string, more: Partial<PodFacts> = {}): PodFacts {
  return {
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    createdMs: 0,
    phase: 'Running',
    ready: true,
    readySinceMs: 0,
    terminating: false,
    restarts: 0,
    image: `shop/api:${name}`,
    ports: [{ name: 'http', container: 'app', port: 8080, protocol: 'TCP' }],
    ...more,
  }
}

/** What a watch of a service shows; its port 80 is the pods' 8080. */
export function seen(...pods: readonly PodFacts[]): Picture {
  return { kind: 'seen', service: { headless: false, ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] }, pods }
}

interface Watching {
  readonly query: TargetQuery
  readonly onChange: (picture: Picture) => void
}

/** One cluster, and how it behaves. */
export class FakeCluster implements Cluster {
  readonly contextName: string
  readonly server = 'https://sample'
  namespace: string
  readonly node: FakeNode
  readonly key: string
  /** Names of pods, in the order of their dials. */
  readonly dials: string[] = []
  /** Pods whose dial is answered so instead of with an upgrade. */
  readonly answers = new Map<string, Failure | UpgradeRefusal | 'hang'>()
  readonly watching = new Set<Watching>()
  kicks = 0
  #picture: Picture = { kind: 'unknown' }

  constructor(key: string, clock: HandClock, { contextName = 'sample', namespace = 'shop' }: Partial<Pick<Cluster, 'contextName' | 'namespace'>> = {}) {
    this.key = key
    this.contextName = contextName
    this.namespace = namespace
    this.node = new FakeNode(clock)
  }

  readonly #gateListeners = new Set<() => void>()
  #closedFor: Cluster['gate']['closedFor']

  readonly gate: Cluster['gate'] = this.#makeGate()

  readonly transports: Cluster['transports'] = { recall: () => undefined, remember: () => {} }

  readonly dialer: Cluster['dialer'] = { open: (request) => this.#dial(request) }

  /** The gate closes for that reason, or opens. */
  shut(failure: Failure | undefined): void {
    this.#closedFor = failure && { failure, sinceMs: 0, nextTryMs: 1_000 }
    for (const listener of this.#gateListeners) listener()
  }

  /** What every watch shows from now on. */
  show(picture: Picture): void {
    this.#picture = picture
    for (const { onChange } of [...this.watching]) onChange(picture)
  }

  watchTarget(query: TargetQuery, onChange: (picture: Picture) => void): { close(): void } {
    const watching = { query, onChange }
    this.watching.add(watching)
    if (this.#picture.kind !== 'unknown') onChange(this.#picture)
    return { close: () => this.watching.delete(watching) }
  }

  /** Answers by path; anything else is not found. */
  readonly json = new Map<string, Record<string, unknown>>()

  async request({ path }: ClusterRequest): Promise<JsonAnswer | Failure> {
    const value = this.json.get(path)
    return value === undefined ? failure('KPF_OBJECT_MISSING', `not found: read ${path}`) : { kind: 'json', value }
  }

  kick(): void {
    this.kicks++
  }

  async close(): Promise<void> {
    this.node.close()
  }

  #makeGate(): Cluster['gate'] {
    const closedFor = (): Cluster['gate']['closedFor'] => this.#closedFor
    return {
      enter: async () => true,
      done: () => {},
      get closedFor() {
        return closedFor()
      },
      onChange: (listener) => {
        this.#gateListeners.add(listener)
        return () => this.#gateListeners.delete(listener)
      },
    }
  }

  async #dial({ pod: { name } }: UpgradeRequest): Promise<Upgraded | UpgradeRefusal | Failure> {
    this.dials.push(name)
    const answer = this.answers.get(name)
    if (answer === 'hang') return new Promise<never>(() => {})
    return answer ?? this.node.upgrade(name)
  }
}

/** The opener. What `answer` holds is what an open gets. */
export class FakeClusters implements Clusters {
  readonly kubeconfigFiles = []
  answer: Cluster | Failure
  opens = 0
  /** While set, opens wait for it. */
  delay: Promise<void> | undefined

  constructor(answer: Cluster | Failure) {
    this.answer = answer
  }

  filesOf(): readonly string[] {
    return []
  }

  async open({ expectServer }: ClusterAccess): Promise<Cluster | Failure> {
    this.opens++
    await this.delay
    return 'code' in this.answer ? this.answer : (unexpected(this.answer, expectServer) ?? this.answer)
  }

  async refresh(): Promise<void> {}

  async close(): Promise<void> {
    if (!('code' in this.answer)) await this.answer.close()
  }
}
