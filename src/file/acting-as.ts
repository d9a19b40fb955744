/**
 * Whom a forward acts as. Pure.
 *
 * `as` and `asGroups` belong together: whatever is nearest to the forward and has one of
 * them decides both, so that no user gets the groups that were meant for another.
 */
import type { Step } from './document.ts'
import type { ProblemSink } from './entry.ts'
import type { Access } from './forward.ts'
import { isPlain } from './plain.ts'

/** The first layer that says anything, as far as it can be used. */
export function actingAs(layers: readonly Record<string, unknown>[]): Pick<Access, 'as' | 'asGroups'> {
  const { as, asGroups } = layers.find((layer) => layer['as'] !== undefined || layer['asGroups'] !== undefined) ?? {}
  if (typeof as !== 'string') return {}
  return { as, ...(Array.isArray(asGroups) && { asGroups: asGroups.filter((group) => typeof group === 'string') }) }
}

/** Groups without a user are a mistake wherever they stand: the API server would refuse them. */
export function checkGroups(top: Record<string, unknown>, sink: ProblemSink): void {
  const inside = (key: string): readonly (readonly Step[])[] => Object.keys(isPlain(top[key]) ? top[key] : {}).map((name) => [key, name])
  for (const path of [['defaults'], ...inside('clusters'), ...inside('forwards')]) {
    const holder = path.reduce<unknown>((value, key) => (isPlain(value) ? value[key] : undefined), top)
    if (!isPlain(holder) || holder['asGroups'] === undefined || holder['as'] !== undefined) continue
    sink([...path, 'asGroups'], 'KPF_VALUE', '"asGroups" needs the user whose groups they are', { fix: 'add `as: USER`', key: true })
  }
}
