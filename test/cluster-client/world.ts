/** What the tests of one cluster share: a kubeconfig for a loopback server, clusters on a clock by hand. */
import { Buffer } from 'node:buffer'
import type { Cluster, Clusters } from '../../src/cluster/cluster-api.ts'
import type { Terminal } from '../../src/cluster/exec-source.ts'
import { openClusters, type Origins } from '../../src/cluster/clusters.ts'
import { editYaml } from '../../src/file/yaml-edit.ts'
import type { Failure } from '../../src/tunnel/failure.ts'
import { HandClock } from '../fake/clock.ts'
import { closing, type LoopbackServer } from './loopback-server.ts'

export class World {
  readonly clock = new HandClock()
  readonly files: Record<string, string> = {}
  readonly warnings: string[] = []
  /** Files that another program holds. */
  readonly locked = new Set<string>()
  readonly clusters: Clusters

  constructor(server: string, options: { user?: object; cluster?: object; env?: Record<string, string>; terminal?: Terminal; origins?: Origins } = {}) {
    this.use(server, options)
    this.clusters = closing(
      openClusters({
        clock: this.clock,
        chance: () => 0.5,
        readFile: async (path) => {
          const text = this.files[path]
          if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
          return Buffer.from(text)
        },
        parseYaml: (text) => JSON.parse(text),
        editYaml,
        editFile: async (path, change) => {
          if (this.locked.has(path)) return 'locked'
          this.files[path] = change(this.files[path] ?? '')
          return 'written'
        },
        env: options.env ?? {},
        home: '/home/me',
        userAgent: 'kpf/0.0.0',
        concurrency: 8,
        terminal: options.terminal,
        ...(options.origins && { origins: options.origins }),
        onWarning: (text) => this.warnings.push(text),
      }),
    )
  }

  /** Writes the kubeconfig: context `dev`, namespace `shop`, user `me`. */
  use(server: string, { user = { token: 'tok' }, cluster = {} }: { user?: object; cluster?: object } = {}): void {
    this.files['/home/me/.kube/config'] = JSON.stringify({
      kind: 'Config',
      'current-context': 'dev',
      contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'me', namespace: 'shop' } }],
      clusters: [{ name: 'dev', cluster: { server, ...cluster } }],
      users: [{ name: 'me', user }],
    })
  }

  async open(): Promise<Cluster> {
    const cluster: Cluster | Failure = await this.clusters.open({})
    if ('code' in cluster) throw new Error(`${cluster.code}: ${cluster.message}`)
    return cluster
  }
}

export function worldOf(server: LoopbackServer, options: ConstructorParameters<typeof World>[1] = {}): World {
  return new World(`http://127.0.0.1:${server.port}`, options)
}
