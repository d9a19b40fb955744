/**
 * The terminal as something that is used in turns: by what draws and hears keys most of
 * the time, by a program that talks to a person now and then.
 */

/** Who uses the terminal, and leaves it while it is lent. */
export interface ScreenUser {
  leave(): void
  comeBack(): void
}

/** One terminal. */
export class Screen {
  readonly #users = new Set<ScreenUser>()
  #turn: Promise<unknown> = Promise.resolve()
  #isLent = false

  /** From now on; call the result to stop. While it is lent the user begins with `comeBack`. */
  use(user: ScreenUser): () => void {
    this.#users.add(user)
    if (this.#isLent) user.leave()
    return () => this.#users.delete(user)
  }

  /** Leaves the terminal to `run` alone; whoever asks meanwhile waits for a turn. */
  lend<T>(run: () => Promise<T>): Promise<T> {
    const lent = this.#turn.then(() => this.#alone(run))
    // A run that fails is its caller's business, not that of the next.
    this.#turn = lent.catch(() => {})
    return lent
  }

  async #alone<T>(run: () => Promise<T>): Promise<T> {
    this.#isLent = true
    for (const user of this.#users) user.leave()
    try {
      return await run()
    } finally {
      this.#isLent = false
      for (const user of this.#users) user.comeBack()
    }
  }
}
