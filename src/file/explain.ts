/** Where a value of a project comes from: its file, its place, and the layer that decided. Pure. */
import { type Located, placeOf, type Step } from './document.ts'
import type { Unit } from './gather.ts'
import { unmarked } from './veil.ts'
import { isPlain, plainOr, valueAt } from './plain.ts'

/** One value, and why it is so. */
export interface Explanation {
  /** `forwards.api.namespace` */
  readonly path: string
  /** As the file has it, its variables filled in, but not in a free text; undefined when no file says it. */
  readonly value: unknown
  /** Which layer decided: the forward itself, `defaults`, the top level, an including file. */
  readonly layer: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** Variables that are in it. */
  readonly variables: readonly string[]
}

/** Fields that a forward may have from the top level. */
const SHARED = ['context', 'cluster', 'kubeconfig', 'namespace']

/** Explains a value, or every value below it. An empty list: nothing of that name is there. */
export function explain(units: readonly Unit[], path: string): readonly Explanation[] {
  const [first, name, ...rest] = path.split('.')
  if (first !== 'forwards' || name === undefined) return below(units[0]?.located, steps(path), 'top level')
  const unit = units.find(
    ({ located, prefix }) => name.startsWith(prefix) && plainOr(plainOr(located.value)['forwards'])[name.slice(prefix.length)] !== undefined,
  )
  if (unit === undefined) return []
  const own = ['forwards', name.slice(unit.prefix.length)]
  const raw = valueAt(unit.located.value, own)
  const shown = (found: readonly Explanation[]): readonly Explanation[] =>
    found.map((one) => ({ ...one, path: one.path.replace(own.join('.'), `forwards.${name}`) }))
  const inner = steps(rest.join('.'))
  // A line is one value, whatever part of it is asked for.
  const direct = shown(below(unit.located, typeof raw === 'string' ? own : [...own, ...inner], 'forward'))
  if (inner.length === 0) return [...direct, ...shared(unit, name, isPlain(raw) ? Object.keys(raw) : [])]
  if (direct.length > 0 && (typeof raw !== 'string' || !SHARED.includes(String(inner[0])) || saysOnLine(raw, String(inner[0])))) return direct
  const found = inherited(unit, inner)
  if (found.length > 0) return found.map((one) => ({ ...one, path: `forwards.${name}.${rest.join('.')}` }))
  return direct.length > 0 && typeof raw === 'string' ? direct : [{ path, value: undefined, layer: 'built-in', variables: [] }]
}

/** What `defaults` and the top level say of the fields that the forward leaves open. */
function shared(unit: Unit, name: string, own: readonly string[]): readonly Explanation[] {
  const fields = new Set([...Object.keys(plainOr(plainOr(unit.located.value)['defaults'])), ...SHARED])
  return [...fields]
    .filter((field) => !own.includes(field) && !field.startsWith('x-'))
    .flatMap((field) => inherited(unit, [field]).map((one) => ({ ...one, path: one.path.replace(/^(defaults\.)?/, `forwards.${name}.`) })))
}

function inherited({ located, outer }: Unit, path: readonly Step[]): readonly Explanation[] {
  const defaults = below(located, ['defaults', ...path], 'defaults')
  if (defaults.length > 0 || !SHARED.includes(String(path[0]))) return defaults
  const top = below(located, path, 'top level')
  const value = valueAt(outer, path)
  return top.length > 0 || value === undefined ? top : [{ path: path.join('.'), value, layer: 'including file', variables: [] }]
}

function below(located: Located | undefined, path: readonly Step[], layer: string): readonly Explanation[] {
  const value = located && valueAt(located.value, path)
  if (located === undefined || value === undefined) return []
  if (isPlain(value))
    return Object.keys(value)
      .filter((key) => !key.startsWith('x-'))
      .flatMap((key) => below(located, [...path, key], layer))
  if (Array.isArray(value)) return value.flatMap((_entry, index) => below(located, [...path, index], layer))
  const { source, value: offset, filled } = placeOf(located, path)
  const shown = filled?.shown === undefined ? value : unmarked(filled.shown)
  return [{ path: path.join('.'), value: shown, layer, file: source.file, ...source.position(offset), variables: filled?.used ?? [] }]
}

function saysOnLine(line: string, field: string): boolean {
  return { namespace: /(^|\s)(-n|--namespace)/, context: /(^|\s)--context/, cluster: /(^|\s)--cluster/ }[field]?.test(line) ?? false
}

function steps(path: string): readonly Step[] {
  return path === '' ? [] : path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}
