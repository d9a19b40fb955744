/**
 * Facts become events here: numbered, dated, and told to every subscriber in one order.
 *
 * A subscriber is called at once and must not wait; one that throws is dropped, so
 * that a broken screen never stops a forward.
 */
import type { Clock } from '../system/clock.ts'
import type { Event, Fact } from './events.ts'
import { isoTime } from './iso-time.ts'

/** Gets every event after the subscription, in order. */
export type Subscriber = (event: Event) => void

/** The one way out of the supervisor. */
export class Bus {
  readonly #clock: Clock
  readonly #subscribers = new Set<Subscriber>()
  /** Told while another event was being told: its turn comes after that one has reached everybody. */
  readonly #queue: Event[] = []
  #isTelling = false
  #seq = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Events from now on; call the result to stop. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Tells a fact. */
  tell(fact: Fact): void {
    this.#queue.push({ ...fact, seq: ++this.#seq, time: isoTime(this.#clock.wallMs()) })
    if (this.#isTelling) return
    this.#isTelling = true
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) this.#pass(event)
    this.#isTelling = false
  }

  #pass(event: Event): void {
    for (const subscriber of [...this.#subscribers]) {
      try {
        subscriber(event)
      } catch {
        this.#subscribers.delete(subscriber)
      }
    }
  }
}
