/**
 * Walks one connection from the file to the program in the pod, and keeps account.
 *
 * Owns the order of the steps and where the walk ends; each part of the way is what
 * `kpf up` uses. Nothing is retried: the first answer is the one to be seen.
 */
import type { Cluster, Clusters } from '../cluster/cluster-api.ts'
import { pick } from '../cluster/pick.ts'
import type { Picture } from '../cluster/picture.ts'
import { withRoleHint } from '../cluster/role-hint.ts'
import type { Forward, PortMapping } from '../file/forward.ts'
import type { Clock } from '../system/clock.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { traceAccess } from './access.ts'
import type { Account } from './account.ts'
import { traceEstablishment } from './establishment.ts'
import { throughProxies } from './phase-steps.ts'
import { Recorder } from './recorder.ts'
import { type Probe, traceSession } from './session.ts'

/** What is traced. */
export interface TraceRequest {
  readonly forward: Forward
  readonly port: PortMapping
  /** How the target is written: `svc/api:http`. */
  readonly shownAs: string
  /** The file the forward stands in, when it is one. It took that long to read it just now; absent where an earlier trace did. */
  readonly file?: { readonly shownAs: string; readonly tookMs?: number }
  readonly probe: Probe
  readonly signal: AbortSignal
}

/** What a trace stands on. */
export interface TraceParts {
  readonly clusters: Clusters
  readonly clock: Clock
  readonly isoTime: (ms: number) => string
}

/** How long the first picture of a target may take. */
const PICTURE_MS = 12_000

/** Never rejects: what goes wrong is in the account. */
export async function trace(request: TraceRequest, parts: TraceParts): Promise<Account> {
  const walk = new Walk(request, parts)
  const isThrough = await walk.go()
  return walk.account(isThrough)
}

class Walk {
  readonly #request: TraceRequest
  readonly #parts: TraceParts
  readonly #recorder: Recorder
  readonly #timeMs: number
  #found: Partial<Account> = {}

  constructor(request: TraceRequest, parts: TraceParts) {
    this.#request = request
    this.#parts = parts
    this.#recorder = new Recorder(parts.clock, request.signal, request.file?.tookMs ?? 0)
    this.#timeMs = parts.clock.wallMs() - (request.file?.tookMs ?? 0)
  }

  account(isThrough: boolean): Account {
    const { forward, file, shownAs } = this.#request
    return {
      v: 1,
      time: this.#parts.isoTime(this.#timeMs),
      target: shownAs,
      ...(file && { forward: forward.name }),
      ...this.#found,
      steps: throughProxies(this.#recorder.steps),
      outcome: this.#recorder.outcome(isThrough),
      tookMs: this.#recorder.atMs,
    }
  }

  async go(): Promise<boolean> {
    const { file, forward, probe, shownAs, signal } = this.#request
    const { clock, isoTime } = this.#parts
    this.#tellFile()
    const cluster = await this.#open()
    if (cluster === undefined) return false
    const namespace = forward.access.namespace ?? cluster.namespace
    this.#found = { context: escapeForeign(cluster.contextName), server: escapeForeign(cluster.server), namespace: escapeForeign(namespace) }
    const common = { cluster, recorder: this.#recorder, isoTime, signal }
    const rbacWords = file ? forward.name : `-n ${namespace} ${shownAs.replace(/:[^:]*$/, '')}`
    const minor = await traceAccess({ ...common, namespace, rbacWords, target: forward.target, mode: forward.transport.mode })
    if (minor === 'broken' || signal.aborted) return false
    const backend = await this.#lookUp(cluster, namespace, rbacWords)
    if (backend === undefined) return false
    const { pod, podPort } = backend
    this.#found = { ...this.#found, pod: pod.name, podPort, ...(backend.node !== undefined && { node: backend.node }) }
    const { dialMs, streamMs } = forward.timeouts
    const dialParts = { pod, dialer: cluster.dialer, gate: cluster.gate, clock, dialMs }
    const upgraded = await traceEstablishment({ ...common, ...dialParts, rbacWords, podPort, mode: forward.transport.mode })
    if (upgraded === undefined) return false
    this.#found = { ...this.#found, transport: upgraded.transport }
    return traceSession(upgraded, { ...dialParts, recorder: this.#recorder, podPort, streamMs, probe, signal })
  }

  #tellFile(): void {
    const { file, forward } = this.#request
    if (file === undefined) return
    const { line } = forward.position
    this.#recorder.add(
      {
        id: 'file',
        section: 'initialization',
        from: 'kpf',
        to: 'files',
        what: `read ${file.shownAs}`,
        answer: `forward "${forward.name}" in line ${line}`,
        facts: { file: file.shownAs, line },
        isTimed: file.tookMs !== undefined,
      },
      0,
    )
  }

  async #open(): Promise<Cluster | undefined> {
    const { clusters } = this.#parts
    const { access } = this.#request.forward
    const sinceMs = this.#recorder.atMs
    const cluster = await clusters.open(access)
    const files = clusters.filesOf(access)
    const step = { id: 'kubeconfig', section: 'initialization', from: 'kpf', to: 'files', what: `read ${files.join(', ')}` } as const
    if ('code' in cluster) {
      this.#recorder.add({ ...step, facts: { files }, failure: cluster }, sinceMs)
      return undefined
    }
    const [context, server, namespace] = [escapeForeign(cluster.contextName), escapeForeign(cluster.server), escapeForeign(cluster.namespace)]
    const facts = { files, context, server, namespace, chosenBy: access.context === undefined ? 'current-context' : 'name' }
    this.#recorder.add({ ...step, answer: `context ${context}, server ${server}, namespace ${namespace}`, facts }, sinceMs)
    return cluster
  }

  async #lookUp(cluster: Cluster, namespace: string, rbacWords: string): Promise<Backend | undefined> {
    const { forward, port, shownAs } = this.#request
    const recorder = this.#recorder
    const sinceMs = recorder.atMs
    const picture = await this.#firstPicture(cluster, namespace)
    const asked = {
      id: 'object',
      section: 'lookup',
      from: 'kpf',
      to: 'server',
      what: `list what ${shownAs} is, and the pods of namespace ${namespace}`,
    } as const
    if (picture.kind === 'failure') {
      recorder.add({ ...asked, failure: withRoleHint(picture, rbacWords) }, sinceMs)
      return undefined
    }
    if (picture.kind === 'unknown') {
      recorder.add(
        { ...asked, failure: failure('KPF_CLUSTER_TIMEOUT', `no answer within ${PICTURE_MS / 1000} s`, { hint: 'check the network or VPN' }) },
        sinceMs,
      )
      return undefined
    }
    const pods = picture.pods.length
    recorder.add({ ...asked, answer: `found, ${pods === 1 ? '1 pod' : `${pods} pods`} behind it` }, sinceMs)
    const pickedMs = recorder.atMs
    const { target, requireReady } = forward
    const picked = pick({ target, ports: [port], requireReady, place: { context: cluster.contextName, namespace } }, picture)
    const choosing = { id: 'pods', section: 'lookup', from: 'kpf', to: 'kpf', what: 'choose a pod' } as const
    const rejected = 'rejected' in picked ? picked.rejected.map(({ podName, why }) => `${podName}: ${why}`) : []
    if (picked.kind !== 'backend') {
      recorder.add({ ...choosing, facts: { rejected }, failure: picked.kind === 'failure' ? picked : noPod(picked) }, pickedMs)
      return undefined
    }
    const podPort = picked.ports.get(port.remotePort) ?? Number(port.remotePort)
    const facts = {
      pod: picked.pod.name,
      port: podPort,
      ...(picked.node !== undefined && { node: picked.node }),
      ...(picked.image !== undefined && { image: picked.image }),
      rejected,
    }
    const answer = `${picked.pod.name}, port ${podPort}${picked.node === undefined ? '' : `, on node ${picked.node}`}`
    recorder.add({ ...choosing, answer, facts }, pickedMs)
    return { pod: picked.pod, podPort, ...(picked.node !== undefined && { node: picked.node }) }
  }

  async #firstPicture(cluster: Cluster, namespace: string): Promise<Picture> {
    const { promise, resolve } = Promise.withResolvers<Picture>()
    const done = new AbortController()
    const watching = cluster.watchTarget({ namespace, target: this.#request.forward.target }, resolve)
    const late = this.#parts.clock.sleep(PICTURE_MS, AbortSignal.any([done.signal, this.#request.signal])).then((): Picture => ({ kind: 'unknown' }))
    const picture = await Promise.race([promise, late])
    done.abort()
    watching.close()
    return picture
  }
}

interface Backend {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string }
  readonly podPort: number
  readonly node?: string
}

function noPod({ reason, hint }: { readonly reason: string; readonly hint?: string }): Failure {
  return failure('KPF_NO_POD', reason, hint === undefined ? {} : { hint })
}
