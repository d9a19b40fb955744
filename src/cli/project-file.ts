/** The forwards file of a command line: which one, with which flags over it. */
import type { Readable } from 'node:stream'
import type { Flags } from '../file/entry.ts'
import { realFiles } from '../system/files.ts'
import { type Context, textFlag, textFlags } from './context.ts'
import { type FoundFile, findFile } from './find-file.ts'

/** What is said when there is no file. */
export const NO_FILE = 'kpf: no forwards.yaml here or in the directories above, up to the repository\n    write one, name one with -f, or try: kpf demo\n'

/** The file that is meant; `-` is standard input. */
export async function theFile(context: Context): Promise<FoundFile | undefined> {
  const named = textFlags(context.flags, 'file')
  if (named.at(-1) === '-') return { path: '-', shownAs: 'stdin', isNamed: true }
  return findFile(context.cwd, named.at(-1), realFiles)
}

/** Flags that win over every forward. */
export function flagsOf(context: Context): Flags {
  const kubeconfig = textFlag(context.flags, 'kubeconfig')
  const named = textFlag(context.flags, 'context')
  const namespace = textFlag(context.flags, 'namespace')
  return { ...(kubeconfig !== undefined && { kubeconfig }), ...(named !== undefined && { context: named }), ...(namespace !== undefined && { namespace }) }
}

/** Everything of a stream, 1 MiB and a byte at most: the loader refuses the rest. */
export async function readAll(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    chunks.push(bytes)
    size += bytes.length
    if (size > 1024 * 1024) break
  }
  return Buffer.concat(chunks)
}
