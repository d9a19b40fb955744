/**
 * The streams of the control API, as server-sent events (HTML Standard, section 9.2):
 * events and lines of the log, from where a reader left off.
 *
 * A reader that does not read is let go at a limit; it comes back with `Last-Event-ID`.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../system/clock.ts'
import { type History, isWanted, type LogFilter } from './history.ts'
import { type LogLevel, type LogLine, logLevels } from './shapes.ts'

/** More than the events that are kept, as bytes on the wire. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024
/** News that come sooner after the last ones wait so long for company: a hundred readers of a busy supervisor are a hundred writes an event otherwise. */
const GATHER_MS = 20
/** A comment, so that a reader who is gone is noticed. */
const HEARTBEAT_MS = 15_000

/** What was asked for in the address and the headers. */
export interface StreamRequest {
  readonly query: URLSearchParams
  readonly lastEventId: string | undefined
  readonly clock: Clock
  /** Hears of the stream, so that it can be ended. */
  readonly opened: (stream: EventStream) => void
}

/** One that is open. */
export interface EventStream {
  /** Writes what is still to be said, and ends. */
  end(): void
}

/** Writes events until either side ends; the result says what was wrong with the asking, if anything. */
export function streamEvents(history: History, response: ServerResponse, request: StreamRequest): { error: string; hint: string } | undefined {
  const from = startOf(history, request)
  const missed = from === undefined ? undefined : history.after(from)
  if (missed === undefined) return { error: 'no number or time to begin at', hint: 'send Last-Event-ID: N, ?after=N or ?since=TIME' }
  if (missed === 'gone') return { error: `events after ${from} are no more kept`, hint: 'begin at now, and ask for the status' }
  const stream = new Stream(response, request)
  stream.send(missed.map(({ seq, line }) => message(line, seq)).join(''))
  if (request.query.get('follow') === '0') stream.end()
  else stream.until(history.follow(({ seq, line }) => stream.send(message(line, seq))))
  return undefined
}

/** Writes lines of the log, and goes on with `follow=1`. */
export function streamLogs(history: History, response: ServerResponse, request: StreamRequest): { error: string; hint: string } | undefined {
  const filter = logFilter(request.query)
  if (filter === undefined) return { error: 'no such filter', hint: 'level is info, warning or error; tail is a number; since is a time' }
  const after = request.lastEventId === undefined ? undefined : numberOf(request.lastEventId)
  const lines = after === undefined ? history.lines(filter) : history.linesAfter(after, filter)
  if (lines === 'gone') return { error: `lines after event ${after} are no more kept`, hint: 'begin anew' }
  const stream = new Stream(response, request)
  stream.send(lines.map((line) => message(JSON.stringify(line), line.seq)).join(''))
  const send = (line: LogLine): void => {
    if (isWanted(line, filter)) stream.send(message(JSON.stringify(line), line.seq))
  }
  if (request.query.get('follow') === '1') stream.until(history.followLines(send))
  else stream.end()
  return undefined
}

function startOf(history: History, { query, lastEventId }: StreamRequest): number | undefined {
  const after = lastEventId ?? query.get('after')
  if (after !== null && after !== undefined) return numberOf(after)
  const since = query.get('since')
  if (since === null) return history.seq
  return isTime(since) ? history.seqBefore(since) : undefined
}

function numberOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function logFilter(query: URLSearchParams): LogFilter | undefined {
  const level = logLevels.find((word): word is LogLevel => word === (query.get('level') ?? 'info'))
  const tail = query.get('tail')
  const since = query.get('since') ?? undefined
  if (level === undefined || (tail !== null && !/^\d{1,9}$/.test(tail)) || (since !== undefined && !isTime(since))) return undefined
  return { level, since, tail: tail === null ? undefined : Number(tail), names: query.getAll('name') }
}

/** The one form that is compared as text: RFC 3339 in UTC. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)
}

function message(data: string, id: number): string {
  return `id: ${id}\ndata: ${data}\n\n`
}

class Stream implements EventStream {
  readonly #response: ServerResponse
  readonly #clock: Clock
  readonly #closed = new AbortController()
  /** What waits for company; undefined when nothing was written of late. */
  #gathered: string | undefined

  constructor(response: ServerResponse, { clock, opened }: StreamRequest) {
    this.#response = response
    this.#clock = clock
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'kpf-ends': 'told' })
    response.flushHeaders()
    response.once('close', () => this.#closed.abort())
    void this.#beat()
    opened(this)
  }

  send(messages: string): void {
    if (this.#gathered === undefined) void this.#writeAndGather(messages)
    else this.#gathered += messages
  }

  /** Calls `off` when the reader has gone. */
  until(off: () => void): void {
    this.#closed.signal.addEventListener('abort', off, { once: true })
  }

  end(): void {
    // What has no end of its own on the wire: a connection that is cut looks the same (HTTP/1.0).
    this.#write(`${this.#gathered ?? ''}: end\n\n`)
    this.#gathered = undefined
    this.#response.end()
  }

  async #writeAndGather(messages: string): Promise<void> {
    for (let text = messages; text !== ''; text = this.#gathered ?? '') {
      this.#write(text)
      this.#gathered = ''
      await this.#clock.sleep(GATHER_MS, this.#closed.signal)
    }
    this.#gathered = undefined
  }

  #write(text: string): void {
    if (this.#closed.signal.aborted || this.#response.writableEnded || text === '') return
    if (this.#response.writableLength > MAX_UNREAD_BYTES) this.#response.destroy()
    else this.#response.write(text)
  }

  async #beat(): Promise<void> {
    for (let before = 0; await this.#clock.sleep(HEARTBEAT_MS, this.#closed.signal); ) {
      const written = this.#response.socket?.bytesWritten ?? 0
      const unsent = this.#response.writableLength
      // Nothing went out for all that time, though there was something: nobody reads.
      if (unsent > 0 && written - unsent <= before) return void this.#response.destroy()
      before = written - unsent
      this.#write(': still here\n\n')
    }
  }
}
