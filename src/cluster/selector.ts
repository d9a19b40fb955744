/**
 * Label selectors: kubectl's text and the API's objects, matched against labels. Pure.
 * Source: kubernetes.io/docs/concepts/overview/working-with-objects/labels.
 */

import { isRecord } from './kube-object.ts'

/** One requirement; all must hold. */
export interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}

/** Reads `app=web,tier!=cache,env in (a,b),!old`; what has no form is no requirement. */
export function parseSelector(text: string): readonly Requirement[] {
  return text.split(/,(?![^(]*\))/).flatMap((part): readonly Requirement[] => {
    const term = part.trim()
    const set = /^([^\s(]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term)
    if (set) return [{ key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values: (set[3] ?? '').split(',').map((value) => value.trim()) }]
    const equality = /^([^!=\s]+)\s*(!=|==|=)\s*(\S*)$/.exec(term)
    if (equality) return [{ key: equality[1] ?? '', operator: equality[2] === '!=' ? 'NotIn' : 'In', values: [equality[3] ?? ''] }]
    if (term.startsWith('!')) return [{ key: term.slice(1).trim(), operator: 'DoesNotExist', values: [] }]
    return term === '' ? [] : [{ key: term, operator: 'Exists', values: [] }]
  })
}

/** Reads a LabelSelector (`matchLabels`, `matchExpressions`) or a plain map of labels. */
export function readSelector(selector: unknown, isPlainMap: boolean): readonly Requirement[] {
  if (!isRecord(selector)) return []
  if (isPlainMap) return equalities(selector)
  const expressions: readonly unknown[] = Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'] : []
  return [
    ...equalities(isRecord(selector['matchLabels']) ? selector['matchLabels'] : {}),
    ...expressions.filter(isRecord).flatMap((expression): readonly Requirement[] => {
      const operator = (['In', 'NotIn', 'Exists', 'DoesNotExist'] as const).find((known) => known === expression['operator'])
      const values: readonly unknown[] = Array.isArray(expression['values']) ? expression['values'] : []
      return operator === undefined ? [] : [{ key: String(expression['key']), operator, values: values.map(String) }]
    }),
  ]
}

/** Whether labels fulfil all requirements; an empty selector selects nothing here. */
export function matches(requirements: readonly Requirement[], labels: unknown): boolean {
  const own = isRecord(labels) ? labels : {}
  return requirements.length > 0 && requirements.every((requirement) => holds(requirement, own[requirement.key]))
}

function holds({ operator, values }: Requirement, label: unknown): boolean {
  const isThere = typeof label === 'string'
  switch (operator) {
    case 'In':
      return isThere && values.includes(label)
    case 'NotIn':
      return !isThere || !values.includes(label)
    case 'Exists':
      return isThere
    case 'DoesNotExist':
      return !isThere
  }
}

function equalities(map: Record<string, unknown>): readonly Requirement[] {
  return Object.entries(map).map(([key, value]) => ({ key, operator: 'In', values: [String(value)] }))
}
