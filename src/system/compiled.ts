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

/** Told before a part is read that is to be compiled whole, and when it is: the build puts both in (rolldown.config.ts). */
const [COMPILING, COMPILED] = ['kpf-compiling', 'kpf-compiled']

/** Late enough that nothing waits for it. */
const FLUSH_MS = 1_500

/** Turns the cache on; where it cannot be written kpf starts slower and is otherwise the same. */
export function keepCompiled(env: Variables, home: string): void {
  // Node's own variable wins over ours: whoever set it has chosen a folder.
  module.enableCompileCache(env['NODE_COMPILE_CACHE'] ?? join(cacheFolder(env, home, process.platform), 'compiled'))
  setTimeout(() => module.flushCompileCache(), FLUSH_MS).unref()
  compileWhole()
}

/**
 * Has all functions of the large parts compiled when they are read, so that they are in the
 * cache too.
 *
 * Node writes into the cache what V8 had compiled when a module was read, and V8 compiles
 * most functions when they are first called: with a warm cache a short run still compiled
 * all it did, 2 ms of `kpf ps` and more of `kpf up`. What Node has compiled of its own fits
 * no other setting, and would be compiled again: so it holds for those parts alone.
 * Source: v8.dev/blog/code-caching, "eager compilation"; nodejs.org/api/v8.html.
 */
function compileWhole(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  process.on(COMPILING, () => setFlagsFromString('--no-lazy'))
  process.on(COMPILED, () => setFlagsFromString('--lazy'))
}
