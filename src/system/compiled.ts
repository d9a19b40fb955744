/**
 * Keeps V8's compiled code of kpf on disk, so that the next start need not compile.
 *
 * Node writes it when a process ends by itself; a supervisor may run for weeks and be
 * killed, so it is written soon after the start as well.
 * Source: nodejs.org/api/module.html (module compile cache).
 */
// As a whole: a name that an old Node.js lacks would end it before it is told that it is too old.
import module from 'node:module'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Late enough that nothing waits for it. */
const FLUSH_MS = 1_500

/** Turns the cache on; where it cannot be written kpf starts slower and is otherwise the same. */
export function keepCompiled(env: Variables, home: string): void {
  // Node's own variable wins over ours: whoever set it has chosen a folder.
  module.enableCompileCache(env['NODE_COMPILE_CACHE'] ?? join(cacheFolder(env, home, process.platform), 'compiled'))
  setTimeout(() => module.flushCompileCache(), FLUSH_MS).unref()
}
