/** The JSON Schema of the file, made from the zod schemas. Pure. */
import * as z from 'zod'
import { LABEL } from './scalars.ts'
import { file } from './shape.ts'

/** Draft 7; `x-*` keys are free in every map, those of names included. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(file(), {
    target: 'draft-07',
    io: 'input',
    override: ({ jsonSchema: part }) => {
      if (part.additionalProperties === undefined) return
      part.patternProperties = { '^x-': {} }
      // Names are labels or begin with x-; said in full, for this is called more than once.
      if (part.propertyNames !== undefined) part.propertyNames = { type: 'string', anyOf: [{ pattern: '^x-' }, { pattern: LABEL.source }] }
    },
  })
  return { ...withVariables(schema), title: 'kpf forwards file', $id: 'https://kpf.dev/schema/forwards.schema.json' }
}

const variable = { type: 'string', pattern: '\\$' }

/** A number, a truth value or a text of some form may also be written as a text with a variable. */
function withVariables(part: object): object {
  const inner = Object.fromEntries(
    Object.entries(part).map(([key, value]: [string, unknown]) => [key, key === 'propertyNames' || key === 'examples' ? value : deep(value)]),
  )
  const { description, examples, ...rest } = inner
  const isForm = 'pattern' in rest || 'enum' in rest || ['number', 'integer', 'boolean'].includes(String(rest['type']))
  if (!isForm) return inner
  return { ...(description !== undefined && { description }), ...(examples !== undefined && { examples }), anyOf: [rest, variable] }
}

function deep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deep)
  return typeof value === 'object' && value !== null ? withVariables(value) : value
}
