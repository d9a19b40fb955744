/**
 * The objects of the sample cluster, as an API server keeps them: versions that only
 * rise, lists, and watchers that hear every change.
 */

/** A Kubernetes object; only what port-forwarding reads is in it. */
export interface SandboxObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** One change, as a watch tells it. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: SandboxObject
}

type Watcher = (event: WatchEvent) => void

/** All objects. A collection is named by its plural and namespace: `pods shop`. */
export class Objects {
  readonly #objects = new Map<string, Map<string, SandboxObject>>()
  readonly #watchers = new Map<string, Set<Watcher>>()
  #version = 100

  get version(): string {
    return `${this.#version}`
  }

  list(plural: string, namespace: string): readonly SandboxObject[] {
    return [...(this.#objects.get(`${plural} ${namespace}`)?.values() ?? [])]
  }

  get(plural: string, namespace: string, name: string): SandboxObject | undefined {
    return this.#objects.get(`${plural} ${namespace}`)?.get(name)
  }

  /** Adds or changes. */
  put(plural: string, object: SandboxObject): void {
    const key = `${plural} ${object.metadata.namespace}`
    const collection = this.#objects.get(key) ?? new Map<string, SandboxObject>()
    this.#objects.set(key, collection)
    const type = collection.has(object.metadata.name) ? 'MODIFIED' : 'ADDED'
    const versioned = this.#versioned(object)
    collection.set(object.metadata.name, versioned)
    this.#tell(key, { type, object: versioned })
  }

  remove(plural: string, namespace: string, name: string): void {
    const key = `${plural} ${namespace}`
    const object = this.#objects.get(key)?.get(name)
    if (object === undefined) return
    this.#objects.get(key)?.delete(name)
    this.#tell(key, { type: 'DELETED', object: this.#versioned(object) })
  }

  /** Hears of every later change; call the result to stop. */
  watch(plural: string, namespace: string, watcher: Watcher): () => void {
    const key = `${plural} ${namespace}`
    const watchers = this.#watchers.get(key) ?? new Set<Watcher>()
    this.#watchers.set(key, watchers)
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  }

  #versioned(object: SandboxObject): SandboxObject {
    return { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.#version}` } }
  }

  #tell(key: string, event: WatchEvent): void {
    for (const watcher of [...(this.#watchers.get(key) ?? [])]) watcher(event)
  }
}
