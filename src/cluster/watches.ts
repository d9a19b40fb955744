/** The watches of one cluster, each shared by all who follow the same list. */
import { Watch, type WatchParts, type WatchState, type WatchTarget } from './watch.ts'

interface Entry {
  readonly watch: Watch
  readonly users: Set<(state: WatchState) => void>
}

/** The registry of watches; a watch ends when its last user leaves. */
export class Watches {
  readonly #parts: Omit<WatchParts, 'changed'>
  readonly #entries = new Map<string, Entry>()

  constructor(parts: Omit<WatchParts, 'changed'>) {
    this.#parts = parts
  }

  get size(): number {
    return this.#entries.size
  }

  /** Calls back at once with what is known, and with each change; call the result to leave. */
  follow(target: WatchTarget, user: (state: WatchState) => void): () => void {
    const key = `${target.path} ${target.name ?? ''}`
    const entry = this.#entries.get(key) ?? this.#make(key, target)
    entry.users.add(user)
    if (entry.watch.state.kind !== 'unknown') user(entry.watch.state)
    return () => {
      if (!entry.users.delete(user) || entry.users.size > 0) return
      this.#entries.delete(key)
      entry.watch.close()
    }
  }

  kick(): void {
    for (const { watch } of this.#entries.values()) watch.kick()
  }

  close(): void {
    for (const { watch } of this.#entries.values()) watch.close()
    this.#entries.clear()
  }

  #make(key: string, target: WatchTarget): Entry {
    const users = new Set<(state: WatchState) => void>()
    const watch = new Watch(target, {
      ...this.#parts,
      changed: (state) => {
        // The set itself, no copy: who leaves while others are told hears nothing more.
        for (const user of users) user(state)
      },
    })
    const entry: Entry = { watch, users }
    this.#entries.set(key, entry)
    watch.start()
    return entry
  }
}
