/**
 * The live table on a terminal: redrawn in place, at most 10 times a second, with facts
 * printed once above it; the cursor comes back on every way out.
 */
import type { Event } from '../supervisor/events.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { eventLines, type SpecOf, stoppedText, timeText } from '../output/event-text.ts'
import { tableLines } from '../output/table.ts'
import { realClock } from '../system/clock.ts'
import type { Context } from './context.ts'
import { firstReady } from './first-ready.ts'
import type { Renderer } from './renderer.ts'

const FRAME_MS = 100
/** Ages move on although nothing happens. */
const IDLE_FRAME_MS = 1_000
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

/** Starts drawing. */
export function liveTable(supervisor: Supervisor, context: Context, { title, specOf }: { readonly title: string; readonly specOf: SpecOf }): Renderer {
  const closed = new AbortController()
  const whenReady = firstReady(supervisor, realClock)
  let drawnLines = 0
  let above: string[] = []
  let isDirty = true
  let isAway = false

  const draw = (): void => {
    if (isAway) return
    const { width, height } = context.terminal.size()
    const paper = { width, height: height - 1, isColored: context.terminal.isColored, isUtf8: context.terminal.isUtf8 }
    const lines = tableLines(supervisor.snapshot(), paper)
    context.out(`${erase(drawnLines)}${above.map((line) => `${line}\n`).join('')}${lines.map((line) => `${line}\n`).join('')}`)
    above = []
    drawnLines = lines.length
    isDirty = false
  }
  const loop = async (): Promise<void> => {
    for (let idleMs = 0; ; ) {
      if (isDirty || idleMs >= IDLE_FRAME_MS) {
        draw()
        idleMs = 0
      }
      if (!(await realClock.sleep(FRAME_MS, closed.signal))) return
      idleMs += FRAME_MS
    }
  }
  const hear = (event: Event): void => {
    isDirty = true
    above.push(...linesAbove(event, specOf))
    const sentence = whenReady(event)
    if (sentence !== undefined) above.push(sentence)
  }
  context.out(`${HIDE_CURSOR}${title}\n\n`)
  const unsubscribe = supervisor.subscribe(hear)
  const stopUsing = context.screen.use({
    // What was said so far stays; the table itself goes, for whoever talks now.
    leave: () => {
      context.out(`${erase(drawnLines)}${SHOW_CURSOR}`)
      drawnLines = 0
      isAway = true
    },
    comeBack: () => {
      context.out(HIDE_CURSOR)
      isAway = false
      isDirty = true
    },
  })
  void loop()
  return {
    isLive: true,
    close: () => {
      closed.abort()
      unsubscribe()
      stopUsing()
      context.out(`${erase(drawnLines)}${above.map((line) => `${line}\n`).join('')}${SHOW_CURSOR}`)
    },
  }
}

/** What is told once and scrolls away; states are in the table. */
function linesAbove(event: Event, specOf: SpecOf): readonly string[] {
  if (event.type === 'forward-state-changed' || event.type === 'connection-accepted') return []
  if (event.type === 'stopped') return [stoppedText(event)]
  return eventLines(event, specOf).map((line, index) => (index === 0 ? `${timeText(event.time)} ${line}` : `         ${line}`))
}

function erase(lines: number): string {
  return lines === 0 ? '' : `\u001b[${lines}A\r\u001b[0J`
}
