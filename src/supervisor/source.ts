/**
 * The file over time: reads it when it changes, and keeps the last good list.
 *
 * Owns the debounce and the stable read. A file that is bad, empty or gone changes
 * nothing but what is told; watching goes on, however often that happens.
 */
import type { Loaded } from '../file/load.ts'
import type { Project } from '../file/forward.ts'
import type { Problem } from '../file/problems.ts'
import type { Clock } from '../system/clock.ts'

/** What a source needs, and whom it tells. */
export interface SourceParts {
  readonly clock: Clock
  /** The bytes as they are now, or undefined when there are none. */
  readonly readBytes: () => Promise<Uint8Array | undefined>
  /** What those bytes say; undefined bytes are a file that is gone. */
  readonly load: (bytes: Uint8Array | undefined) => Promise<Loaded>
  readonly debounceMs: () => number
  readonly good: (project: Project) => void
  readonly bad: (problems: readonly Problem[]) => void
}

const MAX_DEBOUNCE_MS = 1_000
/** Two reads so far apart must agree: an editor that writes in place may pause between them. */
const STABLE_MS = 110
/** A file that does not parse is looked at again before anybody is told: it may be half written. */
const AGAIN_MS = [0, 250, 500] as const

/** One watched file. */
export class Source {
  readonly #parts: SourceParts
  readonly #closed = new AbortController()
  #applied: Uint8Array | undefined
  #running: Promise<void> | undefined
  #changes = 0
  #rejectedText: string | undefined

  constructor(parts: SourceParts, applied: Uint8Array | undefined) {
    this.#parts = parts
    this.#applied = applied
  }

  /** The file may have changed. */
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
      const bytes = await this.#stableBytes()
      if (this.#closed.signal.aborted || isOutdated() || this.#isApplied(bytes)) return
      const loaded = await this.#parts.load(bytes)
      if (this.#closed.signal.aborted) return
      if (loaded.kind === 'loaded') return this.#good(loaded.project, bytes)
      if (waitMs === AGAIN_MS.at(-1)) this.#bad(loaded.problems)
    }
  }

  #isApplied(bytes: Uint8Array | undefined): boolean {
    return bytes !== undefined && this.#applied !== undefined && Buffer.compare(bytes, this.#applied) === 0 && this.#rejectedText === undefined
  }

  #good(project: Project, bytes: Uint8Array | undefined): void {
    this.#applied = bytes
    this.#rejectedText = undefined
    this.#parts.good(project)
  }

  /** The same mistakes again are no news. */
  #bad(problems: readonly Problem[]): void {
    const text = JSON.stringify(problems)
    if (text === this.#rejectedText) return
    this.#rejectedText = text
    this.#parts.bad(problems)
  }

  /** The bytes once two reads agree and there are some, for a second at most. */
  async #stableBytes(): Promise<Uint8Array | undefined> {
    const { clock } = this.#parts
    const endMs = clock.now() + MAX_DEBOUNCE_MS
    let before = await this.#parts.readBytes()
    while (clock.now() < endMs) {
      if (!(await clock.sleep(STABLE_MS, this.#closed.signal))) return before
      const after = await this.#parts.readBytes()
      if (before && after && after.length > 0 && Buffer.compare(before, after) === 0) return after
      before = after
    }
    return before
  }
}
