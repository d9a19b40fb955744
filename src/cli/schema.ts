/** `kpf schema`: the JSON Schema of the file, on stdout. */
import { jsonSchema } from '../file/json-schema.ts'
import type { Context } from './context.ts'

/** Runs the verb. */
export async function schema(context: Context): Promise<number> {
  context.out(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`)
  return 0
}
