/** Lines at the end of a terminal that are drawn again and again in their place, below what stays. */
import { widthOf } from '../output/columns.ts'
import { atExit } from '../system/at-exit.ts'
import type { Context } from './context.ts'

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
/** All of it: of a line that was broken, the first part would be taken for one with the next where the terminal becomes wider again. */
const CLEAR_LINE = '\u001b[2K'
const CLEAR_BELOW = '\u001b[0J'

/** Of one terminal; the cursor is hidden until the end, whatever ends the process. */
export class InPlace {
  readonly #context: Pick<Context, 'out' | 'terminal'>
  #drawn: readonly string[] = []
  #offExit: (() => void) | undefined

  constructor(context: Pick<Context, 'out' | 'terminal'>) {
    this.#context = context
  }

  /** From now on there is no cursor. */
  begin(): void {
    this.#offExit = atExit(() => this.#context.out(SHOW_CURSOR))
    this.#context.out(HIDE_CURSOR)
  }

  /** Each line over the one that stands there; `above` stays for good. No line may be wider than the terminal. */
  draw(above: readonly string[], lines: readonly string[]): void {
    // What is left below goes. To clear the screen from its first character on, as a full one would be, is for tmux
    // a reason to keep a copy of it in its history.
    this.#context.out(`${this.#goingUp()}${[...above, ...lines].map((line) => `${CLEAR_LINE}${line}\n`).join('')}${CLEAR_BELOW}`)
    this.#drawn = lines
  }

  /** Nothing of the lines is left; `above` stays, and the cursor is back. */
  end(above: readonly string[] = []): void {
    const rows = this.#rows()
    const erasing = rows === 0 ? '' : `${this.#goingUp()}${`${CLEAR_LINE}\n`.repeat(rows)}${this.#goingUp()}`
    this.#context.out(`${erasing}${above.map((line) => `${line}\n`).join('')}${SHOW_CURSOR}`)
    this.#drawn = []
    this.#offExit?.()
    this.#offExit = undefined
  }

  #goingUp(): string {
    const rows = this.#rows()
    return rows === 0 ? '' : `\u001b[${rows}A\r`
  }

  /** A terminal that has become narrower has broken the lines that are on it. */
  #rows(): number {
    const { width } = this.#context.terminal.size()
    return this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / width)), 0)
  }
}
