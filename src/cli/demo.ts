/** `kpf demo`: the real supervisor on a sample cluster in this process. */
import type { Context } from './context.ts'

/** Runs the verb. */
export async function demo(context: Context): Promise<number> {
  context.err('kpf: demo is being built\n')
  return 1
}
