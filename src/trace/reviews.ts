/**
 * Asks the API server who we are and what we may do. Nothing of it is kept there.
 *
 * Source: kubernetes.io/docs/reference/access-authn-authz/authorization (checking API
 * access) and authentication (self subject review; v1 since 1.28).
 */
import type { Cluster } from '../cluster/cluster-api.ts'
import { isRecord, record } from '../cluster/kube-object.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { Permission } from './permissions.ts'

/** Who the server takes us for. */
export interface Self {
  readonly kind: 'self'
  readonly user: string
  readonly groups: readonly string[]
}

/** Who am I? */
export async function reviewSelf(cluster: Cluster, signal: AbortSignal): Promise<Self | Failure> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const answer = await cluster.request({ method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', body, signal })
  if (answer.kind === 'failure') return answer
  const user = record(record(answer.value['status'])['userInfo'])
  const groups = Array.isArray(user['groups']) ? user['groups'].map((group) => escapeForeign(String(group))) : []
  return { kind: 'self', user: escapeForeign(String(user['username'] ?? '')), groups }
}

/** What is asked about one permission. */
export interface AccessQuestion {
  readonly permission: Permission
  readonly namespace: string
  readonly signal: AbortSignal
}

/** May I? */
export async function reviewAccess(
  cluster: Cluster,
  { permission, namespace, signal }: AccessQuestion,
): Promise<{ readonly kind: 'allowed' | 'denied' } | Failure> {
  const { verb, group, resource, subresource, name } = permission
  const resourceAttributes = { namespace, verb, group, resource, ...(subresource !== undefined && { subresource }), ...(name !== undefined && { name }) }
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } }
  const answer = await cluster.request({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body, signal })
  if (answer.kind === 'failure') return answer
  const status = answer.value['status']
  return { kind: isRecord(status) && status['allowed'] === true ? 'allowed' : 'denied' }
}
