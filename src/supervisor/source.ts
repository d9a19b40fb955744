/**
 * The files of a project over time: reads them when one changes, and keeps the last good list.
 *
 * Owns the debounce and the stable read, of all files together. Files that are bad, empty
 * or gone change nothing but what is told; watching goes on, however often that happens.
 */
import type { Loaded, Snapshot } from '../file/load.ts'
import type { Project } from '../file/forward.ts'
import type { Problem } from '../file/problems.ts'
import type { Clock } from '../system/clock.ts'

/** What a source needs, and whom it tells. */
export interface SourceParts {
  readonly clock: Clock
  /** Those files as they are now. */
  readonly read: (paths: readonly string[]) => Promise<Snapshot>
  /** What they say. They may name files that were not read yet: those are in the new snapshot too. */
  readonly load: (known: Snapshot) => Promise<{ readonly loaded: Loaded; readonly snapshot: Snapshot }>
  readonly debounceMs: () => number
  readonly good: (project: Project, snapshot: Snapshot) => void | Promise<void>
  readonly bad: (problems: readonly Problem[]) => void
  /** Other files than before have a say. */
  readonly watched: (paths: readonly string[]) => void
}

const MAX_DEBOUNCE_MS = 1_000
/** Two reads so far apart must agree: an editor that writes in place may pause between them. */
const STABLE_MS = 110
/** A file that does not parse is looked at again before anybody is told: it may be half written. */
const AGAIN_MS = [0, 250, 500] as const
/** Files that name files that name files: each new one is read twice, like the rest. */
const MAX_ROUNDS = 10

/** The watched files. */
export class Source {
  readonly #parts: SourceParts
  readonly #closed = new AbortController()
  #applied: Snapshot
  #paths: readonly string[]
  #running: Promise<void> | undefined
  #changes = 0
  #rejectedText: string | undefined

  constructor(parts: SourceParts, applied: Snapshot) {
    this.#parts = parts
    this.#applied = applied
    this.#paths = [...applied.keys()]
  }

  /** A file may have changed. */
  changed(): void {
    this.#changes++
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
  }

  /** These were read and applied by hand: they are watched from now on, and no news. */
  adopt(snapshot: Snapshot): void {
    this.#applied = snapshot
    this.#rejectedText = undefined
    this.#follow(snapshot, true)
  }

  async #run(): Promise<void> {
    for (let seen = -1; seen !== this.#changes && !this.#closed.signal.aborted; ) {
      await this.#settle()
      seen = this.#changes
      await this.#read(() => this.#changes !== seen)
    }
  }

  /** Waits until nothing has changed for the debounce time, for a second at most. */
  async #settle(): Promise<void> {
    const { clock } = this.#parts
    const debounceMs = this.#parts.debounceMs()
    const endMs = clock.now() + MAX_DEBOUNCE_MS
    for (let seen = -1; seen !== this.#changes && clock.now() < endMs; ) {
      seen = this.#changes
      if (!(await clock.sleep(debounceMs, this.#closed.signal))) return
    }
  }

  async #read(isOutdated: () => boolean): Promise<void> {
    for (const waitMs of AGAIN_MS) {
      if (waitMs > 0 && !(await this.#parts.clock.sleep(waitMs, this.#closed.signal))) return
      const known = await this.#stable(this.#paths)
      if (this.#closed.signal.aborted || isOutdated() || this.#isApplied(known)) return
      const { loaded, snapshot } = await this.#loaded(known)
      if (this.#closed.signal.aborted) return
      this.#follow(snapshot, loaded.kind === 'loaded')
      if (loaded.kind === 'loaded') return this.#good(loaded.project, snapshot)
      if (waitMs === AGAIN_MS.at(-1)) this.#bad(loaded.problems)
    }
  }

  /** Loads until no file is named that was not read twice. */
  async #loaded(known: Snapshot): ReturnType<SourceParts['load']> {
    let result = await this.#parts.load(known)
    for (let round = 0; round < MAX_ROUNDS && hasMore(result.snapshot, known); round++) {
      const again = await this.#stable([...result.snapshot.keys()])
      if (this.#closed.signal.aborted || isSame(again, result.snapshot)) break
      known = again
      result = await this.#parts.load(known)
    }
    return result
  }

  /** A file that is bad may have hidden others: those of before are watched on. */
  #follow(snapshot: Snapshot, isGood: boolean): void {
    const paths = [...new Set([...snapshot.keys(), ...(isGood ? [] : this.#paths)])]
    const isSameSet = paths.length === this.#paths.length && paths.every((path) => this.#paths.includes(path))
    this.#paths = paths
    if (!isSameSet) this.#parts.watched(paths)
  }

  #isApplied(snapshot: Snapshot): boolean {
    return this.#rejectedText === undefined && isSame(snapshot, this.#applied)
  }

  async #good(project: Project, snapshot: Snapshot): Promise<void> {
    this.#applied = snapshot
    this.#rejectedText = undefined
    await this.#parts.good(project, snapshot)
  }

  /** The same mistakes again are no news. */
  #bad(problems: readonly Problem[]): void {
    const text = JSON.stringify(problems)
    if (text === this.#rejectedText) return
    this.#rejectedText = text
    this.#parts.bad(problems)
  }

  /** The files once two reads agree and none is empty or gone that was there, for a second at most. */
  async #stable(paths: readonly string[]): Promise<Snapshot> {
    const { clock } = this.#parts
    const endMs = clock.now() + MAX_DEBOUNCE_MS
    let before = await this.#parts.read(paths)
    while (clock.now() < endMs) {
      if (!(await clock.sleep(STABLE_MS, this.#closed.signal))) return before
      const after = await this.#parts.read(paths)
      if (isSame(before, after) && !this.#lacks(after)) return after
      before = after
    }
    return before
  }

  #lacks(snapshot: Snapshot): boolean {
    return [...snapshot].some(([path, read]) => sizeOf(read) === 0 && sizeOf(this.#applied.get(path)) > 0)
  }
}

type Read = Snapshot extends ReadonlyMap<string, infer R> ? R : never

function sizeOf(read: Read | undefined): number {
  return read?.kind === 'read' ? read.bytes.length : 0
}

function hasMore(snapshot: Snapshot, known: Snapshot): boolean {
  return [...snapshot.keys()].some((path) => !known.has(path))
}

/** Whether two snapshots are of the same files and equal, byte by byte. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  return (
    a.size === b.size &&
    [...a].every(([path, read]) => {
      const other = b.get(path)
      if (read.kind !== 'read' || other?.kind !== 'read') return read.kind === other?.kind
      return Buffer.compare(read.bytes, other.bytes) === 0
    })
  )
}
