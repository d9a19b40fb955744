import { expect, test } from 'vitest'
import { ruleFor } from '../../src/cluster/access-rule.ts'

test.each<['GET' | 'POST', string, string]>([
  [
    'GET',
    '/api/v1/namespaces/shop/pods?limit=1',
    '{ apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] } in namespace "shop"; check: kubectl auth can-i list pods -n shop',
  ],
  [
    'GET',
    '/apis/apps/v1/namespaces/shop/deployments/api',
    '{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] } in namespace "shop"; check: kubectl auth can-i get deployments.apps -n shop',
  ],
  [
    'POST',
    '/api/v1/namespaces/shop/pods/api-1/portforward',
    '{ apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"] } in namespace "shop"; check: kubectl auth can-i create pods --subresource=portforward -n shop',
  ],
  [
    'GET',
    '/api/v1/namespaces/shop',
    '{ apiGroups: [""], resources: ["namespaces"], verbs: ["get"] } in a ClusterRole; check: kubectl auth can-i get namespaces',
  ],
  ['GET', '/api/v1/nodes', '{ apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] } in a ClusterRole; check: kubectl auth can-i list nodes'],
  [
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    '{ apiGroups: ["authorization.k8s.io"], resources: ["selfsubjectaccessreviews"], verbs: ["create"] } in a ClusterRole; check: kubectl auth can-i create selfsubjectaccessreviews.authorization.k8s.io',
  ],
  ['GET', '/version', '{ nonResourceURLs: ["/version"], verbs: ["get"] }, of a ClusterRole'],
  ['GET', '/apis', '{ nonResourceURLs: ["/apis"], verbs: ["get"] }, of a ClusterRole'],
])('%s %s needs a rule', (method, path, expected) => {
  expect(ruleFor(method, path)).toBe(expected)
})
