/** What a program can leave behind: files in the places it knows of, and processes. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Folders that a program finds through its environment, all below one. */
export function homesIn(base: string): Readonly<Record<string, string>> {
  const names = ['HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR']
  return Object.fromEntries(names.map((name) => [name, join(base, name.toLowerCase())]))
}

/** Every file and folder below some folders. The compile cache is one entry. */
export async function listing(folders: readonly string[]): Promise<readonly string[]> {
  const all = await Promise.all(
    folders.map(async (folder) => (await readdir(folder, { recursive: true, withFileTypes: true })).map((entry) => join(entry.parentPath, entry.name))),
  )
  return [...new Set(all.flat().map((path) => path.replace(/(\/kpf)\/compiled\b.*/, '$1')))].toSorted()
}

/** Command lines of all processes with `variable=value` in their environment, orphans of orphans included. */
export async function processesWith(variable: string, value: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that ends while it is looked at, or that is somebody else's, is none of ours.
      const [environment, command] = await Promise.all(['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')))
      return environment?.split('\0').includes(`${variable}=${value}`) === true ? [`${pid} ${command?.replaceAll('\0', ' ').trim()}`] : []
    }),
  )
  return found.flat()
}
