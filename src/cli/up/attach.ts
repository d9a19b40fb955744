/** A second `kpf up` of a project that runs: its file is applied to that one, which is then shown. */
import { follow } from '../../control/follow.ts'
import type { ApplyRequest, LogLine, StatusBody } from '../../control/shapes.ts'
import { connectionText } from '../../output/event-text.ts'
import type { Event } from '../../supervisor/events.ts'
import { factLines, sentencesOf, withClock } from '../../output/log-text.ts'
import { drawTable } from '../../output/table.ts'
import { rowsAsked } from '../../output/table-rows.ts'
import { firstLook, lookAfter } from '../../output/window.ts'
import { shownTime } from '../../system/local-time.ts'
import { askWithin } from '../ask/asking.ts'
import { type Context, isSet, textFlag } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { interruption } from '../interruption.ts'
import { asStatus, heard, isThere, type Owner, tell } from '../ask/reach.ts'
import { outputForm } from './renderer.ts'
import { RELOAD_MS, tellApplied } from '../ask/start-stop.ts'
import { watchOwner, type WatchEnd } from '../ask/watch-status.ts'

/**
 * Applies the file and gives the exit code for what became of it; `ending` when the
 * supervisor is, so that another may begin.
 */
export async function applyTo(context: Context, owner: Owner, given: Omit<ApplyRequest, 'names'> = {}): Promise<number | 'ending'> {
  const body: ApplyRequest = { names: context.words, ...given }
  const asked = await askWithin(owner.socket, { method: 'POST', path: '/v1/apply', body }, RELOAD_MS)
  const isEnding = asked.kind === 'answered' ? asked.code === 409 : !(await isThere(owner))
  if (isEnding) return 'ending'
  const told = await heard(context, owner, asked)
  return told.kind === 'ended' ? told.code : tellApplied(context, told.body)
}

/** Shows what runs until the person leaves it, or it ends. */
export async function attach(context: Context, owner: Owner, name: string): Promise<number> {
  const told = await tell(context, owner, { method: 'GET', path: '/v1/status' })
  if (told.kind === 'ended') return told.code
  const status = asStatus(told.body)
  const since = status === undefined ? '?' : shownTime(status.startedAt).slice(0, -3)
  context.err(
    `${name} already runs (pid ${owner.pid}, since ${since}). Attached: ${context.terminal.isInteractive ? 'q' : 'Ctrl-C'} leaves it running, \`kpf down\` stops it.\n`,
  )
  const end = await shown(context, owner, status?.seq ?? 0)
  if (end === 'left') {
    context.err(`${name} goes on in pid ${owner.pid}; \`kpf down\` stops it\n`)
    return exitCodes.done
  }
  context.err(`${name} was stopped (pid ${owner.pid})\n`)
  return end === 'stopped' ? exitCodes.done : exitCodes.failed
}

type End = 'left' | 'stopped' | 'lost'

/** What is read of an event. Only our own supervisor is at the other end, and says it as `schema/event.schema.json` has it. */
interface EventLine {
  readonly type: Event['type']
  readonly forward?: string
  readonly localPort?: number
}

async function shown(context: Context, owner: Owner, seq: number): Promise<End> {
  const form = outputForm(context)
  const over = new AbortController()
  let isStopped = false
  const lines: string[] = []
  const isTable = form === 'auto' && context.terminal.isInteractive
  const tellsConnections = form !== 'quiet' && isSet(context.flags, 'verbose')
  const told = (data: string): void => {
    const { type, forward, localPort } = JSON.parse(data) as EventLine
    if (type === 'stopped') isStopped = true
    if (form === 'jsonl') return context.out(`${data}\n`)
    if (type !== 'connection-accepted' || !tellsConnections || forward === undefined || localPort === undefined) return
    if (isTable) lines.push(connectionText({ forward, localPort }))
    else context.err(`${connectionText({ forward, localPort })}\n`)
  }
  const said = (line: LogLine): void => {
    if (isTable) lines.push(...factLines(shownTime(line.time), sentencesOf(line.text, shownTime), context.terminal.size().width))
    else if (form === 'plain' || form === 'auto' || line.level !== 'info') context.err(`${withClock(line.text, shownTime)}\n`)
  }
  const events = follow(owner.socket, { path: `/v1/events?after=${seq}`, signal: over.signal }, ({ data }) => told(data))
  if (form !== 'jsonl') void follow(owner.socket, { path: '/v1/logs?follow=1&tail=0', signal: over.signal }, ({ data }) => said(JSON.parse(data) as LogLine))
  try {
    const end = isTable ? await table(context, owner, () => lines.splice(0)) : await plain(context, events)
    if (end === 'left') return 'left'
    await events
    return isStopped ? 'stopped' : 'lost'
  } finally {
    over.abort()
  }
}

/** Draws the status as the one who started it sees it, with what was said meanwhile above it, and a blank line between. */
function table(context: Context, owner: Owner, above: () => readonly string[]): Promise<WatchEnd> {
  const { terminal } = context
  let look = firstLook
  const draw = (status: StatusBody): readonly string[] => {
    const { width, height } = terminal.size()
    const paper = { width, height: height - 2, isColored: terminal.isColored, isUtf8: terminal.isUtf8 }
    const { lines, scroll } = drawTable(rowsAsked(status), paper, { ...look, isAttached: true })
    look = { ...look, scroll, steps: [] }
    return ['', ...lines]
  }
  return watchOwner(context, owner, { draw, above, press: (key) => (look = lookAfter(look, key).look) })
}

/** Lets the lines come. */
async function plain(context: Context, events: Promise<unknown>): Promise<WatchEnd> {
  const stop = interruption(context)
  const left = Promise.withResolvers<'left'>()
  stop.signal.addEventListener('abort', () => left.resolve('left'), { once: true })
  const end = await Promise.race([left.promise, events.then(() => 'ended' as const)])
  stop.over()
  return end
}

/** The project's name as a person knows it. */
export function nameOf(context: Context, ofFile: string): string {
  return textFlag(context.flags, 'project-name') ?? ofFile
}
