/** What the cluster's answers mean for each forward: object, pods, port, permissions. Pure. */
import { whereText } from '../cluster/kubectl-words.ts'
import type { Picked } from '../cluster/pick.ts'
import { roleCommand, roleWords, withRoleHint } from '../cluster/role-hint.ts'
import type { Target } from '../file/forward.ts'
import { leavesNoWay, permissionText } from '../trace/permissions.ts'
import type { ForwardFacts } from './facts.ts'
import { failed, type Finding } from './finding.ts'

/** All findings about the forwards. */
export function forwardFindings(forwards: readonly ForwardFacts[]): readonly Finding[] {
  const asking = forwards.filter((facts) => isDenied(facts) || (facts.picked?.kind === 'failure' && facts.picked.class === 'rbac'))
  // One Role for all that lack something: what one forward needs is not enough for the next.
  const [only] = asking.length === 1 ? asking : []
  const words = only && roleWords(only.forward, { context: only.contextName, namespace: only.namespace })
  return forwards.flatMap((facts) => {
    if (!facts.isReached) return [{ ...about('target', facts), severity: 'note', evidence: 'not looked at: its cluster cannot be asked' }]
    return [...target(facts, words), ...permissions(facts, roleCommand(words))]
  })
}

function about(id: string, { forward }: ForwardFacts): { readonly id: string; readonly section: 'forward'; readonly about: string } {
  return { id, section: 'forward', about: forward.name }
}

function target(facts: ForwardFacts, words: string | undefined): readonly Finding[] {
  const { namespace, hasNamespace, picked, contextName } = facts
  const common = about('target', facts)
  const where = whereText({ namespace, context: contextName })
  if (hasNamespace === false) {
    const evidence = `namespace "${namespace}" does not exist`
    const fix = `see: kubectl get namespaces --context ${contextName}; make it: kubectl create namespace ${namespace} --context ${contextName}`
    return [{ ...common, severity: 'error', evidence, code: 'KPF_OBJECT_MISSING', trouble: 'resolve', fix }]
  }
  switch (picked?.kind) {
    case undefined:
      return []
    case 'failure':
      // What is not allowed is told with the other permissions, where the server tells it.
      return picked.class === 'rbac' && isDenied(facts) ? [] : [failed(withRoleHint(picked, words), common, advice(picked.code, facts, where))]
    case 'no-pod':
      return [
        { ...common, severity: 'error', evidence: picked.reason, code: 'KPF_NO_POD', trouble: 'resolve', fix: picked.hint ?? `see: kubectl get pods ${where}` },
      ]
    case 'backend':
      return [{ ...common, severity: 'ok', evidence: [`pod ${picked.pod.name}`, ...portTexts(picked)].join(', ') }, ...undeclared(picked, facts)]
  }
}

/** A port that no container names may be right, and is the usual sign of a wrong number. */
function undeclared({ pod, ports, declared }: Extract<Picked, { readonly kind: 'backend' }>, facts: ForwardFacts): readonly Finding[] {
  const known = new Set(declared.map(({ port }) => port))
  const strangers = [...ports.values()].filter((port) => !known.has(port))
  if (strangers.length === 0 || known.size === 0) return []
  const names = declared.map(({ name, port }) => (name === undefined ? `${port}` : `${port} (${name})`)).join(', ')
  const evidence = `no container of pod ${pod.name} declares port ${strangers.join(', ')}; declared: ${names}`
  return [{ ...about('target', facts), severity: 'note', evidence, fix: `see whether something listens there: kpf trace ${facts.forward.name}` }]
}

function isDenied({ permissions: asked }: ForwardFacts): boolean {
  return asked.some(({ isAllowed }) => isAllowed === false)
}

function portTexts({ ports }: Extract<Picked, { readonly kind: 'backend' }>): readonly string[] {
  return [...ports].map(([remote, port]) => (remote === port ? `port ${port}` : `port ${remote} is ${port}`))
}

function advice(code: string, { forward }: ForwardFacts, where: string): string | undefined {
  const named = nameOf(forward.target)
  switch (code) {
    // It says what is near, and how to see the others.
    case 'KPF_OBJECT_MISSING':
      return undefined
    case 'KPF_PORT_UNKNOWN':
    case 'KPF_NO_SELECTOR':
      return `see: kubectl describe ${forward.target.kind === 'service' ? `service ${named ?? ''}` : 'pods'} ${where}`
    default:
      return `see: kubectl get pods ${where}; kpf explain ${code}`
  }
}

function nameOf(target: Target): string | undefined {
  return 'name' in target ? target.name : undefined
}

function permissions(facts: ForwardFacts, roleFor: string): readonly Finding[] {
  const common = about('permissions', facts)
  const denied = facts.permissions.filter(({ isAllowed }) => isAllowed === false).map(({ permission }) => permission)
  const unknown = facts.permissions.filter(({ isAllowed }) => isAllowed === undefined)
  if (facts.permissions.length > 0 && denied.length === 0) {
    if (unknown.length > 0) return [{ ...common, severity: 'note', evidence: 'the server does not say what the user may do' }]
    return [{ ...common, severity: 'ok', evidence: `the user may do all ${facts.permissions.length} things that it needs` }]
  }
  if (denied.length === 0) return []
  const evidence = `in namespace "${facts.namespace}" the user may not ${denied.map(permissionText).join(', ')}`
  const fix = `send the Role that this prints to whoever may grant it: ${roleFor}`
  const isShut = leavesNoWay(denied, { mode: facts.forward.transport.mode, minor: facts.minor })
  return [{ ...common, severity: isShut ? 'error' : 'warning', evidence, code: 'KPF_FORBIDDEN', fix, ...(isShut && { trouble: 'rbac' as const }) }]
}
