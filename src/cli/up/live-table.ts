/**
 * The live table on a terminal: redrawn in place, at most 10 times a second, with facts
 * printed once above it; the cursor comes back on every way out.
 */
import type { Event } from '../../supervisor/events.ts'
import type { Supervisor } from '../../supervisor/supervisor.ts'
import { connectionText, endText, eventLines, rejectedText, type SpecOf } from '../../output/event-text.ts'
import { factLines } from '../../output/log-text.ts'
import { drawTable } from '../../output/table.ts'
import { rowsOf } from '../../output/table-rows.ts'
import { firstLook, lookAfter } from '../../output/window.ts'
import { urlsOf } from '../../output/words.ts'
import { realClock } from '../../system/clock.ts'
import { shownTime } from '../../system/local-time.ts'
import { openUrl } from '../../system/open-url.ts'
import { type Context, isSet } from '../context.ts'
import { InPlace } from '../in-place.ts'
import { firstReady } from './first-ready.ts'
import type { Renderer } from './renderer.ts'

const FRAME_MS = 100
/** Ages move on although nothing happens. */
const IDLE_FRAME_MS = 1_000
/** Long enough to be read, short enough that the keys come back. */
const NOTE_MS = 4_000
const CTRL_Z = '\u001a'
/** So many changes are told when the log is asked for. */
const RECENT = 10
/** With the log on the table leaves it half of the screen. */
const LEAST_HEIGHT = 6

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
  readonly #place: InPlace
  #above: string[] = []
  #isDirty = true
  #isAway = false
  /** All have stopped: another table would push the last word about them off a small screen. */
  #isOver = false
  #isLogging = false
  /** The file as it is now is not what runs. */
  #alert: string | undefined
  readonly #recent: Event[] = []
  #look = firstLook
  #opened = 0
  #note: { readonly text: string; readonly untilMs: number } | undefined
  #stopsAtMs: number | undefined
  #size = { width: 0, height: 0 }

  constructor(supervisor: Supervisor, context: Context, options: TableOptions) {
    this.#supervisor = supervisor
    this.#context = context
    this.#options = options
    this.#place = new InPlace(context)
  }

  start(): void {
    const whenReady = firstReady(this.#supervisor, realClock)
    this.#context.out(`${this.#options.title}\n`)
    this.#place.begin()
    const unsubscribe = this.#supervisor.subscribe((event) => {
      this.#isDirty = true
      if (event.type === 'stopping') this.#stopsAtMs = realClock.now() + event.deadlineMs
      if (event.type === 'stopped') this.#isOver = true
      this.#hear(event)
      this.#above.push(...this.#linesAbove(event))
      const sentence = whenReady(event)
      if (sentence !== undefined) this.#above.push(sentence)
    })
    this.#ends.push(
      unsubscribe,
      this.#context.screen.use({
        // What was said so far stays; the table itself goes, for whoever talks now.
        leave: () => {
          this.#place.end()
          this.#isAway = true
        },
        comeBack: () => {
          this.#place.begin()
          this.#isAway = false
          this.#isDirty = true
        },
      }),
    )
    void this.#loop()
  }

  press(key: string): void {
    this.#isDirty = true
    const { look, isTaken } = lookAfter(this.#look, key)
    this.#look = look
    if (isTaken) return
    if (key === 'r') this.#say('trying again now')
    else if (key === 'o') this.#openNext()
    else if (key === 'l') this.#switchLog()
    else if (key === CTRL_Z) this.#say('to run it in the background: q, then kpf up -d')
    else if (/^[\w ]$/.test(key) && key !== 'q') this.#say(`"${key}" does nothing; ? tells the keys`)
  }

  /** Nothing of the table is left; what was said stays. */
  close(): void {
    this.#closed.abort()
    for (const end of this.#ends.splice(0)) end()
    this.#place.end(this.#above)
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
    const snapshot = this.#supervisor.snapshot()
    // Before the file is applied it would look as if nothing were in it.
    if (this.#isAway || this.#isOver || snapshot.generation === 0) return
    const { terminal } = this.#context
    const { width, height } = terminal.size()
    this.#size = { width, height }
    const now = realClock.now()
    const { lines, scroll } = drawTable(
      rowsOf(snapshot),
      { width, height: this.#isLogging ? Math.max(LEAST_HEIGHT, Math.floor(height / 2)) : height - 2, isColored: terminal.isColored, isUtf8: terminal.isUtf8 },
      {
        ...this.#look,
        alert: this.#alert,
        note: this.#note && this.#note.untilMs > now ? this.#note.text : undefined,
        stopping: this.#stopsAtMs === undefined ? undefined : { leftMs: this.#stopsAtMs - now },
      },
    )
    // A blank line keeps what was said apart from the table, and goes with it.
    this.#place.draw(this.#above, ['', ...lines])
    this.#above = []
    this.#look = { ...this.#look, scroll, steps: [] }
    this.#isDirty = false
  }

  #say(text: string): void {
    this.#note = { text, untilMs: realClock.now() + NOTE_MS }
    this.#isDirty = true
  }

  /** With what happened last, so that who asks because of it sees it. */
  #switchLog(): void {
    this.#isLogging = !this.#isLogging
    this.#say(this.#isLogging ? 'log on: each change is printed above' : 'log off')
    if (this.#isLogging) this.#above.push(...this.#recent.splice(0).flatMap((event) => this.#linesOf(event)))
  }

  /** Keeps what may be asked for later. */
  #hear(event: Event): void {
    if (event.type === 'config-rejected') this.#alert = rejectedText(event)
    if (event.type === 'config-applied') this.#alert = undefined
    if (event.type !== 'forward-state-changed' || this.#isLogging) return
    this.#recent.push(event)
    if (this.#recent.length > RECENT) this.#recent.shift()
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
    if (event.type === 'connection-accepted') return isSet(this.#context.flags, 'verbose') ? this.#told(event, [connectionText(event)]) : []
    if (event.type === 'forward-state-changed' && (!this.#isLogging || this.#stopsAtMs !== undefined)) return []
    if (event.type === 'stopped') return [`${this.#options.title.split('  ')[0] ?? ''} ${endText(event)}`]
    return this.#linesOf(event)
  }

  #linesOf(event: Event): readonly string[] {
    return this.#told(event, eventLines(event, this.#options.specOf, shownTime))
  }

  #told({ time }: Event, sentences: readonly string[]): readonly string[] {
    return factLines(shownTime(time), sentences, this.#context.terminal.size().width)
  }
}
