/**
 * The live table on a terminal: redrawn in place, at most 10 times a second, with facts
 * printed once above it; the cursor comes back on every way out.
 */
import { stripVTControlCharacters } from 'node:util'
import type { Event } from '../../supervisor/events.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'
import { connectionText, endText, eventLines, type SpecOf } from '../../output/event-text.ts'
import { drawTable } from '../../output/table.ts'
import { urlsOf } from '../../output/words.ts'
import { realClock, timeOfDay } from '../../system/clock.ts'
import { openUrl } from '../../system/open-url.ts'
import { type Context, isSet } from '../context.ts'
import { firstReady } from './first-ready.ts'
import { wrapped } from '../../output/wrapped.ts'
import type { Renderer } from './renderer.ts'

const FRAME_MS = 100
/** Ages move on although nothing happens. */
const IDLE_FRAME_MS = 1_000
/** Long enough to be read, short enough that the keys come back. */
const NOTE_MS = 4_000
/** As wide as a time and a blank. */
const INDENT = ' '.repeat(9)
const MIN_FACT_WIDTH = 20
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const CLEAR_REST = '\u001b[K'
const CLEAR_BELOW = '\u001b[0J'
const UP = '\u001b[A'
const DOWN = '\u001b[B'

/** What it is called, and how it finds a forward's spec. */
export interface TableOptions {
  /** The project's name first, two blanks behind it. */
  readonly title: string
  readonly specOf: SpecOf
}

/** Starts drawing. */
export function liveTable(supervisor: Supervisor, context: Context, options: TableOptions): Renderer {
  const table = new LiveTable(supervisor, context, options)
  table.start()
  return { isLive: true, press: (key) => table.press(key), close: () => table.close() }
}

class LiveTable {
  readonly #supervisor: Supervisor
  readonly #context: Context
  readonly #options: TableOptions
  readonly #closed = new AbortController()
  readonly #ends: (() => void)[] = []
  /** What stands on the screen below the facts. */
  #drawn: readonly string[] = []
  #above: string[] = []
  #isDirty = true
  #isAway = false
  /** All have stopped: another table would push the last word about them off a small screen. */
  #isOver = false
  #isLogging = false
  #scroll = 0
  #opened = 0
  #note: { readonly text: string; readonly untilMs: number } | undefined
  #stopsAtMs: number | undefined
  #size = { width: 0, height: 0 }

  constructor(supervisor: Supervisor, context: Context, options: TableOptions) {
    this.#supervisor = supervisor
    this.#context = context
    this.#options = options
  }

  start(): void {
    const whenReady = firstReady(this.#supervisor, realClock)
    this.#context.out(`${HIDE_CURSOR}${this.#options.title}\n`)
    const unsubscribe = this.#supervisor.subscribe((event) => {
      this.#isDirty = true
      if (event.type === 'stopping') this.#stopsAtMs = realClock.now() + event.deadlineMs
      if (event.type === 'stopped') this.#isOver = true
      this.#above.push(...this.#linesAbove(event))
      const sentence = whenReady(event)
      if (sentence !== undefined) this.#above.push(sentence)
    })
    this.#ends.push(
      unsubscribe,
      this.#context.screen.use({
        // What was said so far stays; the table itself goes, for whoever talks now.
        leave: () => {
          this.#context.out(`${this.#erasing()}${SHOW_CURSOR}`)
          this.#drawn = []
          this.#isAway = true
        },
        comeBack: () => {
          this.#context.out(HIDE_CURSOR)
          this.#isAway = false
          this.#isDirty = true
        },
      }),
    )
    void this.#loop()
  }

  press(key: string): void {
    if (key === 'r') this.#say('trying again now')
    else if (key === 'o') this.#openNext()
    else if (key === 'l') {
      this.#isLogging = !this.#isLogging
      this.#say(this.#isLogging ? 'log on: each change is printed above' : 'log off')
    } else if (key === 'j' || key === DOWN) this.#scroll++
    else if (key === 'k' || key === UP) this.#scroll = Math.max(0, this.#scroll - 1)
    else return
    this.#isDirty = true
  }

  /** Nothing of the table is left; what was said stays. */
  close(): void {
    this.#closed.abort()
    for (const end of this.#ends.splice(0)) end()
    this.#context.out(`${this.#erasing()}${this.#above.map((line) => `${line}\n`).join('')}${SHOW_CURSOR}`)
    this.#drawn = []
  }

  async #loop(): Promise<void> {
    for (let idleMs = 0; ; ) {
      const { width, height } = this.#context.terminal.size()
      const isResized = width !== this.#size.width || height !== this.#size.height
      if (this.#isDirty || isResized || idleMs >= IDLE_FRAME_MS) {
        this.#draw()
        idleMs = 0
      }
      if (!(await realClock.sleep(FRAME_MS, this.#closed.signal))) return
      idleMs += FRAME_MS
    }
  }

  #draw(): void {
    if (this.#isAway || this.#isOver) return
    const { terminal, out } = this.#context
    const { width, height } = terminal.size()
    this.#size = { width, height }
    const now = realClock.now()
    const { lines, scroll } = drawTable(
      this.#supervisor.snapshot(),
      { width, height: height - 2, isColored: terminal.isColored, isUtf8: terminal.isUtf8 },
      {
        scroll: this.#scroll,
        note: this.#note && this.#note.untilMs > now ? this.#note.text : undefined,
        stopping: this.#stopsAtMs === undefined ? undefined : { leftMs: this.#stopsAtMs - now },
      },
    )
    // A blank line keeps what was said apart from the table, and goes with it.
    const drawn = ['', ...lines]
    // Each line over the one that stands there, and what is left below goes. To clear the screen from its first
    // character on, as a full one would be, is for tmux a reason to keep a copy of it in its history.
    out(`${this.#goingUp()}${[...this.#above, ...drawn].map((line) => `${line}${CLEAR_REST}\n`).join('')}${CLEAR_BELOW}`)
    this.#above = []
    this.#drawn = drawn
    this.#scroll = scroll
    this.#isDirty = false
  }

  #say(text: string): void {
    this.#note = { text, untilMs: realClock.now() + NOTE_MS }
    this.#isDirty = true
  }

  /** Each press opens the next of several. */
  #openNext(): void {
    const all = this.#supervisor.snapshot().rows.flatMap(({ spec, status }) => urlsOf(spec, status).map((url) => ({ name: spec.name, url })))
    const next = all[this.#opened % Math.max(1, all.length)]
    if (next === undefined) return this.#say('no port has "appProtocol: http"')
    this.#opened++
    this.#say(`opening ${next.url}`)
    void openUrl(next.url, this.#context.env).then((wasTaken) => {
      if (!wasTaken) this.#say(`no browser here: ${next.url}`)
    })
  }

  /** What is told once and scrolls away; states are in the table, unless the log is on. */
  #linesAbove(event: Event): readonly string[] {
    if (event.type === 'stopping') return []
    if (event.type === 'connection-accepted') return isSet(this.#context.flags, 'verbose') ? [`${timeOfDay(event.time)} ${connectionText(event)}`] : []
    if (event.type === 'forward-state-changed' && (!this.#isLogging || this.#stopsAtMs !== undefined)) return []
    if (event.type === 'stopped') return [`${this.#options.title.split('  ')[0] ?? ''} ${endText(event)}`]
    const { width } = this.#context.terminal.size()
    // The first line of a log entry has the time before it, and the others as many blanks.
    const lines = eventLines(event, this.#options.specOf, { timeOf: timeOfDay, width: width - INDENT.length })
    return lines.flatMap((line, index) => {
      // The lines of a file are shown as they are.
      const parts = line.startsWith('    ') ? [line] : wrapped(line, Math.max(MIN_FACT_WIDTH, width - INDENT.length))
      return parts.map((part, row) => `${index === 0 && row === 0 ? `${timeOfDay(event.time)} ` : INDENT}${part}`)
    })
  }

  /** To where the table begins, which is gone then. */
  #erasing(): string {
    const rows = this.#rows()
    return rows === 0 ? '' : `${this.#goingUp()}${`${CLEAR_REST}\n`.repeat(rows)}${this.#goingUp()}`
  }

  #goingUp(): string {
    const rows = this.#rows()
    return rows === 0 ? '' : `\u001b[${rows}A\r`
  }

  /** A terminal that has become narrower has broken the lines that are on it. */
  #rows(): number {
    const { width } = this.#context.terminal.size()
    return this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / width)), 0)
  }
}
