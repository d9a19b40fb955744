/**
 * Tells that files may have changed: hints from chokidar on their directories, and a stat
 * poll behind it.
 *
 * chokidar alone loses a file whose directory is replaced (a `git checkout`, a swapped
 * link), so the poll is the truth and the events only make it quick.
 */
import { stat, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { watch as watchTree } from 'chokidar'
import type { Clock } from './clock.ts'

/** Watches files by path, whether they exist or not. */
export interface FileWatcher {
  /** Calls back whenever one of `paths` looks different from before; the same look is told once. */
  watch(paths: readonly string[], changed: () => void): { close(): Promise<void> }
}

const POLL_MS = 2_000

/** The machine's watcher. */
export function fileWatcher(clock: Clock, notice: (text: string) => void): FileWatcher {
  return {
    watch(paths, changed) {
      const closed = new AbortController()
      const looks = new Map<string, string>()
      const check = async (): Promise<void> => {
        let differs = false
        for (const path of paths) {
          const look = await lookOf(path)
          if (looks.has(path) && looks.get(path) !== look) differs = true
          looks.set(path, look)
        }
        if (differs && !closed.signal.aborted) changed()
      }
      const poll = async (): Promise<void> => {
        await check()
        while (await clock.sleep(POLL_MS, closed.signal)) await check()
      }
      const polling = poll()
      const hints = hintsFor(paths, () => void check(), notice)
      return {
        async close() {
          closed.abort()
          await hints.close()
          await polling
        },
      }
    },
  }
}

function hintsFor(paths: readonly string[], hint: () => void, notice: (text: string) => void): { close(): Promise<void> } {
  const names = new Set(paths)
  const directories = [...new Set(paths.map((path) => dirname(path)))]
  const watcher = watchTree(directories, { depth: 0, ignoreInitial: true, ignored: (path) => !names.has(path) && !directories.includes(path) })
  let isTold = false
  watcher.on('all', hint)
  watcher.on('error', (error) => {
    if (isTold) return
    isTold = true
    notice(`files are watched by polling only: ${error instanceof Error ? error.message : 'the watcher failed'}`)
  })
  return watcher
}

/** What tells a file from its earlier self: where its links lead, and its identity, size and times. */
async function lookOf(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [real, dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return 'absent'
  }
}
