/**
 * Looks beyond the watches when a target has nothing to dial: at what has a near name, and
 * at whether the pods of a service were scaled away.
 *
 * What it finds is added to the picture; without it the picture is as true. One question
 * is asked once, until it comes up anew.
 */
import type { Clock } from '../system/clock.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { getText, type KubectlPlace } from './kubectl-words.ts'
import { nearestText } from './nearest.ts'
import type { Neighbour, Neighbours } from './neighbours.ts'
import type { ObjectKind, Picture, Workload } from './picture.ts'
import { matches, type Requirement } from './selector.ts'

/** What a picture leaves open. */
export type Question =
  /** There is no object of the name: which are there? */
  | { readonly about: 'name'; readonly kind: ObjectKind; readonly name: string }
  /** No pod has the labels of a service: does something make such pods? */
  | { readonly about: 'scale'; readonly selector: readonly Requirement[] }

/** What a look needs, and whom it tells that there is more to be seen. */
export interface CloserLookParts {
  readonly clock: Clock
  readonly neighbours: Neighbours
  readonly place: KubectlPlace
  readonly changed: () => void
}

/** Bad news may be told so much later, to be told once: nobody is served by it. */
const WAIT_MS = 1_000
/** What makes pods that a service may select, and can be scaled. */
const KINDS = ['deployment', 'statefulset'] as const

interface Asked {
  readonly key: string
  isWaited: boolean
  add?: (picture: Picture) => Picture
}

/** The look of one target, until it is closed. */
export class CloserLook {
  readonly #parts: CloserLookParts
  readonly #closed = new AbortController()
  #asked: Asked | undefined

  constructor(parts: CloserLookParts) {
    this.#parts = parts
  }

  /** The picture with what is known beyond it; undefined while an answer is on its way that is worth waiting for. */
  see(picture: Picture, question: Question | undefined): Picture | undefined {
    if (question === undefined) {
      this.#asked = undefined
      return picture
    }
    const asked = this.#ask(question)
    if (asked.isWaited) return undefined
    return asked.add?.(picture) ?? picture
  }

  close(): void {
    this.#closed.abort()
  }

  #ask(question: Question): Asked {
    const key = JSON.stringify(question)
    if (this.#asked?.key === key) return this.#asked
    const asked: Asked = { key, isWaited: true }
    this.#asked = asked
    void this.#answer(question, asked)
    return asked
  }

  async #answer(question: Question, asked: Asked): Promise<void> {
    const { clock, changed } = this.#parts
    const over = new AbortController()
    const settle = (): void => {
      asked.isWaited = false
      if (this.#asked === asked && !this.#closed.signal.aborted) changed()
    }
    void clock.sleep(WAIT_MS, AbortSignal.any([over.signal, this.#closed.signal])).then((slept) => slept && settle())
    const add = question.about === 'name' ? await this.#near(question) : await this.#scaled(question)
    over.abort()
    if (add) asked.add = add
    settle()
  }

  async #near({ kind, name }: Question & { readonly about: 'name' }): Promise<Asked['add']> {
    const { neighbours, place } = this.#parts
    const found = await neighbours.of(kind, place.namespace)
    if (found === undefined) return undefined
    const hint = missingHint({ kind, name }, place, found)
    return (picture) => (picture.kind === 'failure' ? { ...picture, hint } : picture)
  }

  async #scaled({ selector }: Question & { readonly about: 'scale' }): Promise<Asked['add']> {
    const { neighbours, place } = this.#parts
    const lists = await Promise.all(KINDS.map(async (kind) => ({ kind, found: (await neighbours.of(kind, place.namespace)) ?? [] })))
    const makers = lists.flatMap(({ kind, found }) => found.filter(({ podLabels }) => matches(selector, podLabels)).map((maker) => ({ kind, ...maker })))
    // One that asks for pods and has none has another reason.
    if (makers.some(({ replicas }) => replicas !== 0)) return undefined
    const [first] = makers
    const scaledDown: Workload | undefined = first && { kind: first.kind, name: first.name }
    return scaledDown && ((picture) => (picture.kind === 'seen' ? { ...picture, scaledDown } : picture))
  }
}

/** An object that is not there, before anybody has looked for others. */
export function missingObject(object: { readonly kind: ObjectKind; readonly name: string }, place: KubectlPlace): Failure {
  const { kind, name } = object
  return failure('KPF_OBJECT_MISSING', `${kind} "${name}" does not exist in namespace "${place.namespace}"`, { hint: missingHint(object, place) })
}

function missingHint({ kind, name }: { readonly kind: ObjectKind; readonly name: string }, place: KubectlPlace, found?: readonly Neighbour[]): string {
  const names = found?.map((one) => one.name)
  // An empty list is mostly that of the wrong namespace.
  const advice = names === undefined || names.length === 0 ? 'check its name, the namespace and the context' : nearestText(name, names)
  return `${advice}; see: ${getText(kind, place)}`
}
