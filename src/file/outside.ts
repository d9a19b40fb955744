/** Whether a file belongs to a project: who includes one that does not is asked about it. Pure. */
import { isAbsolute, relative } from 'node:path'

/** Both are absolute, and real where links count. */
export function isOutside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way === '..' || way.startsWith('../') || way.startsWith('..\\') || isAbsolute(way)
}
