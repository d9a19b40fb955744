/** The fields of the language as a list, walked out of the schemas: for documents and for tests. Pure. */
import * as z from 'zod/mini'
import { alternatives } from './retype.ts'
import { duration, meanings, someTime } from './scalars.ts'

/** One field. */
export interface Field {
  /** From the object that the walk began with: `hold.timeout`; `*` is any name, `[]` any entry of a list. */
  readonly path: string
  /** What may stand there, in words. */
  readonly type: string
  readonly meaning: string
  readonly isRequired: boolean
  /** Whether fields below it are listed too. */
  readonly hasInner: boolean
}

/** All fields of an object, those inside of its objects after them; `stopsAt` says which objects have a list of their own. */
export function fieldsOf(schema: z.core.$ZodType, stopsAt: (path: string) => boolean = () => false, prefix = ''): readonly Field[] {
  return alternatives(schema).flatMap((one): readonly Field[] => {
    if (one instanceof z.ZodMiniObject)
      return Object.entries(one.shape).flatMap(([key, inner]) => fieldOf(`${prefix}${prefix === '' ? '' : '.'}${key}`, inner, stopsAt))
    if (one instanceof z.ZodMiniRecord) return inside(`${prefix}.*`, one.def.valueType, stopsAt)
    return one instanceof z.ZodMiniArray ? inside(`${prefix}[]`, one.def.element, stopsAt) : []
  })
}

function fieldOf(path: string, schema: z.core.$ZodType, stopsAt: (path: string) => boolean): readonly Field[] {
  const inner = stopsAt(path) ? [] : fieldsOf(schema, stopsAt, path)
  const meaning = meaningOf(schema)
  return [{ path, type: typeText(schema), meaning, isRequired: !(schema instanceof z.ZodMiniOptional), hasInner: inner.length > 0 }, ...inner]
}

function inside(path: string, schema: z.core.$ZodType, stopsAt: (path: string) => boolean): readonly Field[] {
  return stopsAt(path) ? [] : fieldsOf(schema, stopsAt, path)
}

/** The meaning beside the field itself, or of what it holds. */
function meaningOf(schema: z.core.$ZodType): string {
  return meanings.get(schema)?.description ?? (schema instanceof z.ZodMiniOptional ? meaningOf(schema.def.innerType) : '')
}

/** `number`, `always | no`, `list of text`. */
function typeText(schema: z.core.$ZodType): string {
  return [...new Set(alternatives(schema).map(oneType))].join(', or ')
}

function oneType(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodMiniEnum) return schema.options.map(String).join(' | ')
  if (schema instanceof z.ZodMiniLiteral) return schema.def.values.map(String).join(' | ')
  if (schema === duration() || schema === someTime()) return 'duration'
  if (schema instanceof z.ZodMiniNumber) return 'number'
  if (schema instanceof z.ZodMiniBoolean) return 'true | false'
  if (schema instanceof z.ZodMiniArray) return `list of ${typeText(schema.def.element)}`
  return schema instanceof z.ZodMiniObject || schema instanceof z.ZodMiniRecord ? 'map' : 'text'
}
