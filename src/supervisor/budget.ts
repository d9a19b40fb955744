/**
 * The connections of the process: as many as its descriptors allow, whichever forward
 * they belong to.
 *
 * Node says nothing when descriptors run out: it accepts a client and closes it at once.
 * So they are counted here, and somebody is told while there is still room (rule D6).
 */
import type { Clock } from '../system/clock.ts'
import { CountedWarnings } from './counted-warnings.ts'
import type { Warning } from './events.ts'

/** From this share of the limit on somebody is told, once. */
const HIGH = 0.7
/** Below this share it may be told again. */
const LOW = 0.5

/** What is shared by all receptions of the process. */
export class Budget {
  readonly #maxOpen: number
  readonly #warn: (warning: Warning) => void
  readonly #full: CountedWarnings
  #open = 0
  #isHigh = false
  /** Connections that wait, of all forwards together. */
  held = 0

  constructor(maxOpen: number, parts: { readonly clock: Clock; readonly warn: (warning: Warning) => void }) {
    this.#maxOpen = maxOpen
    this.#warn = parts.warn
    this.#full = new CountedWarnings(parts.clock, parts.warn)
  }

  /** One with a socket of its own to the cluster counts twice. */
  get open(): number {
    return this.#open
  }

  /** Room for one connection; false when there is none, and then that is told. */
  take(): boolean {
    if (this.#open >= this.#maxOpen) {
      this.#full.note({ code: 'KPF_CONNECTION_LIMIT', message: `more than ${this.#maxOpen} connections of the process at once: new ones are reset`, hint })
      return false
    }
    this.#open++
    this.#look()
    return true
  }

  /** A connection that has its room takes more of it for a while; it is not refused, but later ones may be. */
  stretch(descriptors: number): void {
    this.#open += descriptors
    this.#look()
  }

  /** Gives the room of one connection back. */
  give(): void {
    this.#open--
    this.#look()
  }

  #look(): void {
    if (this.#open < this.#maxOpen * LOW) this.#isHigh = false
    if (this.#isHigh || this.#open < this.#maxOpen * HIGH) return
    this.#isHigh = true
    this.#warn({ code: 'KPF_CONNECTIONS_HIGH', message: `${this.#open} connections of the process are open; at ${this.#maxOpen} new ones are reset`, hint })
  }
}

const hint = 'raise the limit of open files (ulimit -n) and start again'
