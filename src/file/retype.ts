/** What a variable holds is text; the schema knows what kind of value it stands for. Pure. */
import * as z from 'zod/mini'
import { type Located, pathKey, type Step } from './document.ts'
import { copied, setAt, valueAt } from './plain.ts'
import * as shape from './shape.ts'

/** Texts that came out of variables, as numbers or truth values where the field takes those and no such text. */
export function retyped(located: Located, filled: readonly (readonly Step[])[]): Located {
  const changes = filled.flatMap((path): readonly (readonly [readonly Step[], number | boolean])[] => {
    const text = valueAt(located.value, path)
    if (typeof text !== 'string' || located.places.get(pathKey(path))?.filled === undefined) return []
    const value = scalarOf(text)
    // Most variables hold plain text, and a file of short forms needs no other schema.
    if (value === undefined) return []
    const schemas = schemasAt(path)
    if (takesText(schemas, text) || !isOfKind(schemas, value)) return []
    return [[path, value]]
  })
  if (changes.length === 0) return located
  const value = copied(located.value)
  for (const [path, next] of changes) setAt(value, path, next)
  return { ...located, value }
}

/** The schemas that a value at a path may fit. */
export function schemasAt(path: readonly Step[]): readonly z.core.$ZodType[] {
  let found: readonly z.core.$ZodType[] = [shape.file()]
  for (const step of path) found = found.flatMap((schema) => inside(schema, step))
  return found.flatMap(alternatives)
}

/** A schema without what makes it optional, and a union as what it is of. */
export function alternatives(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodMiniOptional) return alternatives(schema.def.innerType)
  return schema instanceof z.ZodMiniUnion ? schema.def.options.flatMap(alternatives) : [schema]
}

function inside(schema: z.core.$ZodType, step: Step): readonly z.core.$ZodType[] {
  return alternatives(schema).flatMap((one): readonly z.core.$ZodType[] => {
    if (one instanceof z.ZodMiniObject && typeof step === 'string' && Object.hasOwn(one.shape, step)) return [one.shape[step] as z.core.$ZodType]
    if (one instanceof z.ZodMiniRecord && typeof step === 'string') return [one.def.valueType]
    return one instanceof z.ZodMiniArray && typeof step === 'number' ? [one.def.element] : []
  })
}

function takesText(schemas: readonly z.core.$ZodType[], text: string): boolean {
  return schemas.some((schema) => z.safeParse(schema, text).success)
}

/** A number out of range is still a number: its own words tell of that. */
function isOfKind(schemas: readonly z.core.$ZodType[], value: number | boolean): boolean {
  return schemas.some((schema) => (typeof value === 'number' ? schema instanceof z.ZodMiniNumber : schema instanceof z.ZodMiniBoolean))
}

function scalarOf(text: string): number | boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined
}
