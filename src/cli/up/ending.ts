/** The end of a run: begun once, by whoever asks first; hurried by whoever asks again. */
import type { CommandBody, EndedBody } from '../../control/shapes.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'

/** Stops one supervisor. */
export class Ending {
  /** What runs beside the forwards now, and goes on after them. */
  command: CommandBody | undefined
  readonly #supervisor: Supervisor
  readonly #force = new AbortController()
  readonly #over = Promise.withResolvers<void>()
  #isBegun = false
  #counted: Omit<EndedBody, 'project'> = { forwards: 0, served: 0, failed: 0, reset: 0 }

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
    supervisor.subscribe((event) => {
      if (event.type === 'stopped') this.#counted = { forwards: event.forwards, served: event.served, failed: event.failed, reset: event.reset }
    })
  }

  get isBegun(): boolean {
    return this.#isBegun
  }

  /** Resolves once everything is closed. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** What there is to tell once it is over. */
  get told(): Omit<EndedBody, 'project'> {
    return { ...this.#counted, ...(this.command && { command: this.command }) }
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
