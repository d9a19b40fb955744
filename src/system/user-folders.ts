/**
 * Where kpf keeps what is its own, by the custom of each platform. Pure.
 *
 * Source: the XDG base directories.
 */
import { isAbsolute, join } from 'node:path'

type Variables = Readonly<Record<string, string | undefined>>

/** What kpf can make again. */
export function cacheFolder(env: Variables, home: string, platform: string): string {
  if (platform === 'win32') return join(localData(env, home), 'kpf', 'cache')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'kpf')
  return join(named(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'kpf')
}

/** What it cannot make again, and locks and logs: the same for every session of a user. */
export function stateFolder(env: Variables, home: string, platform: string): string {
  if (platform === 'win32') return join(localData(env, home), 'kpf', 'state')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'kpf')
  return join(named(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'), 'kpf')
}

function localData(env: Variables, home: string): string {
  return env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local')
}

/** A relative path there is to be ignored, says the standard. */
function named(folder: string | undefined): string | undefined {
  return folder !== undefined && isAbsolute(folder) ? folder : undefined
}
