/**
 * The JSON Schema of the file, made from the zod schemas, with what editors understand
 * beside it (json-schema.org has no words for it; these are VS Code's and the YAML
 * language server's): `patternErrorMessage` and `errorMessage` are the words of kpf's own
 * messages, `markdownDescription` keeps its code, `defaultSnippets` begin an entry. Pure.
 */
import * as z from 'zod/mini'
import { snippets } from './snippets.ts'
import { file } from './shape.ts'

type Part = Record<string, unknown>

/** Draft 7; `x-*` keys are free in every map, those of names included. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(file(), {
    target: 'draft-07',
    io: 'input',
    override: ({ zodSchema, jsonSchema: part }) => {
      Object.assign(part, wordsOf(zodSchema))
      if (part.additionalProperties === undefined) return
      part.patternProperties = { '^x-': {} }
      if (zodSchema instanceof z.ZodMiniRecord) part.propertyNames = namesOf(zodSchema)
    },
  })
  const { title: _none, ...whole } = withSnippets(forEditors(schema))
  return { ...whole, $id: 'https://kpf.dev/schema/forwards.schema.json' }
}

/** What the schema itself says to somebody whose value does not fit. */
function wordsOf(schema: z.core.$ZodType): Part {
  const says = messageOf(schema)
  if (says === undefined) return {}
  return schema instanceof z.ZodMiniString ? { patternErrorMessage: says, errorMessage: says } : { errorMessage: says }
}

/** The message of the first check that has one of its own. */
function messageOf(schema: z.core.$ZodType): string | undefined {
  for (const check of schema._zod.def.checks ?? []) {
    const { def } = check._zod
    // A fixed text is kept as a function that needs no issue.
    const message = (def.error as (() => unknown) | undefined)?.()
    if (typeof message === 'string' && def.check !== 'min_length' && def.check !== 'max_length') return message
  }
  return undefined
}

/** The names of a map, or keys that begin with `x-`; in one pattern, for each alternative would have a message of its own. */
function namesOf({ def: { keyType } }: z.ZodMiniRecord): Part {
  const pattern = z.toJSONSchema(keyType).pattern ?? ''
  return { type: 'string', pattern: `^x-|${pattern}`, ...wordsOf(keyType) }
}

/** Somewhere in a text: what it will be is not known yet. */
const VARIABLE = '\\$'
/** What is no schema, and what is a map of schemas by names that mean nothing here. */
const DATA = ['propertyNames', 'examples', 'enum', 'required']
const MAPS = ['properties', 'patternProperties']

/** A number, a truth value or a text of some form may also be written as a text with a variable. */
function forEditors(part: Part): Part {
  const inner: Part = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, DATA.includes(key) ? value : deep(value, MAPS.includes(key))]))
  const { description, examples, ...rest } = inner
  const about = {
    ...(typeof description === 'string' && { description, ...(description.includes('`') && { markdownDescription: description }) }),
    ...(examples !== undefined && { examples }),
  }
  // One pattern: of two alternatives an editor would tell that neither is a text.
  if (typeof rest['pattern'] === 'string') return { ...about, ...rest, pattern: `${rest['pattern']}|${VARIABLE}` }
  if ('enum' in rest || ['number', 'integer', 'boolean'].includes(String(rest['type']))) {
    return { ...about, anyOf: [rest, { type: 'string', pattern: VARIABLE, ...wordsIn(rest) }] }
  }
  return { ...about, ...rest, ...(Array.isArray(rest['anyOf']) && { anyOf: agreed(rest['anyOf']) }) }
}

function wordsIn(part: Part): Part {
  return Object.fromEntries(Object.entries(part).filter(([key]) => key === 'errorMessage' || key === 'patternErrorMessage'))
}

/** Alternatives that say the same of what fits none of them: an editor shows one, and it may be any. The last one knows them all. */
function agreed(alternatives: readonly Part[]): readonly Part[] {
  const all = alternatives.flatMap((one): readonly Part[] => (Array.isArray(one['anyOf']) ? one['anyOf'] : [one]))
  const says = all.map(wordsIn).findLast((words) => Object.keys(words).length > 0)
  return says === undefined ? alternatives : all.map((one) => (one['type'] === 'object' ? one : { ...one, ...says }))
}

function deep(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((one) => deep(one))
  if (typeof value !== 'object' || value === null) return value
  return isMap ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, deep(inner)])) : forEditors(value as Part)
}

function withSnippets(schema: Part): Part {
  const properties = Object.entries(schema['properties'] ?? {}).map(([key, part]) => {
    const defaultSnippets = snippets[key]
    return [key, defaultSnippets === undefined ? part : { ...part, defaultSnippets }]
  })
  return { ...schema, properties: Object.fromEntries(properties) }
}
