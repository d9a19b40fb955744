/**
 * What forwards need in one namespace, as the fewest and narrowest rules. Pure.
 *
 * What one forward needs is `trace/permissions.ts`; here many become one Role.
 * Source: kubernetes.io/docs/reference/access-authn-authz/rbac (referring to resources):
 * a list or watch is held to `resourceNames` when it asks by the field `metadata.name`,
 * which is how kpf asks for what it knows by name.
 */
import type { Permission } from '../trace/permissions.ts'

/** A permission, and the forwards that need it. */
export interface Need {
  readonly permission: Permission
  readonly forwards: readonly string[]
}

/** A rule as it stands in a Role. */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** Absent: all objects of the namespace. */
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

/** A rule, who needs it and what for. */
export interface ExplainedRule {
  readonly rule: Rule
  readonly forwards: readonly string[]
  readonly why: readonly string[]
}

/** The same permission of several forwards is one need. */
export function gather(wanted: readonly { readonly forward: string; readonly permissions: readonly Permission[] }[]): readonly Need[] {
  const needs = new Map<string, { permission: Permission; forwards: string[] }>()
  for (const { forward, permissions } of wanted) {
    for (const permission of permissions) {
      const { verb, group, resource, subresource = '', name = '' } = permission
      const key = JSON.stringify([verb, group, resource, subresource, name])
      const need = needs.get(key) ?? { permission, forwards: [] }
      needs.set(key, need)
      if (!need.forwards.includes(forward)) need.forwards.push(forward)
    }
  }
  return [...needs.values()]
}

/** The rules: one for each resource, or one for each reach of its verbs where these differ. */
export function rulesFor(needs: readonly Need[]): readonly ExplainedRule[] {
  const rules = new Map<string, { verbs: Set<string>; names: readonly string[] | undefined; group: string; resource: string; of: Need[] }>()
  for (const [key, same] of byVerb(needs)) {
    const [group = '', resource = '', verb = ''] = key
    const names = namesOf(same)
    const id = JSON.stringify([group, resource, names])
    const rule = rules.get(id) ?? { verbs: new Set<string>(), names, group, resource, of: [] }
    rules.set(id, rule)
    rule.verbs.add(verb)
    rule.of.push(...same)
  }
  return [...rules.values()].map(({ verbs, names, group, resource, of }) => ({
    rule: { apiGroups: [group], resources: [resource], ...(names && { resourceNames: names }), verbs: [...verbs] },
    forwards: [...new Set(of.flatMap(({ forwards }) => forwards))],
    why: [...new Set(of.map(({ permission }) => permission.why))],
  }))
}

function byVerb(needs: readonly Need[]): readonly (readonly [readonly string[], readonly Need[]])[] {
  const groups = new Map<string, Need[]>()
  for (const need of needs) {
    const { verb, group, resource, subresource } = need.permission
    const key = JSON.stringify([group, subresource === undefined ? resource : `${resource}/${subresource}`, verb])
    groups.set(key, [...(groups.get(key) ?? []), need])
  }
  return [...groups].map(([key, same]) => [JSON.parse(key) as readonly string[], same])
}

/** All of the names, or none where one need is for every object: RBAC adds rules up. */
function namesOf(needs: readonly Need[]): readonly string[] | undefined {
  const names = needs.flatMap(({ permission: { name } }) => (name === undefined ? [] : [name]))
  return names.length < needs.length ? undefined : [...new Set(names)].toSorted()
}
