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

/**
 * Loads a module with all of its functions compiled, so that they are in the cache too.
 *
 * Node writes into the cache what V8 had compiled when the module was read, and V8 compiles
 * most functions when they are first called: with a warm cache a short run still compiled
 * all it did, 2 ms of `kpf ps`. Only for what is small: of the whole program most is not
 * called, and would have to be read.
 * Source: v8.dev/blog/code-caching, "eager compilation"; nodejs.org/api/v8.html.
 */
export async function compiledWhole<T>(load: () => Promise<T>): Promise<T> {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  const asUsual = (): void => setFlagsFromString('--lazy')
  setFlagsFromString('--no-lazy')
  // The build lets the module say so before it takes its first built-in (rolldown.config.ts).
  process.once(COMPILED, asUsual)
  try {
    return await load()
  } finally {
    process.off(COMPILED, asUsual)
    asUsual()
  }
}

/** Told by the module that was compiled. */
const COMPILED = 'kpf-compiled'

/** Late enough that nothing waits for it. */
const FLUSH_MS = 1_500

/** Turns the cache on; where it cannot be written kpf starts slower and is otherwise the same. */
export function keepCompiled(env: Variables, home: string): void {
  // Node's own variable wins over ours: whoever set it has chosen a folder.
  module.enableCompileCache(env['NODE_COMPILE_CACHE'] ?? join(cacheFolder(env, home, process.platform), 'compiled'))
  setTimeout(() => module.flushCompileCache(), FLUSH_MS).unref()
}
