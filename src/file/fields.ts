/** The fields of the language as a list, walked out of the schemas: for documents and for tests. Pure. */
import * as z from 'zod'
import { alternatives } from './retype.ts'
import { duration, someTime } from './scalars.ts'

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
    if (one instanceof z.ZodObject)
      return Object.entries(one.shape).flatMap(([key, inner]) => fieldOf(`${prefix}${prefix === '' ? '' : '.'}${key}`, inner as z.core.$ZodType, stopsAt))
    if (one instanceof z.ZodRecord) return inside(`${prefix}.*`, one.valueType, stopsAt)
    return one instanceof z.ZodArray ? inside(`${prefix}[]`, one.element, stopsAt) : []
  })
}

function fieldOf(path: string, schema: z.core.$ZodType, stopsAt: (path: string) => boolean): readonly Field[] {
  const inner = stopsAt(path) ? [] : fieldsOf(schema, stopsAt, path)
  const meaning = meaningOf(schema)
  return [{ path, type: typeText(schema), meaning, isRequired: !(schema instanceof z.ZodOptional), hasInner: inner.length > 0 }, ...inner]
}

function inside(path: string, schema: z.core.$ZodType, stopsAt: (path: string) => boolean): readonly Field[] {
  return stopsAt(path) ? [] : fieldsOf(schema, stopsAt, path)
}

/** The meaning beside the field itself, or of what it holds. */
function meaningOf(schema: z.core.$ZodType): string {
  if (!(schema instanceof z.ZodType)) return ''
  return schema.description ?? (schema instanceof z.ZodOptional ? meaningOf(schema.unwrap()) : '')
}

/** `number`, `always | no`, `list of text`. */
function typeText(schema: z.core.$ZodType): string {
  return [...new Set(alternatives(schema).map(oneType))].join(', or ')
}

function oneType(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.map(String).join(' | ')
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(String).join(' | ')
  if (schema === duration || schema === someTime) return 'duration'
  if (schema instanceof z.ZodNumber) return 'number'
  if (schema instanceof z.ZodBoolean) return 'true | false'
  if (schema instanceof z.ZodArray) return `list of ${typeText(schema.element)}`
  return schema instanceof z.ZodObject || schema instanceof z.ZodRecord ? 'map' : 'text'
}
