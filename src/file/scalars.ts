/** What stands at the ends of the file's language: texts, numbers, durations, as zod schemas. Pure. */
import * as z from 'zod'

// `describe` and `meta` copy a schema, as `min` and `max` do; each copy costs a start some 20 µs.
export const meanings = z.globalRegistry

// Digits are few enough that every sum stays below the 24 days that a timer can hold.
const DURATION = /^(?=\d)(\d{1,2}h)?(\d{1,4}m(?!s))?(\d{1,5}(\.\d{1,3})?s)?(\d{1,8}ms)?$/
const SOME_TIME = new RegExp(DURATION.source.replace('^', '^(?=.*[1-9])'))
const FROM_1024 = '(102[4-9]|10[3-9]\\d|1[1-9]\\d{2}|[2-9]\\d{3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
export const PORT_RANGE = new RegExp(`^${FROM_1024}-${FROM_1024}$`)
/** How names are written, here and in Kubernetes. */
export const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

export const duration = z
  .string()
  .regex(DURATION, 'write a duration with its unit: 500ms, 10s, 5m, 1h30m, at most 99h')
  .register(meanings, { description: 'A duration with its unit: `500ms`, `10s`, `5m`, `1h30m`.', examples: ['500ms', '10s', '5m'] })
/** Where nothing at all would be a busy loop, or would never succeed. */
export const someTime = z
  .string()
  .regex(SOME_TIME, 'write a duration above zero with its unit: 500ms, 10s, 5m, 1h30m, at most 99h')
  .register(meanings, { description: 'A duration above zero with its unit: `500ms`, `10s`, `5m`, `1h30m`.', examples: ['500ms', '10s', '5m'] })
export const label = z.string().regex(LABEL, 'use lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit')
export const shortLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/, 'use lower-case letters, digits and "-", at most 15')
export const text = z.string().min(1, 'write at least one character')
/** The name of a user or a group: it travels in a header. */
export const identity = z.string().regex(/^\P{Cc}+$/u, 'write a name; control characters cannot be part of it')
export const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use letters, digits and "_", beginning with a letter or "_"')
export const count = (max: number): z.ZodNumber =>
  z.number().int('write a whole number').min(1, `write a number from 1 to ${max}`).max(max, `write a number from 1 to ${max}`)

export const portNumber = z
  .number()
  .int('write a whole number from 1 to 65535')
  .min(1, 'write a number from 1 to 65535')
  .max(65_535, 'write a number from 1 to 65535')
export const portName = z
  .string()
  .regex(/^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/, 'write a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and "-"')
export const remotePort = z.union([portNumber, portName])

/** Made when it is first asked for, and then the same. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
