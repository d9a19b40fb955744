/**
 * What of a file is not so in the cluster or on the machine: faults with the forward and
 * the part of it that are wrong. Pure.
 *
 * The findings are those of `doctor`; here each that keeps a forward from coming up is held
 * against the file, and what many forwards have in common is said once.
 */
import { whereText } from '../cluster/kubectl-words.ts'
import type { Aspect } from '../file/blame.ts'
import type { Failure } from '../tunnel/failure.ts'
import { clusterFindings, kubeconfigFindings } from './cluster-rules.ts'
import type { ClusterFacts, ForwardFacts, PortFacts } from './facts.ts'
import type { Finding, Trouble } from './finding.ts'
import { forwardFindings } from './forward-rules.ts'
import { badPorts, portDraft } from './machine-rules.ts'

/** A part of a forward that is wrong. */
export interface Fault {
  readonly forward: string
  readonly aspect: Aspect
  readonly code: string
  readonly message: string
  readonly fix: string
  readonly trouble: Trouble
}

/** What was asked. */
export interface LiveFacts {
  readonly timeMs: number
  readonly ports: readonly PortFacts[]
  readonly forwards: readonly ForwardFacts[]
}

/** Of so many forwards the names are told; the rest is counted. */
const NAMES = 3

/** All faults; those of a cluster once, at the first forward that means it. */
export function liveFaults({ timeMs, ports, forwards }: LiveFacts): readonly Fault[] {
  return [...badPorts(ports).map(ofPort), ...ofContexts(forwards), ...ofClusters(forwards, timeMs), ...ofForwards(forwards)]
}

function ofPort(facts: PortFacts): Fault {
  const { forward, index } = facts
  const { evidence, code, fix } = portDraft(facts)
  return { forward, aspect: { port: index, end: 'local' }, code, message: `forward "${forward}": ${evidence}`, fix, trouble: 'bind' }
}

/** Contexts that are none, or that lead elsewhere: told for each place that names one. */
function ofContexts(forwards: readonly ForwardFacts[]): readonly Fault[] {
  const failed = forwards.flatMap(({ forward, failure }) => (failure === undefined ? [] : [{ forward: forward.name, failure }]))
  return firsts(failed, ({ failure }) => `${failure.code} ${failure.message}`).map(
    ({ forward, failure }): Fault => ({
      forward,
      aspect: failure.code === 'KPF_CLUSTER_UNEXPECTED' ? 'expect' : 'context',
      code: failure.code,
      message: failure.message,
      fix: fixOf(failure, failure.code === 'KPF_CONTEXT_UNKNOWN' ? 'see: kubectl config get-contexts' : 'see: kubectl config view'),
      trouble: failure.class,
    }),
  )
}

/** Servers that are away, and credentials that they refuse: one fault a cluster, the first of its findings. */
function ofClusters(forwards: readonly ForwardFacts[], timeMs: number): readonly Fault[] {
  const asked = forwards.flatMap(({ forward, server }) => (server === undefined ? [] : [{ forward: forward.name, server }]))
  return firsts(asked, ({ server }) => server).flatMap(({ forward, server }): readonly Fault[] => {
    const first = errorsOf(server, timeMs)[0]
    if (first === undefined) return []
    const of = `cluster of context "${server.contextName}" (${server.server})`
    return [{ forward, aspect: 'context', ...wordsOf(first, `${of}: ${first.evidence}`) }]
  })
}

function errorsOf(server: ClusterFacts, timeMs: number): readonly Finding[] {
  const credentials = kubeconfigFindings({ timeMs, clusters: [server], kubeconfigs: [], contexts: [] })
  return [...credentials, ...clusterFindings({ clusters: [server], timeMs })].filter(({ severity }) => severity === 'error')
}

function ofForwards(all: readonly ForwardFacts[]): readonly Fault[] {
  const forwards = all.filter(({ isReached, server }) => isReached && server !== undefined && errorsOf(server, Number.NEGATIVE_INFINITY).length === 0)
  const byName = new Map(forwards.map((facts) => [facts.forward.name, facts]))
  const faults = forwardFindings(forwards).flatMap((finding): readonly Fault[] => {
    const facts = byName.get(finding.about ?? '')
    if (facts === undefined || finding.severity !== 'error') return []
    const { name } = facts.forward
    if (finding.id === 'permissions') return [{ forward: name, aspect: 'target', ...wordsOf(finding, finding.evidence) }]
    if (facts.hasNamespace === false) return [{ forward: name, aspect: 'namespace', ...wordsOf(finding, finding.evidence) }]
    // Those are told one by one.
    if (finding.code === 'KPF_PORT_UNKNOWN' && facts.wrongPorts?.length) return []
    return [{ forward: name, aspect: 'target', ...wordsOf(finding, `forward "${name}": ${finding.evidence}`) }]
  })
  return [...together(faults), ...forwards.flatMap(ofPorts)]
}

function ofPorts({ forward, hasNamespace, wrongPorts = [], namespace, contextName }: ForwardFacts): readonly Fault[] {
  if (hasNamespace === false) return []
  const { name, target } = forward
  const what = target.kind === 'service' ? `service ${target.name}` : 'pods'
  return wrongPorts.map(({ index, failure }) => ({
    forward: name,
    aspect: { port: index, end: 'remote' },
    code: failure.code,
    message: `forward "${name}": ${failure.message}`,
    fix: fixOf(failure, `see: kubectl describe ${what} ${whereText({ namespace, context: contextName })}`),
    trouble: failure.class,
  }))
}

/** What is the same for many forwards, a right or a namespace that is missing, is said at the first of them. */
function together(faults: readonly Fault[]): readonly Fault[] {
  const groups = Map.groupBy(faults, ({ code, message }) => `${code} ${message}`)
  return [...groups.values()].flatMap((same) => {
    const [first, ...rest] = same
    if (first === undefined) return []
    return [rest.length === 0 ? first : { ...first, message: `${first.message} (needed by ${namesText(same.map(({ forward }) => forward))})` }]
  })
}

function namesText(names: readonly string[]): string {
  const rest = names.length - NAMES
  return rest > 1 ? `${names.slice(0, NAMES).join(', ')} and ${rest} more` : names.join(', ')
}

function wordsOf({ code = 'KPF_CLUSTER_ERROR', fix, trouble = 'config' }: Finding, message: string): Omit<Fault, 'forward' | 'aspect'> {
  return { code, message, fix: fix ?? `see: kpf explain ${code}`, trouble }
}

function fixOf({ hint }: Failure, fix: string): string {
  return hint === undefined ? fix : `${hint}; ${fix}`
}

/** The first of each that have a key in common. */
function firsts<T>(all: readonly T[], keyOf: (one: T) => unknown): readonly T[] {
  const seen = new Set<unknown>()
  return all.filter((one) => {
    const key = keyOf(one)
    const isNews = !seen.has(key)
    seen.add(key)
    return isNews
  })
}
