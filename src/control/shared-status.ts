/**
 * The status as text, made once for all who ask in the same moment: scripts that wait
 * for one supervisor ask it by the dozen, and each answer costs as much as a connection.
 *
 * Nobody gets an answer that was made before something was asked to change, or a look at
 * the machine that began before the question.
 */
import type { Clock } from '../system/clock.ts'
import type { DriftBody } from './drift.ts'
import type { StatusBody } from './shapes.ts'

/** Of a running project, what its status is made of. */
export interface StatusSource {
  status(): StatusBody
  drift(): Promise<readonly DriftBody[]>
}

/** One text for many. */
export class SharedStatus {
  readonly #source: StatusSource
  readonly #clock: Clock
  readonly #closed = new AbortController()
  #now: Buffer | undefined
  #look: Promise<Buffer> | undefined
  #nextLook: Promise<Buffer> | undefined

  constructor(source: StatusSource, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** As it is in this turn of the event loop. */
  now(): Buffer {
    if (this.#now === undefined) {
      this.#now = textOf(this.#source.status())
      void this.#clock.sleep(0, this.#closed.signal).then(() => this.forget())
    }
    return this.#now
  }

  /** With where what runs is no more what the machine has; found out anew after the question. */
  withDrift(): Promise<Buffer> {
    const begun = this.#look
    if (begun === undefined) return this.#lookNow()
    this.#nextLook ??= begun.then(
      () => this.#lookNow(),
      () => this.#lookNow(),
    )
    return this.#nextLook
  }

  /** Something was asked to change: what was made before is of the past. */
  forget(): void {
    this.#now = undefined
  }

  close(): void {
    this.#closed.abort()
  }

  async #lookNow(): Promise<Buffer> {
    this.#nextLook = undefined
    const look = this.#looked()
    this.#look = look
    try {
      return await look
    } finally {
      if (this.#look === look) this.#look = undefined
    }
  }

  async #looked(): Promise<Buffer> {
    const drift = await this.#source.drift()
    return textOf({ ...this.#source.status(), ...(drift.length > 0 && { drift }) })
  }
}

function textOf(status: StatusBody): Buffer {
  return Buffer.from(JSON.stringify(status))
}
