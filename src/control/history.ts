/**
 * What was told, kept for those who come later: events by their numbers, lines of the
 * log, and how often each forward lost its tunnel. Bounded; a reader who is too late is
 * told so rather than given a gap.
 */
import type { Forward } from '../file/forward.ts'
import { eventLines, type SpecOf } from '../output/event-text.ts'
import { eventLine } from '../output/jsonl.ts'
import type { Event, State } from '../supervisor/events.ts'
import { type LogLevel, type LogLine, logLevels } from './shapes.ts'

const MAX_EVENTS = 8_192
const MAX_LINES = 4_096

/** An event as it goes over the wire. */
export interface ToldEvent {
  readonly seq: number
  readonly time: string
  readonly line: string
}

/** Hears every event of a supervisor from the first. */
export class History {
  readonly #wallAt: (clockMs: number) => string
  readonly #specOf: (name: string) => Forward | undefined
  readonly #events: ToldEvent[] = []
  readonly #lines: LogLine[] = []
  /** Of the last line that is no more kept. */
  #goneSeq = 0
  readonly #restarts = new Map<string, number>()
  readonly #states = new Map<string, State>()
  readonly #readers = new Set<(event: ToldEvent) => void>()
  readonly #lineReaders = new Set<(line: LogLine) => void>()

  constructor(wallAt: (clockMs: number) => string, specOf: SpecOf) {
    this.#wallAt = wallAt
    this.#specOf = specOf
  }

  /** The number of the last event; 0 before the first. */
  get seq(): number {
    return this.#events.at(-1)?.seq ?? 0
  }

  hear(event: Event): void {
    const told = { seq: event.seq, time: event.time, line: eventLine(event, this.#wallAt) }
    push(this.#events, told, MAX_EVENTS)
    this.#count(event)
    for (const read of this.#readers) read(told)
    const line = logLine(event, this.#specOf)
    if (line === undefined) return
    this.#goneSeq = push(this.#lines, line, MAX_LINES)?.seq ?? this.#goneSeq
    for (const read of this.#lineReaders) read(line)
  }

  restarts(forward: string): number {
    return this.#restarts.get(forward) ?? 0
  }

  /** Events after a number, in order; `gone` when some of them are no more kept. */
  after(seq: number): readonly ToldEvent[] | 'gone' {
    const [first] = this.#events
    if (first === undefined) return []
    if (seq + 1 < first.seq) return 'gone'
    return this.#events.slice(seq + 1 - first.seq)
  }

  /** The number after which an event is no older than a moment. */
  seqBefore(time: string): number {
    return this.#events.findLast((event) => event.time < time)?.seq ?? (this.#events[0]?.seq ?? 1) - 1
  }

  /** Lines that are at least as bad as `level`; the last `tail` of them. */
  lines({ level, since, tail, names }: LogFilter): readonly LogLine[] {
    const fitting = this.#lines.filter((line) => isWanted(line, { level, names }) && (since === undefined || line.time >= since))
    return tail === undefined ? fitting : fitting.slice(Math.max(0, fitting.length - tail))
  }

  /** Lines that came after an event, for a reader who was there; `gone` when some of them are no more kept. */
  linesAfter(after: number, filter: LogFilter): readonly LogLine[] | 'gone' {
    return after < this.#goneSeq ? 'gone' : this.lines({ ...filter, tail: undefined }).filter(({ seq }) => seq > after)
  }

  /** From now on, until the result is called. Nothing is lost between `after` and this in one turn. */
  follow(read: (event: ToldEvent) => void): () => void {
    this.#readers.add(read)
    return () => this.#readers.delete(read)
  }

  followLines(read: (line: LogLine) => void): () => void {
    this.#lineReaders.add(read)
    return () => this.#lineReaders.delete(read)
  }

  #count(event: Event): void {
    if (event.type === 'forward-moved') this.#restarted(event.forward)
    if (event.type !== 'forward-state-changed') return
    const before = this.#states.get(event.forward)
    this.#states.set(event.forward, event.to)
    // A silent tunnel is told before it is given up: it was open until then.
    const wasOpen = event.from === 'ready' || event.from === 'degraded'
    const isLoss = wasOpen && (event.to === 'waiting' || event.to === 'starting' || event.to === 'failed')
    // It begins again although it had not ended: somebody restarted it.
    const isAnew = event.from === null && before !== undefined && before !== 'stopped'
    if (isLoss || isAnew) this.#restarted(event.forward)
  }

  #restarted(forward: string): void {
    this.#restarts.set(forward, this.restarts(forward) + 1)
  }
}

/** Which lines are meant. */
export interface LogFilter {
  readonly level: LogLevel
  /** RFC 3339. */
  readonly since: string | undefined
  readonly tail: number | undefined
  /** None means all, and the lines that are of no forward. */
  readonly names: readonly string[]
}

/** Whether a line is one of those. */
export function isWanted(line: LogLine, { level, names }: Pick<LogFilter, 'level' | 'names'>): boolean {
  if (logLevels.indexOf(line.level) < logLevels.indexOf(level)) return false
  return names.length === 0 || (line.forward !== undefined && names.includes(line.forward))
}

/** The line that an event is worth, if any. */
export function logLine(event: Event, specOf: SpecOf): LogLine | undefined {
  const lines = eventLines(event, specOf)
  if (lines.length === 0) return undefined
  const forward = 'forward' in event ? event.forward : undefined
  return { seq: event.seq, time: event.time, level: levelOf(event), ...(forward !== undefined && { forward }), text: lines.join('\n') }
}

function levelOf(event: Event): LogLevel {
  switch (event.type) {
    case 'config-rejected':
      return 'error'
    case 'warning':
      return 'warning'
    case 'forward-state-changed':
      return event.to === 'failed' ? 'error' : event.to === 'waiting' || event.to === 'degraded' ? 'warning' : 'info'
    case 'forward-moved':
    case 'config-applied':
    case 'connection-accepted':
    case 'stopping':
    case 'stopped':
      return 'info'
  }
}

/** Gives the last of those that had to go. */
function push<T>(list: T[], item: T, limit: number): T | undefined {
  list.push(item)
  // A tenth at once: shifting one by one would move the list at every event.
  return list.length > limit * 1.1 ? list.splice(0, list.length - limit).at(-1) : undefined
}
