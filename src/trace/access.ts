/**
 * Who asks, and what for: the first request of a trace with everything on its way, then
 * the API server's own word on identity and rights.
 */
import type { Cluster } from '../cluster/cluster-api.ts'
import type { Target } from '../file/forward.ts'
import type { DialPhase, Transport } from '../tunnel/dialer.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { leavesNoWay, minorOf, type Permission, permissionsFor, permissionText } from './permissions.ts'
import { failedWay, phaseStep } from './phase-steps.ts'
import type { Recorder } from './recorder.ts'
import { reviewAccess, reviewSelf } from './reviews.ts'

/** What is asked about. */
export interface AccessParts {
  readonly cluster: Cluster
  readonly recorder: Recorder
  readonly isoTime: (ms: number) => string
  readonly namespace: string
  readonly target: Target
  /** What `kpf rbac` is asked for, to get the roles that are missing: `api`, `-n shop svc/api`. */
  readonly rbacWords: string
  readonly mode: 'auto' | Transport
  readonly signal: AbortSignal
}

/** The server's minor version where it says so, or that the way ended here. */
export async function traceAccess(parts: AccessParts): Promise<number | undefined | 'broken'> {
  const version = await traceVersion(parts)
  if (version === 'broken') return 'broken'
  if (!(await traceIdentity(parts))) return 'broken'
  await traceRights(parts, version)
  return version
}

async function traceVersion({ cluster, recorder, isoTime, signal }: AccessParts): Promise<number | undefined | 'broken'> {
  let sinceMs = recorder.atMs
  let last: DialPhase['kind'] | undefined
  const onPhase = (phase: DialPhase): void => {
    last = phase.kind
    if (phase.kind === 'answer') return
    if (phase.kind !== 'request') recorder.add({ ...phaseStep(phase, isoTime), section: 'access' }, sinceMs)
    sinceMs = recorder.atMs
  }
  const answer = await cluster.request({ method: 'GET', path: '/version', onPhase, signal })
  const step = { id: 'version', section: 'access', from: 'kpf', to: 'server', what: 'GET /version' } as const
  if (answer.kind === 'json') {
    const git = escapeForeign(String(answer.value['gitVersion'] ?? 'an unknown version'))
    recorder.add({ ...step, answer: git, facts: { version: git } }, sinceMs)
    return minorOf(answer.value)
  }
  // Whoever may not even ask for the version is told below what they may do.
  if (answer.code === 'KPF_FORBIDDEN') {
    recorder.add({ ...step, failure: answer, result: 'warned' }, sinceMs)
    return undefined
  }
  recorder.add({ ...failedWay(answer, last, step), section: 'access', failure: answer }, sinceMs)
  return 'broken'
}

async function traceIdentity({ cluster, recorder, signal }: AccessParts): Promise<boolean> {
  const sinceMs = recorder.atMs
  const self = await reviewSelf(cluster, signal)
  const step = { id: 'authentication', section: 'access', from: 'kpf', to: 'server', what: 'who am I? (SelfSubjectReview)' } as const
  if (self.kind === 'failure') {
    // Servers before 1.28 do not know the question; nobody is stopped by that.
    const isUnknown = self.code !== 'KPF_AUTH_REFUSED'
    recorder.add({ ...step, failure: self, ...(isUnknown && { result: 'warned' as const }) }, sinceMs)
    return isUnknown
  }
  recorder.add({ ...step, answer: self.user, facts: { user: self.user, groups: self.groups } }, sinceMs)
  return true
}

async function traceRights(parts: AccessParts, minor: number | undefined): Promise<void> {
  const { cluster, recorder, namespace, target, mode, signal } = parts
  const sinceMs = recorder.atMs
  const kind = { mode, minor }
  const needed = permissionsFor(target, kind)
  const reviews = await Promise.all(needed.map((permission) => reviewAccess(cluster, { permission, namespace, signal })))
  const step = { id: 'authorization', section: 'access', from: 'kpf', to: 'server', what: 'may I? (SelfSubjectAccessReview)' } as const
  const broken = reviews.find((review) => review.kind === 'failure')
  if (broken?.kind === 'failure') return recorder.add({ ...step, failure: broken, result: 'warned' }, sinceMs)
  const isAllowed = (index: number): boolean => reviews[index]?.kind === 'allowed'
  const words = needed.map((permission, index) => `${permissionText(permission)}: ${isAllowed(index) ? 'yes' : 'no'}`)
  const denied = needed.filter((_, index) => !isAllowed(index))
  const facts = { namespace, reviews: words }
  if (denied.length === 0) return recorder.add({ ...step, answer: `yes: ${summary(needed)}`, facts }, sinceMs)
  recorder.add(
    {
      ...step,
      answer: `no: ${summary(denied)}`,
      facts,
      failure: deniedFailure(denied, parts),
      ...(!leavesNoWay(denied, kind) && { result: 'warned' as const }),
    },
    sinceMs,
  )
}

/** `list and watch pods, create pods/portforward` */
function summary(permissions: readonly Permission[]): string {
  const byResource = new Map<string, string[]>()
  for (const { verb, resource, subresource } of permissions) {
    const what = subresource === undefined ? resource : `${resource}/${subresource}`
    byResource.set(what, [...(byResource.get(what) ?? []), verb])
  }
  return [...byResource].map(([what, verbs]) => `${verbs.join(' and ')} ${what}`).join(', ')
}

function deniedFailure(denied: readonly Permission[], { namespace, rbacWords }: AccessParts): Failure {
  return failure('KPF_FORBIDDEN', `not allowed in namespace "${namespace}": ${summary(denied)}`, { hint: `ask for this role: kpf rbac ${rbacWords}` })
}
