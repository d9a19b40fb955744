/** Which forwards of a file are started. Pure. */
import type { Unit } from './gather.ts'
import { isPlain, listOr, plainOr } from './plain.ts'

/** What was asked for beside the file. */
export interface Selection {
  /** Forwards by name; all when none is named. Naming one starts it whatever its file says. */
  readonly names: readonly string[]
  /** The names alone, without what they depend on: none of them waits for one that is not named. */
  readonly isWithoutNeeds?: boolean
  /** Profiles that are on. */
  readonly profiles: readonly string[]
}

/** Everything that the file itself starts. */
export const everything: Selection = { names: [], profiles: [] }

/** Whether a forward is started; `key` is its name in its file. */
export function isStarted({ located, prefix, profiles: lists }: Unit, key: string, { names, profiles }: Selection): boolean {
  if (names.length > 0) return names.includes(`${prefix}${key}`)
  const top = plainOr(located.value)
  const own = plainOr(plainOr(top['forwards'])[key])
  const enabled = own['enabled'] ?? plainOr(top['defaults'])['enabled']
  return enabled !== false && isOn(own['profiles'], profiles) && lists.every((list) => isOn(list, profiles))
}

/** Whether something that may name profiles is on: without any it always is, and `*` turns all on. */
export function isOn(its: unknown, profiles: readonly string[]): boolean {
  const list = listOr(its)
  return list.length === 0 || profiles.includes('*') || list.some((name) => typeof name === 'string' && profiles.includes(name))
}

/** Every profile that files name. */
export function profilesOf(units: readonly Unit[]): readonly string[] {
  const lists = units.flatMap(({ located, profiles }) => [
    ...profiles,
    ...Object.values(plainOr(plainOr(located.value)['forwards'])).map((raw) => (isPlain(raw) ? listOr(raw['profiles']) : [])),
  ])
  return [...new Set(lists.flat().filter((name) => typeof name === 'string'))].toSorted()
}
