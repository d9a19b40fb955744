/** The JSON Schema of the file, made from the zod schemas. Pure. */
import * as z from 'zod'
import { file, LABEL } from './shape.ts'

/** Draft 7; `x-*` keys are free in every map, those of names included. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(file, {
    target: 'draft-07',
    io: 'input',
    override: ({ jsonSchema: part }) => {
      if (part.additionalProperties === undefined) return
      part.patternProperties = { '^x-': {} }
      // Names are labels or begin with x-; said in full, for this is called more than once.
      if (part.propertyNames !== undefined) part.propertyNames = { type: 'string', anyOf: [{ pattern: '^x-' }, { pattern: LABEL.source }] }
    },
  })
  return { ...schema, title: 'kpf forwards file', $id: 'https://kpf.dev/schema/forwards.schema.json' }
}
