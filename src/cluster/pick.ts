/**
 * The pod to dial, and its port numbers. Pure.
 *
 * Ready pods win over running ones, older over newer, and the one in use over all, so
 * that a rollout does not move a healthy forward. Ports are translated as kubectl does
 * (kubectl, pkg/cmd/portforward: translateServicePortToTargetPort).
 */
import type { PodRef } from '../tunnel/dialer.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { describeText, getText, type KubectlPlace, whereText } from './kubectl-words.ts'
import { isOver } from './pod-facts.ts'
import type { Picture, PodFacts, ServiceFacts, TargetRef, Workload } from './picture.ts'

/** What is looked for. */
export interface PickQuery {
  readonly target: TargetRef
  readonly ports: readonly { readonly remotePort: number | string; readonly meaning: 'target' | 'container' }[]
  readonly requireReady: boolean
  /** The pod in use, which is kept while it is usable. */
  readonly currentUid?: string
  /** For the commands of hints. */
  readonly place?: KubectlPlace | undefined
}

/** What was seen of a target. */
type Seen = Extract<Picture, { readonly kind: 'seen' }>

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
  if (chosen === undefined) return noPod(query, picture, rejected)
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
  if (isOver(pod)) return `finished (${pod.phase})`
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

function noPod(query: PickQuery, seen: Seen, rejected: readonly Rejected[]): Picked {
  const { pods, replicas } = seen
  const { target, place } = query
  // Where no pod is wanted, one that is ending is not on its way.
  const living = pods.filter((pod) => !isOver(pod) && !(replicas === 0 && pod.terminating))
  const [first] = living.toSorted(compare)
  if (first) {
    const why = rejected.find(({ podName }) => podName === first.name)?.why ?? 'not ready'
    return { kind: 'no-pod', reason: `no ready pod: ${first.name} ${why}`, coming: true, ...(place && { hint: podHint(first, why, place) }), rejected }
  }
  const over = pods.filter(isOver).length
  const finished = over > 0 ? `: ${over} finished` : ''
  const hint = place && emptyHint(target, seen, place)
  const common = { kind: 'no-pod', ...(hint !== undefined && { hint }), rejected } as const
  if (seen.scaledDown) return { ...common, reason: scaledReason(target, seen.scaledDown), coming: false }
  if (replicas === 0) return { ...common, reason: `no pod: ${unwantedReason(target)}${finished}`, coming: false }
  const isSelector = target.kind === 'selector' || target.kind === 'service'
  return { ...common, reason: isSelector ? `no pod matches the selector${finished}` : `no pod is there${finished}`, coming: (replicas ?? 0) > 0 }
}

function podHint({ name }: PodFacts, why: string, place: KubectlPlace): string {
  return /CrashLoopBackOff|Error/.test(why) ? `see: kubectl logs -p ${name} ${whereText(place)}` : `see: ${describeText('pod', name, place)}`
}

function scaledReason(target: TargetRef, { kind, name }: Workload): string {
  return target.kind === 'service' ? `no pod: ${kind} "${name}" is scaled to 0 replicas` : 'no pod: scaled to 0 replicas'
}

/** Of what asks for no pod, but cannot be scaled. */
function unwantedReason(target: TargetRef): string {
  const kind = target.kind === 'prefix' ? target.of : target.kind
  return kind === 'job' ? 'the job has ended, or is suspended' : 'none is asked for'
}

function emptyHint(target: TargetRef, { scaledDown }: Seen, place: KubectlPlace): string {
  if (scaledDown?.owner) return `forward to ${scaledDown.owner}, which this ${scaledDown.kind} is of`
  if (scaledDown) return `scale it up: kubectl scale ${scaledDown.kind}/${scaledDown.name} --replicas=1 ${whereText(place)}`
  switch (target.kind) {
    case 'selector':
      return `see: kubectl get pods --show-labels ${whereText(place)}`
    case 'service':
      return `see: ${describeText('service', target.name, place)}; kubectl get pods --show-labels ${whereText(place)}`
    case 'prefix':
      return `see: ${getText(target.of, place)}`
    default:
      return `see: ${describeText(target.kind, target.name, place)}`
  }
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
