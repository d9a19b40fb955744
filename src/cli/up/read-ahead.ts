/**
 * The code that a running project has not needed yet is read while it is there.
 *
 * An update of kpf replaces the files of the program under those that run: what they would
 * read later is gone then, or is of another version. A run of weeks would lose its
 * credentials the day after, and `kpf ps` its answer at once.
 */
import { later } from '../../cluster/later.ts'
import type { Clock } from '../../system/clock.ts'

/** Who is quickly done needs none of it, and the first connections go before. */
const AFTER_MS = 2_000

/** What looks at the machine for `kpf ps`. */
export const readDrift = (): Promise<typeof import('./drift.ts')> => import('./drift.ts')

/** Reads all of it after a while, unless the run ends before. What cannot be read is missed when it is needed. */
export async function readAhead(clock: Clock, signal: AbortSignal): Promise<void> {
  if (!(await clock.sleep(AFTER_MS, signal))) return
  await Promise.allSettled([readDrift(), ...Object.values(later).map((read) => read())])
}
