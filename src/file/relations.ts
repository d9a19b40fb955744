/** What forwards say of each other: what they depend on, and what is exported of them. Pure. */
import { type Located, placeOf, type Step } from './document.ts'
import type { Resolved } from './endpoints.ts'
import type { ProblemSink } from './entry.ts'
import type { Forward } from './forward.ts'
import type { Unit } from './gather.ts'
import { listOr, type Plain, plainOr } from './plain.ts'
import { printable } from './printable.ts'
import { type Part, partsOf, referenceProblem, templateOf } from './references.ts'

/** A name of a file as the project knows it: its own forwards come first. */
export function qualified(name: string, { prefix, located }: Pick<Unit, 'prefix' | 'located'>): string {
  return plainOr(plainOr(located.value)['forwards'])[name] === undefined ? name : `${prefix}${name}`
}

/** Names with all that they depend on, however far. */
export function withDependencies(units: readonly Unit[], names: readonly string[]): readonly string[] {
  const needs = new Map<string, readonly string[]>()
  for (const unit of units)
    for (const [key, raw] of Object.entries(plainOr(plainOr(unit.located.value)['forwards'])))
      needs.set(
        `${unit.prefix}${key}`,
        listOr(plainOr(raw)['dependsOn'])
          .filter((name) => typeof name === 'string')
          .map((name) => qualified(name, unit)),
      )
  const found = new Set(names)
  // A set that grows while it is walked is walked to its end.
  for (const name of found) for (const other of needs.get(name) ?? []) found.add(other)
  return [...found]
}

/** Tells names that nobody has, circles, and what waits for something that is not started. */
export function checkDependencies(resolved: readonly Resolved[]): void {
  const byName = new Map(resolved.map((one) => [one.forward.name, one]))
  for (const one of resolved) {
    const { dependsOn = [], name, enabled } = one.forward
    for (const [index, other] of dependsOn.entries()) {
      const path = [...one.path, 'dependsOn', index]
      const needed = byName.get(other)
      const shown = printable(other)
      if (needed === undefined) one.sink(path, 'KPF_DEPENDS_ON', `no forward "${shown}" is in the project`, { fix: 'correct the name, or remove it' })
      else if (other === name) one.sink(path, 'KPF_DEPENDS_ON', `forward "${name}" depends on itself`, { fix: 'remove it' })
      else if (enabled && !needed.forward.enabled)
        one.sink(path, 'KPF_DEPENDS_ON', `forward "${name}" would wait for ever: "${shown}" is not started`, { fix: 'start that too, or remove it' })
    }
  }
  tellCircles(byName)
}

/** Each circle once, at the first of its forwards in the file. */
function tellCircles(byName: ReadonlyMap<string, Resolved>): void {
  const done = new Set<string>()
  for (const start of byName.keys()) {
    const way: string[] = []
    const stack: { name: string; depth: number }[] = [{ name: start, depth: 0 }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      way.length = next.depth
      const at = way.indexOf(next.name)
      if (at !== -1 && way.length - at > 1) {
        const first = byName.get(way[at] ?? '')
        const text = [...way.slice(at), next.name].map((name) => `${name} (${lineOf(byName.get(name)?.forward)})`).join(' -> ')
        first?.sink([...first.path, 'dependsOn'], 'KPF_DEPENDS_ON', `forwards wait for each other: ${text}`, { key: true, fix: 'remove one of these' })
      }
      if (done.has(next.name)) continue
      done.add(next.name)
      way.push(next.name)
      for (const other of byName.get(next.name)?.forward.dependsOn ?? []) stack.push({ name: other, depth: way.length })
    }
  }
}

function lineOf(forward: Forward | undefined): string {
  return forward === undefined ? '?' : `line ${forward.position.line}`
}

/** The texts of a map of templates, with the names of the project in them; what they refer to has to be there. */
export function templatesIn(
  map: unknown,
  path: readonly Step[],
  { unit, forwards, sink, shown }: { unit: Unit; forwards: readonly Forward[]; sink: ProblemSink; shown: Map<string, string> },
): Readonly<Record<string, string>> {
  const entries = Object.entries(plainOr(map)).flatMap(([key, template]): readonly (readonly [string, string])[] => {
    if (typeof template !== 'string' || key.startsWith('x-')) return []
    const qualify = (text: string): readonly Part[] =>
      partsOf(text).map((part) => (part.kind === 'text' ? part : { ...part, forward: qualified(part.forward, unit) }))
    const parts = qualify(template)
    const marked = placeOf(unit.located, [...path, key]).filled?.shown
    if (marked !== undefined) shown.set(templateOf(parts), templateOf(qualify(marked)))
    for (const part of parts) {
      const wrong = part.kind === 'reference' ? referenceProblem(part, forwards) : undefined
      if (wrong && part.kind === 'reference') sink([...path, key], 'KPF_REFERENCE', wrong.message, { inside: part.at, fix: wrong.fix })
    }
    return [[key, templateOf(parts)]]
  })
  return Object.fromEntries(entries)
}

/** What all files export; two that have a name are a problem. */
export function exportsIn(
  units: readonly Unit[],
  forwards: readonly Forward[],
  { sinkOf, shown }: { sinkOf: (located: Located) => ProblemSink; shown: Map<string, string> },
): Readonly<Record<string, string>> {
  const all = new Map<string, string>()
  for (const unit of units) {
    const sink = sinkOf(unit.located)
    const top: Plain = plainOr(unit.located.value)
    for (const [name, template] of Object.entries(templatesIn(top['exports'], ['exports'], { unit, forwards, sink, shown }))) {
      if (all.has(name)) sink(['exports', name], 'KPF_NAME', `"${name}" is exported by another file too`, { key: true, fix: 'rename one of them' })
      all.set(name, template)
    }
  }
  return Object.fromEntries(all)
}
