/** The log of a project that does not run any more: what its last supervisors in the background have left. */
import { readFile } from 'node:fs/promises'
import { isWanted, type LogFilter } from '../../control/history.ts'
import type { LogLine } from '../../control/shapes.ts'
import { self } from '../../system/processes.ts'
import type { Context } from '../context.ts'
import { placeOf } from '../place.ts'

/** Lines that are meant, the oldest first; undefined when there is no log. */
export async function oldLog(context: Context, { tail, since, ...wanted }: LogFilter): Promise<readonly LogLine[] | undefined> {
  const place = await placeOf(context, self().platform)
  if (place === undefined) return undefined
  // As `rotating-file-stream` numbers them: a higher one is older.
  const texts = await Promise.all([`${place.log}.2`, `${place.log}.1`, place.log].map((path) => readFile(path, 'utf8').catch(() => '')))
  const all = texts.join('').split('\n').flatMap(lineIn)
  if (all.length === 0) return undefined
  const fitting = all.filter((line) => isWanted(line, wanted) && (since === undefined || line.time >= since))
  return tail === undefined ? fitting : fitting.slice(Math.max(0, fitting.length - tail))
}

/** The last line of a killed one may be half a line. */
function lineIn(text: string): readonly LogLine[] {
  try {
    const line: unknown = JSON.parse(text)
    const isLine = typeof line === 'object' && line !== null && 'time' in line && 'level' in line && 'text' in line
    // Our own file, of this version or an older one: these three have always been in it.
    return isLine ? [line as LogLine] : []
  } catch {
    return []
  }
}
