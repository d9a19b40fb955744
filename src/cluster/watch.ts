/**
 * One list of objects kept current: list, then watch from there, again when it ends.
 *
 * Owned by `watches.ts`, which shares it. Where watching is forbidden it lists every
 * 30 s. Source: kubernetes.io/docs/reference/using-api/api-concepts (efficient detection of changes).
 */
import type { IncomingMessage } from 'node:http'
import type { Chance } from '../system/chance.ts'
import type { Clock } from '../system/clock.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { ApiEndpoint } from './endpoint.ts'
import { answerFailure, connectionFailure } from './failure.ts'
import { isRecord, type KubeObject, metadata } from './kube-object.ts'
import { getJson, readBody } from './requests.ts'

/** What a watch tells: everything it knows, or why it knows nothing. */
export type WatchState = { readonly kind: 'unknown' } | { readonly kind: 'list'; readonly items: ReadonlyMap<string, KubeObject> } | Failure

/** What is watched. */
export interface WatchTarget {
  /** `/api/v1/namespaces/shop/pods` */
  readonly path: string
  /** `pods in namespace "shop"` */
  readonly what: string
  readonly fieldSelector?: string
}

/** What a watch needs, and whom it tells. */
export interface WatchParts {
  readonly clock: Clock
  readonly chance: Chance
  readonly endpoint: ApiEndpoint
  readonly changed: (state: WatchState) => void
}

const POLL_MS = 30_000
const FIRST_RETRY_MS = 800
const MAX_RETRY_MS = 30_000
const MAX_LINE_BYTES = 4 * 1024 * 1024
/** Bookmarks come about every minute: a watch that is silent for longer is dead. */
const SILENCE_MS = 90_000

/** A list that stays current until it is closed. */
export class Watch {
  readonly #target: WatchTarget
  readonly #parts: WatchParts
  readonly #closed = new AbortController()
  #items = new Map<string, KubeObject>()
  #version = ''
  #failures = 0
  #kick: AbortController | undefined
  state: WatchState = { kind: 'unknown' }

  constructor(target: WatchTarget, parts: WatchParts) {
    this.#target = target
    this.#parts = parts
  }

  start(): void {
    void this.#run()
  }

  /** Retries now what waits for its turn. */
  kick(): void {
    this.#kick?.abort()
  }

  close(): void {
    this.#closed.abort()
  }

  async #run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      const outcome = this.#version === '' ? await this.#list() : await this.#watch()
      if (this.#closed.signal.aborted) return
      switch (outcome) {
        case 'ok':
          this.#failures = 0
          break
        case 'relist':
          this.#version = ''
          break
        case 'no-watch':
          await this.#wait(POLL_MS)
          this.#version = ''
          break
        case 'failed':
          await this.#wait(this.#retryMs())
          break
      }
    }
  }

  async #list(): Promise<'ok' | 'failed'> {
    const query = this.#target.fieldSelector === undefined ? '' : `?fieldSelector=${encodeURIComponent(this.#target.fieldSelector)}`
    const { clock, endpoint } = this.#parts
    const answer = await getJson(endpoint, `${this.#target.path}${query}`, `list ${this.#target.what}`, { clock, signal: this.#closed.signal })
    if (this.#closed.signal.aborted) return 'failed'
    if (answer.kind === 'failure') {
      // What was known stays true until somebody says otherwise: an API server that is away changes no pod.
      if (this.state.kind !== 'list' || answer.class === 'rbac' || answer.class === 'auth') this.#tell(answer)
      return 'failed'
    }
    const items: readonly unknown[] = Array.isArray(answer.value['items']) ? answer.value['items'] : []
    this.#items = new Map(items.filter(isRecord).map((item) => [keyOf(item), item]))
    this.#version = text(metadata(answer.value)['resourceVersion'])
    this.#tell({ kind: 'list', items: new Map(this.#items) })
    return 'ok'
  }

  async #watch(): Promise<'ok' | 'failed' | 'relist' | 'no-watch'> {
    const { endpoint, chance, clock } = this.#parts
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: `${240 + Math.floor(chance() * 60)}`,
    })
    if (this.#target.fieldSelector !== undefined) query.set('fieldSelector', this.#target.fieldSelector)
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#closed.signal, ended.signal])
    try {
      const answer = await endpoint.send({ method: 'GET', path: `${this.#target.path}?${query.toString()}`, signal })
      if (answer.kind === 'failure') return 'failed'
      if (answer.kind === 'upgraded') return 'failed'
      if (answer.status === 410) return 'relist'
      if (answer.status !== 200) {
        const refused = answerFailure(answer.status, answer.response.headers, await readBody(answer.response, 65_536), `watch ${this.#target.what}`)
        return refused.class === 'rbac' ? 'no-watch' : 'failed'
      }
      return await this.#follow(answer.response, ended, clock)
    } catch (error) {
      void connectionFailure(error, endpoint.server)
      return 'failed'
    } finally {
      ended.abort()
    }
  }

  async #follow(response: IncomingMessage, ended: AbortController, clock: Clock): Promise<'ok' | 'failed' | 'relist'> {
    let lastMs = clock.now()
    const guard = async (): Promise<void> => {
      while (await clock.sleep(SILENCE_MS / 3, ended.signal)) if (clock.now() - lastMs > SILENCE_MS) response.destroy()
    }
    void guard()
    let pending = ''
    response.setEncoding('utf8')
    for await (const chunk of response) {
      lastMs = clock.now()
      this.#failures = 0
      const lines = `${pending}${chunk}`.split('\n')
      pending = lines.pop() ?? ''
      if (pending.length > MAX_LINE_BYTES) return 'relist'
      let hasChanged = false
      for (const line of lines) {
        const outcome = this.#event(line)
        if (outcome === 'relist') return 'relist'
        if (outcome === 'changed') hasChanged = true
      }
      if (hasChanged) this.#tell({ kind: 'list', items: new Map(this.#items) })
    }
    return 'ok'
  }

  #event(line: string): 'changed' | 'same' | 'relist' {
    if (line.trim() === '') return 'same'
    const event: unknown = JSON.parse(line)
    if (!isRecord(event)) return 'relist'
    const object = event['object']
    // An ERROR event carries a Status: 410 Gone, and whatever else, is cured by a new list.
    if (event['type'] === 'ERROR' || !isRecord(object)) return 'relist'
    const version = text(metadata(object)['resourceVersion'])
    if (version !== '') this.#version = version
    if (event['type'] === 'BOOKMARK') return 'same'
    if (event['type'] === 'DELETED') this.#items.delete(keyOf(object))
    else this.#items.set(keyOf(object), object)
    return 'changed'
  }

  #tell(state: WatchState): void {
    this.state = state
    this.#parts.changed(state)
  }

  /** Rule B3. */
  #retryMs(): number {
    const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++)
    return ceilingMs * (0.5 + this.#parts.chance() / 2)
  }

  async #wait(ms: number): Promise<void> {
    const kick = new AbortController()
    this.#kick = kick
    await this.#parts.clock.sleep(ms, AbortSignal.any([this.#closed.signal, kick.signal]))
    this.#kick = undefined
  }
}

function keyOf(object: KubeObject): string {
  return text(metadata(object)['uid']) || text(metadata(object)['name'])
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
