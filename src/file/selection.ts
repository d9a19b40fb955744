/** Which forwards of a file are started. Pure. */
import { isPlain, listOr, type Plain, plainOr } from './plain.ts'

/** What was asked for beside the file. */
export interface Selection {
  /** Forwards by name; all when none is named. Naming one starts it whatever its file says. */
  readonly names: readonly string[]
  /** Profiles that are on. */
  readonly profiles: readonly string[]
}

/** Everything that the file itself starts. */
export const everything: Selection = { names: [], profiles: [] }

/** Whether a forward is started: `name` as it is called in the project, `key` as in its file. */
export function isStarted(top: Plain, { key, name }: { key: string; name: string }, { names, profiles }: Selection): boolean {
  if (names.length > 0) return names.includes(name)
  const raw = plainOr(top['forwards'])[key]
  const own = plainOr(raw)
  const enabled = own['enabled'] ?? plainOr(top['defaults'])['enabled']
  return enabled !== false && isOn(own['profiles'], profiles)
}

/** Whether something that may name profiles is on: without any it always is, and `*` turns all on. */
export function isOn(its: unknown, profiles: readonly string[]): boolean {
  const list = listOr(its)
  return list.length === 0 || profiles.includes('*') || list.some((name) => typeof name === 'string' && profiles.includes(name))
}

/** Every profile that forwards of a file name. */
export function profilesIn(top: Plain): readonly string[] {
  const lists = Object.values(plainOr(top['forwards'])).map((raw) => (isPlain(raw) ? listOr(raw['profiles']) : []))
  return [...new Set(lists.flat().filter((name) => typeof name === 'string'))]
}
