/** Where kpf keeps what it can make again, by the custom of each platform. Pure; for itself, since each start reads it first. */
import { isAbsolute, join } from 'node:path'

/** Source: the XDG base directories; a relative path there is to be ignored, says the standard. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>, home: string, platform: string): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'kpf', 'cache')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'kpf')
  const named = env['XDG_CACHE_HOME'] ?? ''
  return join(isAbsolute(named) ? named : join(home, '.cache'), 'kpf')
}
