/** The end of a run: begun once, by whoever asks first; hurried by whoever asks again. */
import type { Supervisor } from '../../supervisor/supervisor.ts'

/** Stops one supervisor. */
export class Ending {
  readonly #supervisor: Supervisor
  readonly #force = new AbortController()
  readonly #over = Promise.withResolvers<void>()
  #isBegun = false

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
  }

  get isBegun(): boolean {
    return this.#isBegun
  }

  /** Resolves once everything is closed. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** Busy connections have `drainMs`; none, when it has begun before, resets what is left. */
  begin(drainMs: number): Promise<void> {
    if (drainMs === 0) this.#force.abort()
    if (!this.#isBegun) {
      this.#isBegun = true
      void this.#supervisor.stop({ drainMs, deadline: this.#force.signal }).then(() => this.#over.resolve())
    }
    return this.over
  }

  /** What is left is reset. */
  hurry(): void {
    this.#force.abort()
  }
}
