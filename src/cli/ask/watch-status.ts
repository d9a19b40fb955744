/** The status of a running project, drawn again whenever something happens, until a signal or a key. */
import { follow } from '../../control/follow.ts'
import type { StatusBody } from '../../control/shapes.ts'
import { realClock } from '../../system/clock.ts'
import { askWithin } from './asking.ts'
import { cut } from '../../output/columns.ts'
import type { Context } from '../context.ts'
import { InPlace } from '../in-place.ts'
import { exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { asStatus, type Owner, silent, statusOf } from './reach.ts'

/** Ages move on although nothing happens; a burst of events is one drawing. */
const [IDLE_MS, BURST_MS] = [1_000, 100] as const
const KEYS_THAT_END = ['q', '\u0003', '\u0004', '\u001c']

/** How a watch ended: the person left, or the supervisor did. */
export type WatchEnd = 'left' | 'ended'

/** Runs `ps --watch`. */
export async function watchStatus(context: Context, draw: (status: StatusBody) => readonly string[]): Promise<number> {
  const found = await statusOf(context)
  if (found.kind === 'ended') return found.code
  const footer = ['', '  q ends this; what runs goes on']
  const end = await watchOwner(context, found.owner, { draw: (status) => inHeight(draw(status), context, footer.length), footer, isKept: true })
  return end === 'left' ? exitCodes.done : silent(context, found.owner, 'ECONNREFUSED')
}

/** As many lines as there is room for, and how many there are besides. */
function inHeight(lines: readonly string[], { terminal }: Context, below: number): readonly string[] {
  if (!terminal.isInteractive) return lines
  const { width, height } = terminal.size()
  const room = Math.max(1, height - 1 - below)
  if (lines.length <= room) return lines
  return [...lines.slice(0, room - 1), cut(`and ${lines.length - room + 1} more lines: kpf ps has all`, width, '...')]
}

/** What is drawn, and what is told above it. */
export interface Drawing {
  /** No line wider than the terminal, and one less than it has. */
  readonly draw: (status: StatusBody) => readonly string[]
  /** Below it on a terminal, while it is drawn. */
  readonly footer?: readonly string[]
  /** Whether the last drawing stays on the terminal. */
  readonly isKept?: boolean
  /** Hears every other key; it is drawn again then. */
  readonly press?: (key: string) => void
  /** Lines that stay, since the last drawing. */
  readonly above?: () => readonly string[]
}

/** Draws until the person leaves or the supervisor is gone. In place on a terminal, else one below the other when it differs. */
export async function watchOwner(context: Context, owner: Owner, drawing: Drawing): Promise<WatchEnd> {
  const stop = interruption(context)
  const left = Promise.withResolvers<void>()
  const news = new News()
  const press = (key: string): void => {
    if (KEYS_THAT_END.includes(key)) return left.resolve()
    drawing.press?.(key)
    news.tell()
  }
  const offKeys = context.terminal.isInteractive ? context.terminal.onKey(press) : () => {}
  stop.signal.addEventListener('abort', () => left.resolve(), { once: true })
  const over = new AbortController()
  void left.promise.then(() => over.abort())
  void follow(owner.socket, { path: '/v1/events', signal: over.signal }, () => news.tell()).then(() => news.tell())
  const screen = new Redrawing(context, drawing)
  try {
    while (!over.signal.aborted) {
      const asked = await askWithin(owner.socket, { method: 'GET', path: '/v1/status', signal: over.signal })
      const status = asked.kind === 'answered' ? asStatus(asked.body) : undefined
      if (over.signal.aborted) break
      if (status === undefined) return 'ended'
      screen.draw(status)
      await realClock.sleep(BURST_MS, over.signal)
      await Promise.race([news.next(), realClock.sleep(IDLE_MS, over.signal)])
    }
    return 'left'
  } finally {
    screen.end()
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
  readonly #drawing: Drawing
  readonly #place: InPlace
  #lines: readonly string[] = []

  constructor(context: Context, drawing: Drawing) {
    this.#context = context
    this.#drawing = drawing
    this.#place = new InPlace(context)
    if (context.terminal.isInteractive) this.#place.begin()
  }

  draw(status: StatusBody): void {
    const { draw, footer = [], above = () => [] } = this.#drawing
    const lines = draw(status)
    if (this.#context.terminal.isInteractive) this.#place.draw(above(), [...lines, ...footer])
    else if (lines.join('\n') !== this.#lines.join('\n')) this.#context.out(`${lines.join('\n')}\n`)
    this.#lines = lines
  }

  end(): void {
    const { isKept = false, above = () => [] } = this.#drawing
    if (this.#context.terminal.isInteractive) this.#place.end([...above(), ...(isKept ? this.#lines : [])])
  }
}
