/**
 * The RBAC rule that a request needs, as it would stand in a Role. Pure.
 *
 * Source: kubernetes.io/docs/reference/access-authn-authz/authorization (determine the
 * request verb), and apiserver's pkg/endpoints/request/requestinfo.go for the paths.
 */

/** `{ apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] } in namespace "shop"`, and how to check it. */
export function ruleFor(method: 'GET' | 'POST', path: string): string {
  const steps = path
    .replace(/\?.*$/, '')
    .split('/')
    .slice(1)
    .map((step) => decoded(step))
  const [root, ...rest] = steps
  const [group, below] = root === 'api' ? ['', rest.slice(1)] : [rest[0] ?? '', rest.slice(2)]
  const isInside = below[0] === 'namespaces' && below.length > 2
  const namespace = isInside ? below[1] : undefined
  const [kind, name, subresource] = isInside ? below.slice(2) : below
  if ((root !== 'api' && root !== 'apis') || kind === undefined || kind === '')
    return `{ nonResourceURLs: [${JSON.stringify(`/${steps.join('/')}`)}], verbs: ["${method.toLowerCase()}"] }, of a ClusterRole`
  const resource = [kind, subresource].filter((step) => step !== undefined).join('/')
  // Whoever lists also wants to hear of changes.
  const verbs = method === 'POST' ? ['create'] : name === undefined ? ['list', 'watch'] : ['get']
  const where = namespace === undefined ? 'in a ClusterRole' : `in namespace "${namespace}"`
  const check = `kubectl auth can-i ${verbs[0]} ${group === '' ? kind : `${kind}.${group}`}${subresource === undefined ? '' : ` --subresource=${subresource}`}`
  const rule = `{ apiGroups: ${JSON.stringify([group])}, resources: ${JSON.stringify([resource])}, verbs: [${verbs.map((verb) => `"${verb}"`).join(', ')}] }`
  return `${rule} ${where}; check: ${check}${namespace === undefined ? '' : ` -n ${namespace}`}`
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}
