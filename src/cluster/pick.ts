/**
 * The pod to dial, and its port numbers. Pure.
 *
 * Ready pods win over running ones, older over newer, and the one in use over all, so
 * that a rollout does not move a healthy forward. Ports are translated as kubectl does
 * (kubectl, pkg/cmd/portforward: translateServicePortToTargetPort).
 */
import type { PodRef } from '../tunnel/dialer.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { Picture, PodFacts, ServiceFacts, TargetRef } from './picture.ts'

/** What is looked for. */
export interface PickQuery {
  readonly target: TargetRef
  readonly ports: readonly { readonly remotePort: number | string; readonly meaning: 'target' | 'container' }[]
  readonly requireReady: boolean
  /** The pod in use, which is kept while it is usable. */
  readonly currentUid?: string
}

/** The answer. */
export type Picked =
  | {
      readonly kind: 'backend'
      readonly pod: PodRef
      readonly node?: string
      readonly image?: string
      /** By the remote port as the file names it. */
      readonly ports: ReadonlyMap<number | string, number>
      /** What the pod's containers say they listen on; a port need not be among these to be reached. */
      readonly declared: readonly { readonly name?: string; readonly port: number }[]
      /** It is terminating, and there is no other. */
      readonly leaving: boolean
      readonly rejected: readonly Rejected[]
    }
  | { readonly kind: 'no-pod'; readonly reason: string; readonly coming: boolean; readonly hint?: string; readonly rejected: readonly Rejected[] }
  | Failure

/** A pod that was not taken, and why. */
export interface Rejected {
  readonly podName: string
  readonly why: string
}

/** A port that is not there; `index` is its place in the query. */
export interface WrongPort {
  readonly index: number
  readonly failure: Failure
}

/** Every port of a query that its Service does not have, also while there is no pod, and that the picked pod does not have. */
export function wrongPorts(query: PickQuery, picture: Picture): readonly WrongPort[] {
  if (picture.kind !== 'seen') return []
  const { service } = picture
  return query.ports.flatMap((port, index): readonly WrongPort[] => {
    const inPod = service && port.meaning === 'target' ? servicePort(service, port.remotePort) : port.remotePort
    if (typeof inPod === 'object') return [{ index, failure: inPod }]
    const picked = pick({ ...query, ports: [port] }, picture)
    return picked.kind === 'failure' ? [{ index, failure: picked }] : []
  })
}

/** Picks a pod from a picture; an unknown picture is a pod that is on its way. */
export function pick(query: PickQuery, picture: Picture): Picked {
  if (picture.kind === 'failure') return picture
  if (picture.kind === 'unknown') return { kind: 'no-pod', reason: 'looking for a pod', coming: true, rejected: [] }
  const usable = picture.pods.filter((pod) => whyNot(pod, query.requireReady) === undefined)
  const rejected = picture.pods.flatMap((pod) => {
    const why = whyNot(pod, query.requireReady)
    return why === undefined ? [] : [{ podName: pod.name, why }]
  })
  const current = picture.pods.find((pod) => pod.uid === query.currentUid)
  const chosen = usable.find((pod) => pod.uid === query.currentUid) ?? usable.toSorted(compare)[0] ?? lastResort(current)
  if (chosen === undefined) return noPod(query, picture.pods, picture.replicas, rejected)
  const ports = portsOf(query, chosen, picture.service)
  if ('code' in ports) return ports
  const { namespace, name, uid, node, image } = chosen
  return {
    kind: 'backend',
    pod: { namespace, name, uid },
    ports,
    declared: chosen.ports
      .filter(({ protocol }) => protocol !== 'UDP')
      .map(({ name: portName, port }) => ({ port, ...(portName !== undefined && { name: portName }) })),
    leaving: chosen.terminating,
    rejected,
    ...(node !== undefined && { node }),
    ...(image !== undefined && { image }),
  }
}

/** Why a pod cannot be dialled now; undefined when it can. */
function whyNot(pod: PodFacts, requireReady: boolean): string | undefined {
  if (pod.terminating) return 'terminating'
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return `finished (${pod.phase})`
  if (pod.phase !== 'Running') return pod.trouble ?? pod.phase
  return requireReady && !pod.ready ? (pod.trouble ?? 'not ready') : undefined
}

/** A single replica that drains serves on until it ends. */
function lastResort(current: PodFacts | undefined): PodFacts | undefined {
  return current?.terminating && current.phase === 'Running' ? current : undefined
}

function compare(a: PodFacts, b: PodFacts): number {
  if (a.ready !== b.ready) return a.ready ? -1 : 1
  return (a.readySinceMs ?? a.createdMs) - (b.readySinceMs ?? b.createdMs) || a.restarts - b.restarts || (a.name < b.name ? -1 : 1)
}

function noPod(query: PickQuery, pods: readonly PodFacts[], replicas: number | undefined, rejected: readonly Rejected[]): Picked {
  // Where no pod is wanted, one that is ending is not on its way.
  const living = pods.filter((pod) => pod.phase !== 'Succeeded' && pod.phase !== 'Failed' && !(replicas === 0 && pod.terminating))
  const [first] = living.toSorted(compare)
  if (first) {
    const why = rejected.find(({ podName }) => podName === first.name)?.why ?? 'not ready'
    const isCrashing = /CrashLoopBackOff|Error/.test(why)
    const hint = isCrashing ? `see: kubectl logs -p -n ${first.namespace} ${first.name}` : `see: kubectl describe pod -n ${first.namespace} ${first.name}`
    return { kind: 'no-pod', reason: `no ready pod: ${first.name} ${why}`, coming: true, hint, rejected }
  }
  const finished = pods.length > 0 ? `: ${pods.length} finished` : ''
  if (replicas === 0) return { kind: 'no-pod', reason: 'no pod: scaled to 0 replicas', coming: false, hint: 'scale it up', rejected }
  const isSelector = query.target.kind === 'selector' || query.target.kind === 'service'
  return { kind: 'no-pod', reason: isSelector ? `no pod matches the selector${finished}` : `no pod is there${finished}`, coming: (replicas ?? 0) > 0, rejected }
}

function portsOf(query: PickQuery, pod: PodFacts, service: ServiceFacts | undefined): ReadonlyMap<number | string, number> | Failure {
  const ports = new Map<number | string, number>()
  for (const { remotePort, meaning } of query.ports) {
    const inPod = service && meaning === 'target' ? servicePort(service, remotePort) : remotePort
    if (typeof inPod === 'object') return inPod
    const number = typeof inPod === 'number' ? undeclaredOrTcp(pod, inPod) : containerPort(pod, inPod, query.target.container)
    if (typeof number === 'object') return number
    ports.set(remotePort, number)
  }
  return ports
}

function servicePort(service: ServiceFacts, remotePort: number | string): number | string | Failure {
  const named = service.ports.filter((candidate) => (typeof remotePort === 'number' ? candidate.port === remotePort : candidate.name === remotePort))
  // DNS has one number for UDP and TCP.
  const port = named.find(({ protocol }) => protocol === 'TCP') ?? named[0]
  if (port === undefined) {
    const known = service.ports.map(({ name, port: number }) => (name === undefined ? `${number}` : `${number} (${name})`)).join(', ')
    return failure('KPF_PORT_UNKNOWN', `the service has no port ${typeof remotePort === 'number' ? remotePort : `"${remotePort}"`}`, {
      hint: `its ports: ${known || 'none'}`,
    })
  }
  if (port.protocol !== 'TCP')
    return failure('KPF_PORT_UNKNOWN', `port ${remotePort} of the service is ${port.protocol}, which cannot be forwarded`, { hint: 'forward a TCP port' })
  return service.headless ? port.port : port.targetPort
}

/** A port need not be declared to be reached; one that is declared for UDP alone cannot be. */
function undeclaredOrTcp(pod: PodFacts, port: number): number | Failure {
  const declared = pod.ports.filter((candidate) => candidate.port === port)
  if (declared.length === 0 || declared.some(({ protocol }) => protocol !== 'UDP')) return port
  return failure('KPF_PORT_UNKNOWN', `port ${port} of pod "${pod.name}" is UDP, which cannot be forwarded`, { hint: 'forward a TCP port' })
}

function containerPort(pod: PodFacts, name: string, container: string | undefined): number | Failure {
  const candidates = pod.ports.filter((port) => container === undefined || port.container === container)
  const found = candidates.find((port) => port.name === name)
  if (found) return found.port
  const known = candidates.flatMap(({ name: portName, port }) => (portName === undefined ? [] : [`${portName} (${port})`])).join(', ')
  return failure('KPF_PORT_UNKNOWN', `pod "${pod.name}" has no port named "${name}"`, { hint: `named ports there: ${known || 'none'}` })
}
