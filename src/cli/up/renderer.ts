/** Which renderer draws a run, by `-o` and by where the output goes. */
import type { Supervisor } from '../../supervisor/supervisor.ts'
import { isoTime } from '../../supervisor/iso-time.ts'
import { realClock } from '../../system/clock.ts'
import { shownTime } from '../../system/local-time.ts'
import { logLine } from '../../control/history.ts'
import { eventLine } from '../../output/jsonl.ts'
import { connectionText, eventLines, type SpecOf } from '../../output/event-text.ts'
import { withClock } from '../../output/log-text.ts'
import { type Context, isSet, textFlag } from '../context.ts'
import { firstReady } from './first-ready.ts'
import { liveTable } from './live-table.ts'

/** Draws until it is closed. */
export interface Renderer {
  close(): void | Promise<void>
  /** Whether it has the screen, and with it the keys. */
  readonly isLive: boolean
  /** A key that was pressed, when it hears keys. */
  readonly press?: (key: string) => void
}

const forms = ['auto', 'plain', 'jsonl', 'quiet'] as const

/** The form of the output, or undefined when that word is none. */
export function outputForm(context: Context): (typeof forms)[number] | undefined {
  if (isSet(context.flags, 'quiet')) return 'quiet'
  const asked = textFlag(context.flags, 'output') ?? 'auto'
  return forms.find((form) => form === asked)
}

/** Subscribes the right renderer to the supervisor. */
export function render(supervisor: Supervisor, context: Context, title: string): Renderer {
  const form = outputForm(context)
  const specOf: SpecOf = (name) => supervisor.forward(name)?.spec
  switch (form) {
    case 'jsonl': {
      const wallAt = (clockMs: number): string => isoTime(realClock.wallMs() + clockMs - realClock.now())
      return { isLive: false, close: supervisor.subscribe((event) => context.out(`${eventLine(event, wallAt)}\n`)) }
    }
    case 'quiet':
      return quiet(supervisor, context, specOf)
    case 'auto':
      if (context.terminal.isInteractive) return liveTable(supervisor, context, { title, specOf })
      return plain(supervisor, context, specOf)
    case 'plain':
    case undefined:
      return plain(supervisor, context, specOf)
  }
}

/** What is wrong, as `kpf logs --level warning` has it. */
function quiet(supervisor: Supervisor, context: Context, specOf: SpecOf): Renderer {
  return {
    isLive: false,
    close: supervisor.subscribe((event) => {
      const line = logLine(event, specOf)
      if (line !== undefined && line.level !== 'info') context.err(`${withClock(line.text, shownTime)}\n`)
    }),
  }
}

/** Beside a command, whose own output it must not mix with: nothing of single forwards, which are waited for. */
export function warned(supervisor: Supervisor, context: Context): Renderer {
  return {
    isLive: false,
    close: supervisor.subscribe((event) => {
      if (event.type === 'config-rejected' || event.type === 'warning')
        context.err(`${eventLines(event, (name) => supervisor.forward(name)?.spec, shownTime).join('\n')}\n`)
    }),
  }
}

/** One line per transition; once, when all are ready, that they are: one alone has said so. */
function plain(supervisor: Supervisor, context: Context, specOf: SpecOf): Renderer {
  const whenReady = firstReady(supervisor, realClock)
  const isVerbose = isSet(context.flags, 'verbose')
  return {
    isLive: false,
    close: supervisor.subscribe((event) => {
      const lines = event.type === 'connection-accepted' && isVerbose ? [connectionText(event)] : eventLines(event, specOf, shownTime)
      if (lines.length > 0) context.err(`${lines.join('\n')}\n`)
      const sentence = whenReady(event)
      if (sentence?.startsWith('all ')) context.err(`${sentence}\n`)
    }),
  }
}
