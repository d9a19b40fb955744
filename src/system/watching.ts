/**
 * Tells that files may have changed: hints from chokidar on their directories, and a stat
 * poll behind it.
 *
 * chokidar alone loses a file whose directory is replaced (a `git checkout`, a swapped
 * link), so the poll is the truth and the events only make it quick.
 */
import { once } from 'node:events'
import { dirname } from 'node:path'
import type { Clock } from './clock.ts'
import { realPathOf, stampOf } from './files.ts'

/** Watches files by path, whether they exist or not. */
export interface FileWatcher {
  /** Calls back whenever one of `paths` looks different from before; the same look is told once. */
  watch(paths: readonly string[], changed: () => void): { close(): Promise<void> }
}

const POLL_MS = 2_000
/** The watcher is the largest part of kpf that nothing waits for: it is read when the first connections are through. */
const HINTS_AFTER_MS = 150

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
      const hintLater = async (): Promise<void> => {
        if (!(await clock.sleep(HINTS_AFTER_MS, closed.signal))) return
        const hints = await hintsFor(paths, () => void check(), notice)
        if (!closed.signal.aborted) await once(closed.signal, 'abort')
        await hints.close()
      }
      const hinting = hintLater()
      return {
        async close() {
          closed.abort()
          await Promise.all([hinting, polling])
        },
      }
    },
  }
}

async function hintsFor(paths: readonly string[], hint: () => void, notice: (text: string) => void): Promise<{ close(): Promise<void> }> {
  const { watch } = await import('chokidar')
  const names = new Set(paths)
  const directories = [...new Set(paths.map((path) => dirname(path)))]
  const watcher = watch(directories, { depth: 0, ignoreInitial: true, ignored: (path) => !names.has(path) && !directories.includes(path) })
  let isTold = false
  watcher.on('all', hint)
  // What changed before it listened.
  watcher.on('ready', hint)
  watcher.on('error', (error) => {
    if (isTold) return
    isTold = true
    notice(`files are watched by polling only: ${error instanceof Error ? error.message : 'the watcher failed'}`)
  })
  return watcher
}

/** What tells a file from its earlier self: where its links lead, and its identity, size and times. */
async function lookOf(path: string): Promise<string> {
  const real = await realPathOf(path)
  const stamp = await stampOf(path)
  return stamp === undefined ? 'absent' : `${real} ${stamp}`
}
