/** `svc/api`, `deploy/web-*`, a bare pod name: targets in kubectl's words. Pure. */
import type { TargetKind } from './forward.ts'

const kinds: Readonly<Record<string, TargetKind>> = {
  ...names('service', 'services', 'svc'),
  ...names('deployment', 'deployments', 'deploy', 'deployment.apps', 'deployments.apps'),
  ...names('statefulset', 'statefulsets', 'sts', 'statefulset.apps', 'statefulsets.apps'),
  ...names('daemonset', 'daemonsets', 'ds', 'daemonset.apps', 'daemonsets.apps'),
  ...names('replicaset', 'replicasets', 'rs', 'replicaset.apps', 'replicasets.apps'),
  ...names('job', 'jobs', 'job.batch', 'jobs.batch'),
  ...names('replicationcontroller', 'replicationcontrollers', 'rc'),
  ...names('pod', 'pods', 'po'),
}

/** All spellings, for suggestions. */
export const kindSpellings: readonly string[] = Object.keys(kinds)

/** The kind of a spelling, in any case. */
export function readKind(text: string): TargetKind | undefined {
  return Object.hasOwn(kinds, text.toLowerCase()) ? kinds[text.toLowerCase()] : undefined
}

/** `TYPE/NAME` or a pod's name; a name that is missing or more than one slash is none. */
export function splitTarget(text: string): { readonly kind: string; readonly name: string } | undefined {
  const parts = text.split('/')
  if (parts.length > 2) return undefined
  const [first = '', second] = parts
  return second === undefined ? { kind: 'pod', name: first } : { kind: first, name: second }
}

/** Whether a text can be an object's name (RFC 1123 subdomain), a trailing `*` aside. */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text)
}

function names(kind: TargetKind, ...more: readonly string[]): Record<string, TargetKind> {
  return Object.fromEntries([kind, ...more].map((spelling) => [spelling, kind]))
}
