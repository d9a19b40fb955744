/** What stands at the ends of the file's language: texts, numbers, durations, as zod schemas. Pure. */
import * as z from 'zod/mini'

// Beside the schemas: `check` copies one, as `describe` and `meta` do, and each copy costs a start some 20 µs.
export const meanings = z.globalRegistry

// Digits are few enough that every sum stays below the 24 days that a timer can hold.
const DURATION = /^(?=\d)(\d{1,2}h)?(\d{1,4}m(?!s))?(\d{1,5}(\.\d{1,3})?s)?(\d{1,8}ms)?$/
const SOME_TIME = DURATION.source.replace('^', '^(?=.*[1-9])')
const FROM_1024 = '(102[4-9]|10[3-9]\\d|1[1-9]\\d{2}|[2-9]\\d{3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
/** `FIRST-LAST`, as a pattern. */
export const PORT_RANGE = `^${FROM_1024}-${FROM_1024}$`
/** How names are written, here and in Kubernetes. */
export const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

// What stands in few files is made for those: each costs a start some 30 µs.
export const duration = once(() =>
  pattern(DURATION, 'write a duration with its unit: 500ms, 10s, 5m, 1h30m, at most 99h').register(meanings, {
    description: 'A duration with its unit: `500ms`, `10s`, `5m`, `1h30m`.',
    examples: ['500ms', '10s', '5m'],
  }),
)
/** Where nothing at all would be a busy loop, or would never succeed. */
export const someTime = once(() =>
  pattern(new RegExp(SOME_TIME), 'write a duration above zero with its unit: 500ms, 10s, 5m, 1h30m, at most 99h').register(meanings, {
    description: 'A duration above zero with its unit: `500ms`, `10s`, `5m`, `1h30m`.',
    examples: ['500ms', '10s', '5m'],
  }),
)
export const label = pattern(LABEL, 'use lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit')
export const shortLabel = once(() => pattern(/^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/, 'use lower-case letters, digits and "-", at most 15'))
export const text = z.string().check(z.minLength(1, 'write at least one character'))
/** The name of a user or a group: it travels in a header. */
export const identity = once(() => pattern(/^\P{Cc}+$/u, 'write a name; control characters cannot be part of it'))
export const variableName = once(() => pattern(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use letters, digits and "_", beginning with a letter or "_"'))
export const count = (max: number): z.ZodMiniNumber<number> => whole(max, 'write a whole number')

export const portNumber = once(() => whole(65_535, 'write a whole number from 1 to 65535'))
export const remotePort = once(() =>
  z.union([
    portNumber(),
    pattern(/^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/, 'write a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and "-"'),
  ]),
)

/** A text of some form, and what to write when it has another. */
export function pattern(form: RegExp, fix: string): z.ZodMiniString<string> {
  return z.string().check(z.regex(form, fix))
}

/** A number with its bounds, and what to write when it is beyond them. */
export function between(least: number, most: number): z.ZodMiniNumber<number> {
  const fix = `write a number from ${least} to ${most}`
  return z.number().check(z.minimum(least, fix), z.maximum(most, fix))
}

/** A whole number from 1 on. */
function whole(max: number, fix: string): z.ZodMiniNumber<number> {
  const outside = `write a number from 1 to ${max}`
  return z.number().check(z.int(fix), z.minimum(1, outside), z.maximum(max, outside))
}

/** A list that holds something, and what to write when it does not or is too long: `address`, `addresses`. */
export function list<T extends z.core.SomeType>(entry: T, most: number, [one, many]: readonly [string, string]): z.ZodMiniArray<T> {
  return z.array(entry).check(z.minLength(1, `name at least one ${one}`), z.maxLength(most, `name at most ${most} ${many}`))
}

/** A field that may be left out, and its meaning. */
export function optional<T extends z.core.SomeType>(schema: T, description: string, examples?: readonly unknown[]): z.ZodMiniOptional<T> {
  const field = z.optional(schema)
  meanings.add(field, examples === undefined ? { description } : { description, examples })
  return field
}

/** Made when it is first asked for, and then the same. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
