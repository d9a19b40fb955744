/**
 * Keeps V8's compiled code of kpf on disk, so that the next start need not compile.
 *
 * Node writes it when a process ends by itself; a supervisor may run for weeks and be
 * killed, so it is written soon after the start as well.
 * Source: nodejs.org/api/module.html (module compile cache), the XDG base directories.
 */
// As a whole: a name that an old Node.js lacks would end it before it is told that it is too old.
import module from 'node:module'
import { isAbsolute, join } from 'node:path'

type Variables = Readonly<Record<string, string | undefined>>

/** Late enough that nothing waits for it. */
const FLUSH_MS = 1_500

/** Turns the cache on; where it cannot be written kpf starts slower and is otherwise the same. */
export function keepCompiled(env: Variables, home: string): void {
  // Node's own variable wins over ours: whoever set it has chosen a folder.
  module.enableCompileCache(env['NODE_COMPILE_CACHE'] ?? join(cacheFolder(env, home, process.platform), 'compiled'))
  setTimeout(() => module.flushCompileCache(), FLUSH_MS).unref()
}

/** Where kpf keeps what it can make again. */
export function cacheFolder(env: Variables, home: string, platform: string): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'kpf', 'cache')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'kpf')
  const named = env['XDG_CACHE_HOME']
  // A relative path there is to be ignored, says the standard.
  return join(named !== undefined && isAbsolute(named) ? named : join(home, '.cache'), 'kpf')
}
