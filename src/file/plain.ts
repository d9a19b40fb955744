/** Maps, lists and scalars, as they come out of a file: looked at, looked up, copied. Pure. */
import type { Step } from './document.ts'

/** A map of the file. */
export type Plain = Record<string, unknown>

/** Whether a value is a map of the file. */
export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value, when it is a map; else one without keys. */
export function plainOr(value: unknown): Plain {
  return isPlain(value) ? value : {}
}

/** The value, when it is a list; else an empty one. */
export function listOr(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value at a path. */
export function valueAt(value: unknown, path: readonly Step[]): unknown {
  let current = value
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)]
    else if (isPlain(current)) current = current[part]
    else return undefined
  }
  return current
}

/** A value of its own, which may be written to. Maps have no prototype: a key of the file can mean nothing else. */
export function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied)
  if (!isPlain(value)) return value
  const copy: Plain = Object.create(null)
  for (const [key, inner] of Object.entries(value)) copy[key] = copied(inner)
  return copy
}

/** Writes into a value of one's own. */
export function setAt(value: unknown, path: readonly Step[], next: unknown): void {
  const holder = valueAt(value, path.slice(0, -1))
  const last = path.at(-1)
  if (last === undefined) return
  if (Array.isArray(holder)) holder[Number(last)] = next
  else if (isPlain(holder)) holder[last] = next
}
