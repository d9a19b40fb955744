/**
 * One list of objects kept current: list, then watch from there, again when it ends.
 *
 * Owned by `watches.ts`, which shares it. Where watching is forbidden it lists every
 * 30 s, and a single object that may be read but not listed is read by its name.
 * Source: kubernetes.io/docs/reference/using-api/api-concepts (efficient detection of changes).
 */
import type { IncomingMessage } from 'node:http'
import type { Chance } from '../system/chance.ts'
import type { Clock } from '../system/clock.ts'
import type { Failure } from '../tunnel/failure.ts'
import { ruleFor } from './access-rule.ts'
import type { ApiEndpoint } from './endpoint.ts'
import { answerFailure } from './failure.ts'
import { isRecord, type KubeObject, metadata } from './kube-object.ts'
import { readBody, requestJson } from './requests.ts'

/** What a watch tells: everything it knows, or why it knows nothing. */
export type WatchState = { readonly kind: 'unknown' } | { readonly kind: 'list'; readonly items: ReadonlyMap<string, KubeObject> } | Failure

/** What is watched. */
export interface WatchTarget {
  /** `/api/v1/namespaces/shop/pods` */
  readonly path: string
  /** `pods in namespace "shop"` */
  readonly what: string
  /** Only the object of this name. */
  readonly name?: string
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
const ANSWER_MS = 15_000
/**
 * A watch that says nothing for so long is opened anew from where it was. On an idle
 * namespace that is one cheap request a minute; in return a connection that died
 * without a word hides no change for longer, with or without the server's bookmarks.
 */
const SILENCE_MS = 55_000
/** A watch that lasted so long was none that a server or proxy ends at once. */
const LASTED_MS = 5_000
const AUTH_RETRY_MS = 5_000

/** When a watch last said something, and for how long it may say nothing. */
interface Life {
  heardMs: number
  limitMs: number
}

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
      const waitMs = this.#version === '' ? await this.#list() : await this.#watch()
      if (this.#closed.signal.aborted) return
      if (waitMs > 0) await this.#wait(waitMs)
    }
  }

  /** Lists; resolves with the time to wait before the next step. */
  async #list(): Promise<number> {
    const { path, what } = this.#target
    const answer = await this.#get(`${path}${this.#selector('?')}`, `list ${what}`)
    if (this.#closed.signal.aborted) return 0
    if (answer.kind === 'failure') return answer.class === 'rbac' && this.#target.name !== undefined ? this.#read(this.#target.name) : this.#failed(answer)
    const items: readonly unknown[] = Array.isArray(answer.value['items']) ? answer.value['items'] : []
    this.#items = new Map(items.filter(isRecord).map((item) => [keyOf(item), item]))
    this.#version = text(metadata(answer.value)['resourceVersion'])
    this.#tell({ kind: 'list', items: new Map(this.#items) })
    return this.#version === '' ? POLL_MS : 0
  }

  /** For who may `get` and no more. */
  async #read(name: string): Promise<number> {
    const answer = await this.#get(`${this.#target.path}/${encodeURIComponent(name)}`, `get ${name} of ${this.#target.what}`)
    if (this.#closed.signal.aborted) return 0
    if (answer.kind === 'failure' && answer.code !== 'KPF_OBJECT_MISSING') return this.#failed(answer)
    this.#items = new Map(answer.kind === 'failure' ? [] : [[keyOf(answer.value), answer.value]])
    this.#tell({ kind: 'list', items: new Map(this.#items) })
    return POLL_MS
  }

  #get(path: string, what: string): ReturnType<typeof requestJson> {
    const { clock, endpoint } = this.#parts
    return requestJson(endpoint, { method: 'GET', path, what, signal: this.#closed.signal }, clock)
  }

  #failed(answer: Failure): number {
    // What was known stays true until somebody says otherwise: an API server that is away changes no pod.
    if (this.state.kind !== 'list' || answer.class === 'rbac' || answer.class === 'auth') this.#tell(answer)
    if (answer.class === 'rbac') return POLL_MS
    const retryMs = this.#retryMs(answer.retryAfterMs)
    return answer.class === 'auth' ? Math.max(AUTH_RETRY_MS, retryMs) : retryMs
  }

  /** Watches until the watch ends; resolves with the time to wait before the next step. */
  async #watch(): Promise<number> {
    const { endpoint, clock, chance } = this.#parts
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: `${240 + Math.floor(chance() * 60)}`,
    })
    const ended = new AbortController()
    const life: Life = { heardMs: clock.now(), limitMs: ANSWER_MS }
    void this.#guard(life, ended)
    const signal = AbortSignal.any([this.#closed.signal, ended.signal])
    try {
      const answer = await endpoint.send({ method: 'GET', path: `${this.#target.path}?${query.toString()}${this.#selector('&')}`, signal })
      if (answer.kind === 'failure' && answer.class === 'auth') return this.#shutOut(answer)
      if (answer.kind !== 'answer') return this.#retryMs()
      if (answer.status !== 200) return this.#refused(answer.status, answer.response, await readBody(answer.response, 65_536))
      return await this.#follow(answer.response, life)
    } catch {
      return this.#retryMs()
    } finally {
      ended.abort()
    }
  }

  /** Ends a watch that is not answered, or that says nothing for too long. */
  async #guard(life: Life, ended: AbortController): Promise<void> {
    const { clock } = this.#parts
    for (;;) {
      const leftMs = life.heardMs + life.limitMs - clock.now()
      if (leftMs <= 0) return ended.abort()
      if (!(await clock.sleep(leftMs, ended.signal))) return
    }
  }

  #refused(status: number, { headers }: IncomingMessage, body: string): number {
    if (status === 410) return this.#relist()
    const refused = answerFailure(status, headers, body, { what: `watch ${this.#target.what}`, rule: ruleFor('GET', this.#target.path) })
    if (refused.class === 'auth') return this.#shutOut(refused)
    if (refused.class !== 'rbac') return this.#retryMs(refused.retryAfterMs)
    this.#version = ''
    return POLL_MS
  }

  /** Without credentials nothing is known any more; the next list tells that there are some again. */
  #shutOut(why: Failure): number {
    this.#version = ''
    return this.#failed(why)
  }

  async #follow(response: IncomingMessage, life: Life): Promise<number> {
    const { clock } = this.#parts
    const startedMs = clock.now()
    life.heardMs = startedMs
    life.limitMs = SILENCE_MS
    let pending = ''
    response.setEncoding('utf8')
    try {
      for await (const chunk of response) {
        life.heardMs = clock.now()
        this.#failures = 0
        const lines = `${pending}${chunk}`.split('\n')
        pending = lines.pop() ?? ''
        if (pending.length > MAX_LINE_BYTES || !this.#events(lines)) return this.#relist()
      }
    } catch (error) {
      // A line that is no JSON is a fault of its own; a connection that broke is as good as one that ended.
      if (error instanceof SyntaxError) return this.#relist()
    }
    if (clock.now() - startedMs >= LASTED_MS) this.#failures = 0
    return this.#again()
  }

  /** Takes events in; false when only a new list can tell what is. */
  #events(lines: readonly string[]): boolean {
    let hasChanged = false
    for (const line of lines) {
      const outcome = this.#event(line)
      if (outcome === 'relist') return false
      if (outcome === 'changed') hasChanged = true
    }
    if (hasChanged) this.#tell({ kind: 'list', items: new Map(this.#items) })
    return true
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

  #selector(separator: '?' | '&'): string {
    const { name } = this.#target
    return name === undefined ? '' : `${separator}fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`
  }

  #relist(): number {
    this.#version = ''
    return this.#again()
  }

  /** At once the first time; a server or proxy that ends every watch is not asked in a circle. */
  #again(): number {
    if (this.#failures > 0) return this.#retryMs()
    this.#failures++
    return 0
  }

  /** Rule B3; the server's own wish is a floor (rule B4). */
  #retryMs(floorMs?: number): number {
    const chance = this.#parts.chance()
    const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++)
    const delayMs = ceilingMs * (0.5 + chance / 2)
    return floorMs === undefined ? delayMs : Math.max(delayMs, floorMs + chance * 1_000)
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
