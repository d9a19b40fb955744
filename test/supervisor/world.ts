/** A whole supervisor on a cluster by script; what it tells is kept as lines. */
import type { Forward } from '../../src/file/forward.ts'
import type { Event, Move } from '../../src/supervisor/events.ts'
import { Supervisor } from '../../src/supervisor/supervisor.ts'
import { FakeCluster, FakeClusters } from '../fake/clusters.ts'
import { type Client, Sockets } from './sockets.ts'

export class World extends Sockets {
  readonly cluster = this.keep(new FakeCluster('sample', this.clock))
  readonly clusters = new FakeClusters(this.cluster)
  readonly events: Event[] = []
  readonly supervisor = new Supervisor({
    clock: this.clock,
    chance: () => 0.5,
    clusters: this.clusters,
    findHolder: async () => undefined,
    maxConnections: 1_000,
  })

  constructor() {
    super()
    this.supervisor.subscribe((event) => this.events.push(event))
  }

  apply(...forwards: readonly Forward[]): void {
    this.supervisor.apply({ name: 'test', forwards, settings: { concurrency: 8, watchDebounceMs: 100 } }, 'forwards.yaml')
  }

  /** What was told so far, without the events of connections and plans. */
  get log(): readonly string[] {
    return this.events.flatMap((event) => lineOf(event) ?? [])
  }

  /** Forgets what was told. */
  forget(): void {
    this.events.length = 0
  }

  status(name = 'api'): string {
    const row = this.supervisor.snapshot().rows.find(({ spec }) => spec.name === name)
    return row === undefined ? 'absent' : `${row.status.state} ${row.status.phase} ${row.status.pod ?? '-'}`
  }

  traffic(name = 'api'): string {
    const traffic = this.supervisor.snapshot().rows.find(({ spec }) => spec.name === name)?.traffic
    return Object.entries(traffic ?? {})
      .flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]))
      .join(', ')
  }

  async ready(...names: readonly string[]): Promise<void> {
    await this.until(() => (names.length > 0 ? names : ['api']).every((name) => this.status(name).startsWith('ready ready')))
  }

  /** A client that the pod has greeted with its name. */
  async greeted(port: number): Promise<Client> {
    const client = await this.client(port)
    await this.until(() => client.text().includes(':') || client.end() !== 'open')
    return client
  }

  /** Lets time pass while everybody gets to answer. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      await this.clock.advance(Math.min(left, 250))
      await this.settle()
    }
  }

  async stop(drainMs = 0): Promise<void> {
    const stopping = this.supervisor.stop({ drainMs, deadline: new AbortController().signal })
    let isStopped = false
    void stopping.then(() => (isStopped = true))
    await this.until(() => isStopped)
  }
}

function lineOf(event: Event): string | undefined {
  switch (event.type) {
    case 'forward-state-changed':
      return `${event.forward}: ${event.from ?? '-'} -> ${event.to} ${event.status.phase}${event.status.message === undefined ? '' : `: ${event.status.message}`}`
    case 'forward-moved':
      return `${event.forward}: moved ${event.from.pod} (${event.why}${event.places === undefined ? '' : placesText(event.places)}) -> ${event.to.pod}, ${event.draining} draining`
    case 'warning':
      return `${event.forward ?? '-'}: warning ${event.message}`
    case 'stopped':
      return `stopped: ${event.forwards} forwards, ${event.served} served, ${event.failed} failed, ${event.reset} reset`
    default:
      return undefined
  }
}

function placesText({ from, to }: NonNullable<Move['places']>): string {
  return `, ${to.context}/${to.namespace} for ${from.context}/${from.namespace}`
}
