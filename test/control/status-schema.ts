/** What `kpf ps -o json` prints, held against the schema that describes it. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

/** Whether a status fits schema/status.schema.json; why not is in its `errors`. */
export const fits = new Ajv({ strict: false, validateFormats: false }).compile(
  JSON.parse(readFileSync(new URL('../../schema/status.schema.json', import.meta.url), 'utf8')),
)
