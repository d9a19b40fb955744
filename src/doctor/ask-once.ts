/** Questions that many forwards have in common, asked once. Fifty forwards of a namespace need the same rights. */
export class AskOnce {
  readonly #answers = new Map<string, Promise<unknown>>()

  /** The answer to the question of that name, which `ask` gets the first time. A name stands for one type of answer. */
  get<T>(name: readonly string[], ask: () => Promise<T>): Promise<T> {
    const key = JSON.stringify(name)
    const answer = this.#answers.get(key) ?? ask()
    this.#answers.set(key, answer)
    // What was put in under this name is of this type, or the caller has mixed up its names.
    return answer as Promise<T>
  }
}
