/** The status of a running project, drawn again whenever something happens, until a signal or a key. */
import { follow } from '../../control/client.ts'
import type { StatusBody } from '../../control/shapes.ts'
import { realClock } from '../../system/clock.ts'
import { askWithin } from './asking.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { asStatus, type Owner, silent, statusOf } from './reach.ts'

/** Ages move on although nothing happens; a burst of events is one drawing. */
const [IDLE_MS, BURST_MS] = [1_000, 100] as const
const KEYS_THAT_END = ['q', '\u0003', '\u0004']

/** How a watch ended: the person left, or the supervisor did. */
export type WatchEnd = 'left' | 'ended'

/** Runs `ps --watch`. */
export async function watchStatus(context: Context, draw: (status: StatusBody) => readonly string[]): Promise<number> {
  const found = await statusOf(context)
  if (found.kind === 'ended') return found.code
  const end = await watchOwner(context, found.owner, { draw })
  return end === 'left' ? exitCodes.done : silent(context, found.owner, 'ECONNREFUSED')
}

/** What is drawn, and what is told above it. */
export interface Drawing {
  readonly draw: (status: StatusBody) => readonly string[]
  /** Lines that stay, since the last drawing. */
  readonly above?: () => readonly string[]
}

/** Draws until the person leaves or the supervisor is gone. In place on a terminal, else one below the other when it differs. */
export async function watchOwner(context: Context, owner: Owner, { draw, above = () => [] }: Drawing): Promise<WatchEnd> {
  const stop = interruption(context)
  const left = Promise.withResolvers<void>()
  const offKeys = context.terminal.isInteractive ? context.terminal.onKey((key) => KEYS_THAT_END.includes(key) && left.resolve()) : () => {}
  stop.signal.addEventListener('abort', () => left.resolve(), { once: true })
  const over = new AbortController()
  void left.promise.then(() => over.abort())
  const news = new News()
  void follow(owner.socket, { path: '/v1/events', signal: over.signal }, () => news.tell()).then(() => news.tell())
  const screen = new Redrawing(context)
  try {
    while (!over.signal.aborted) {
      const asked = await askWithin(owner.socket, { method: 'GET', path: '/v1/status', signal: over.signal })
      const status = asked.kind === 'answered' ? asStatus(asked.body) : undefined
      if (over.signal.aborted) break
      if (status === undefined) return 'ended'
      screen.draw(draw(status), above())
      await realClock.sleep(BURST_MS, over.signal)
      await Promise.race([news.next(), realClock.sleep(IDLE_MS, over.signal)])
    }
    return 'left'
  } finally {
    screen.end(above())
    over.abort()
    offKeys()
    stop.over()
  }
}

/** Whether something happened since it was last looked at. */
class News {
  #next = Promise.withResolvers<void>()

  tell(): void {
    this.#next.resolve()
  }

  async next(): Promise<void> {
    await this.#next.promise
    this.#next = Promise.withResolvers()
  }
}

class Redrawing {
  readonly #context: Context
  #drawn: readonly string[] = []

  constructor(context: Context) {
    this.#context = context
  }

  draw(lines: readonly string[], above: readonly string[]): void {
    const { isInteractive, size } = this.#context.terminal
    if (!isInteractive) {
      const text = lines.join('\n')
      if (text !== this.#drawn.join('\n')) this.#context.out(`${text}\n`)
      this.#drawn = lines
      return
    }
    const { width, height } = size()
    const fitting = lines.slice(0, Math.max(1, height - 1)).map((line) => line.slice(0, width))
    this.#context.out(`${this.#erased()}${[...above, ...fitting].map((line) => `${line}\n`).join('')}`)
    this.#drawn = fitting
  }

  end(above: readonly string[]): void {
    if (this.#context.terminal.isInteractive && above.length > 0) this.#context.out(`${this.#erased()}${above.map((line) => `${line}\n`).join('')}`)
  }

  #erased(): string {
    return this.#drawn.length === 0 ? '' : `\u001b[${this.#drawn.length}A\r\u001b[0J`
  }
}
