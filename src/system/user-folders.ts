/**
 * Where kpf keeps what it cannot make again, by the custom of each platform. Pure.
 *
 * Source: the XDG base directories.
 */
import { isAbsolute, join } from 'node:path'

/** State, locks and logs: the same for every session of a user. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>, home: string, platform: string): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'kpf', 'state')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'kpf')
  const named = env['XDG_STATE_HOME'] ?? ''
  // A relative path there is to be ignored, says the standard.
  return join(isAbsolute(named) ? named : join(home, '.local', 'state'), 'kpf')
}
