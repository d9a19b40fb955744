/** `kpf schema`: the language of the file on stdout, for editors or for people. */
import { fileDocument } from '../../file/file-doc.ts'
import { jsonSchema } from '../../file/json-schema.ts'
import { type Context, textFlag } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

/** Runs the verb. */
export async function schema(context: Context): Promise<number> {
  const output = textFlag(context.flags, 'output') ?? 'json'
  context.out(output === 'json' ? `${JSON.stringify(jsonSchema(), undefined, 2)}\n` : fileDocument())
  return exitCodes.done
}
