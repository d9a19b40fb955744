/** One examination: everything is asked at once, within a time, then judged. */
import type { Clusters } from '../cluster/cluster-api.ts'
import type { Access, Forward } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import { clusterFindings, fileFindings, kubeconfigFindings } from './cluster-rules.ts'
import type { FileFacts, KubeconfigFacts } from './facts.ts'
import type { Finding } from './finding.ts'
import { forwardFindings } from './forward-rules.ts'
import { gatherClusters } from './gather-clusters.ts'
import { gatherMachine, type Machine } from './gather-machine.ts'
import { machineFindings } from './machine-rules.ts'

/** What is examined. */
export interface Examined {
  readonly forwards: readonly Forward[]
  readonly file: FileFacts
  /** Which cluster is meant where there is no forward. */
  readonly inUse: Access
}

/** What it stands on. */
export interface ExamineParts {
  readonly machine: Machine
  readonly clusters: Clusters
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The whole takes 10 s at most; what was not answered by then is told so. */
const LIMIT_MS = 9_000

/** Never rejects. In the order of the report. */
export async function examine({ forwards, file, inUse }: Examined, parts: ExamineParts): Promise<readonly Finding[]> {
  const { machine, clusters, clock } = parts
  const [late, done] = [new AbortController(), new AbortController()]
  void clock.sleep(LIMIT_MS, done.signal).then((slept) => slept && late.abort())
  const signal = AbortSignal.any([parts.signal, late.signal])
  const [machineFacts, gathered] = await Promise.all([
    gatherMachine(forwards, machine),
    gatherClusters(forwards, inUse, { clusters, clock, env: machine.env, signal }),
  ])
  done.abort()
  const accesses = forwards.length === 0 ? [inUse] : forwards.map(({ access }) => access)
  const paths = new Set(accesses.flatMap((access) => clusters.filesOf(access)))
  const kubeconfigs = await Promise.all([...paths].map((path) => lookAt(path, machine)))
  const facts = { timeMs: clock.wallMs(), machine: machineFacts, file, kubeconfigs, ...gathered }
  return [
    ...machineFindings(facts.machine, facts.clusters),
    ...fileFindings(facts),
    ...kubeconfigFindings(facts),
    ...clusterFindings(facts),
    ...forwardFindings(facts.forwards),
  ]
}

async function lookAt(path: string, { files }: Machine): Promise<KubeconfigFacts> {
  const { kind } = await files.read(path, 16 * 1024 * 1024)
  return { path, state: kind === 'read' ? 'read' : kind === 'missing' ? 'missing' : 'unreadable' }
}
