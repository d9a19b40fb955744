/** Traces through the sample cluster over loopback, and what every account is held to. */
import { vi } from 'vitest'
import { oneForward } from '../../src/cli/file/ad-hoc-forward.ts'
import { openClusters } from '../../src/cluster/clusters.ts'
import { editYaml } from '../../src/file/yaml-edit.ts'
import { Sandbox } from '../../src/sandbox/sandbox.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { type Clock, realClock } from '../../src/system/clock.ts'
import type { Account } from '../../src/trace/account.ts'
import { trace, type TraceRequest } from '../../src/trace/trace.ts'
import type { Transport } from '../../src/tunnel/dialer.ts'
import { checked } from './checked.ts'

/** A kubeconfig, as far as tests change it. */
export interface Kubeconfig {
  readonly clusters: readonly [{ readonly name: string; readonly cluster: { readonly server: string } }]
  readonly [field: string]: unknown
}

/** What is traced, and as whom. */
export interface WalkOptions {
  readonly target?: string
  readonly port?: string
  readonly mode?: 'auto' | Transport
  readonly context?: string
  readonly requireReady?: boolean
  readonly probe?: TraceRequest['probe']
  readonly change?: (kubeconfig: Kubeconfig) => object
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** A sample cluster with `web`: two pods with HTTP on 8080, and `queue`: one that echoes on 7000. */
export async function startSandbox(serves?: ReadonlySet<'websocket' | 'spdy'>): Promise<Sandbox> {
  return Sandbox.start({
    clock: realClock,
    namespace: 'shop',
    apps: [
      { name: 'web', image: 'shop/web:2.1.0', replicas: 2, ports: { 8080: { name: 'http', speaks: 'http' } } },
      { name: 'queue', image: 'shop/queue:7.2', replicas: 1, ports: { 7000: { name: 'echo', speaks: 'echo' } } },
    ],
    ...(serves && { serves }),
  })
}

/** One trace with clusters of its own, as `kpf trace` makes it. */
export async function walk(sandbox: Sandbox, options: WalkOptions = {}): Promise<Account> {
  const { target = 'svc/web', port = '80', mode = 'auto', change = (same: Kubeconfig): object => same, probe = 'http', clock = realClock } = options
  const kubeconfig = JSON.stringify(change(JSON.parse(sandbox.kubeconfig) as Kubeconfig))
  const clusters = openClusters({
    clock,
    chance: () => 0.5,
    readFile: async () => Buffer.from(kubeconfig),
    parseYaml: (text) => JSON.parse(text),
    editYaml,
    editFile: async () => 'written',
    env: { KUBECONFIG: '/sample/kubeconfig' },
    home: '/sample',
    userAgent: 'kpf/0.0.0',
    concurrency: 8,
    onWarning: () => {},
  })
  const read = oneForward({ target, ports: [port], access: options.context === undefined ? {} : { context: options.context } })
  const mapping = 'fix' in read ? undefined : read.ports[0]
  if ('fix' in read || mapping === undefined) throw new Error(`no forward: ${target} ${port}`)
  const forward = { ...read, requireReady: options.requireReady ?? false, transport: { ...read.transport, mode } }
  const { signal = new AbortController().signal } = options
  const account = await trace({ forward, port: mapping, shownAs: `${target}:${port}`, probe, signal }, { clusters, clock, isoTime })
  await clusters.close()
  return checked(account)
}

/** Waits until the sample cluster has no connection left. */
export async function nothingIsOpen(sandbox: Sandbox): Promise<void> {
  await vi.waitFor(() => {
    if (sandbox.connections > 0) throw new Error(`${sandbox.connections} connections are still open`)
  })
}

/** `initialization kubeconfig done` for each step. */
export function stepsOf(account: Account): readonly string[] {
  return account.steps.map(({ section, id, result }) => `${section} ${id} ${result}`)
}
