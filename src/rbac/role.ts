/**
 * The Role and RoleBinding of one namespace, as objects and as commented YAML. Pure.
 * Source: rbac.authorization.k8s.io/v1.
 */
import { escapeForeign } from '../tunnel/escape.ts'
import { type ExplainedRule, type Need, type Rule, rulesFor } from './needs.ts'

/** Who gets the Role. */
export type Subject =
  | { readonly kind: 'User' | 'Group'; readonly name: string; readonly apiGroup: 'rbac.authorization.k8s.io' }
  | { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string }

/** All that is granted in one namespace of one cluster. */
export interface Grant {
  /** Of the Role and of its RoleBinding. */
  readonly name: string
  readonly namespace: string
  readonly subject: Subject
  readonly needs: readonly Need[]
  /** Said before it, a line each: which cluster it is for, and what was guessed. */
  readonly notes: readonly string[]
}

/** What stands for a subject that nobody could tell. */
export const PLACEHOLDER = 'REPLACE-ME'

/** Of so many forwards the names stand in a comment. */
const NAMES = 8

const API = 'rbac.authorization.k8s.io'

/** A user's or a group's subject; a service account is one, also by its user name. */
export function subjectOf(kind: 'User' | 'Group', name: string): Subject {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? []
  if (kind === 'User' && namespace !== undefined && account !== undefined) return { kind: 'ServiceAccount', name: account, namespace }
  return { kind, name, apiGroup: API }
}

/** For `kubectl apply -f -`: one List. */
export function grantsList(grants: readonly Grant[]): object {
  return { apiVersion: 'v1', kind: 'List', items: grants.flatMap(objectsOf) }
}

function objectsOf({ name, namespace, subject, needs }: Grant): readonly object[] {
  const head = (kind: string): object => ({ apiVersion: `${API}/v1`, kind, metadata: { name, namespace } })
  return [
    { ...head('Role'), rules: rulesFor(needs).map(({ rule }) => rule) },
    { ...head('RoleBinding'), subjects: [subject], roleRef: { apiGroup: API, kind: 'Role', name } },
  ]
}

/** For people, and for `kubectl apply -f -` as well. */
export function grantsText(grants: readonly Grant[]): string {
  return grants
    .flatMap((grant) => [...grant.notes.map((note) => `# ${escapeForeign(note, 1_000)}`), roleText(grant), '---', bindingText(grant), '---'])
    .slice(0, -1)
    .join('\n')
}

function roleText(grant: Grant): string {
  return [...headLines('Role', grant), 'rules:', ...rulesFor(grant.needs).flatMap(ruleLines)].join('\n')
}

function ruleLines({ rule, forwards, why }: ExplainedRule): readonly string[] {
  const { apiGroups, resources, resourceNames, verbs }: Rule = rule
  return [
    `  # ${shortened(forwards)}: ${why.join('; ')}`,
    `  - apiGroups: ${list(apiGroups)}`,
    `    resources: ${list(resources)}`,
    ...(resourceNames === undefined ? [] : [`    resourceNames: ${list(resourceNames)}`]),
    `    verbs: ${list(verbs)}`,
  ]
}

function shortened(names: readonly string[]): string {
  const rest = names.length - NAMES
  return rest > 1 ? `${names.slice(0, NAMES).join(', ')} and ${rest} more` : names.join(', ')
}

function bindingText(grant: Grant): string {
  const { name, subject } = grant
  const where = subject.kind === 'ServiceAccount' ? `namespace: ${text(subject.namespace)}` : `apiGroup: ${API}`
  const subjectLines = [`  - kind: ${subject.kind}`, `    name: ${text(subject.name)}`, `    ${where}`]
  return [...headLines('RoleBinding', grant), 'subjects:', ...subjectLines, 'roleRef:', `  apiGroup: ${API}`, '  kind: Role', `  name: ${text(name)}`].join(
    '\n',
  )
}

function headLines(kind: string, { name, namespace }: Grant): readonly string[] {
  return [`apiVersion: ${API}/v1`, `kind: ${kind}`, 'metadata:', `  name: ${text(name)}`, `  namespace: ${text(namespace)}`]
}

/** A JSON text is a YAML text; what stays bare is no number, no word of YAML's own. */
function text(value: string): string {
  return /^[a-z][a-z0-9-]*[a-z0-9]$/.test(value) && !/^(true|false|null|yes|no|on|off)$/.test(value) ? value : JSON.stringify(value)
}

function list(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(', ')}]`
}
