/** Where objects of a kind are, at the API server. Pure. Source: kubernetes.io/docs/reference/using-api/api-concepts. */
import type { ObjectKind } from './picture.ts'

const resources: Readonly<Record<ObjectKind | 'endpointslice', readonly [string, string]>> = {
  service: ['/api/v1', 'services'],
  pod: ['/api/v1', 'pods'],
  replicationcontroller: ['/api/v1', 'replicationcontrollers'],
  deployment: ['/apis/apps/v1', 'deployments'],
  statefulset: ['/apis/apps/v1', 'statefulsets'],
  daemonset: ['/apis/apps/v1', 'daemonsets'],
  replicaset: ['/apis/apps/v1', 'replicasets'],
  job: ['/apis/batch/v1', 'jobs'],
  endpointslice: ['/apis/discovery.k8s.io/v1', 'endpointslices'],
}

/** The resource's name, and the path of all its objects in a namespace. */
export function resourceOf(kind: ObjectKind | 'endpointslice', namespace: string): { readonly plural: string; readonly path: string } {
  const [group, plural] = resources[kind]
  return { plural, path: `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}` }
}
