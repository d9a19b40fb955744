/** The JSON Schema of the file, made from the zod schemas. Pure. */
import * as z from 'zod'
import { file } from './shape.ts'

/** Draft 7; `x-*` keys are free in every map. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(file, {
    target: 'draft-07',
    io: 'input',
    override: ({ jsonSchema: part }) => {
      if (part.additionalProperties === false) part.patternProperties = { '^x-': {} }
    },
  })
  return { ...schema, title: 'kpf forwards file', $id: 'https://kpf.dev/schema/forwards.schema.json' }
}
