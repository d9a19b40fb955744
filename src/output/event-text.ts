/** Events as sentences, one line each. Pure; the plain output, the log and what is above the table share it. */
import type { Forward } from '../file/forward.ts'
import { printPlan } from '../supervisor/plan.ts'
import type { Event, Place, Status } from '../supervisor/events.ts'
import { problemSentences } from './problem-text.ts'
import { counted, imageTag, localText, targetText } from './words.ts'

/** Looks a forward's spec up, for what an event does not carry. */
export type SpecOf = (forward: string) => Forward | undefined

/** The lines of an event; none for what a person need not read. Times in them are as the event has them, unless `timeOf` tells them by a reader's clock. */
export function eventLines(event: Event, specOf: SpecOf, timeOf: (time: string) => string = String): readonly string[] {
  return sentences(event, specOf, timeOf).map(inOneLine)
}

function sentences(event: Event, specOf: SpecOf, timeOf: (time: string) => string): readonly string[] {
  switch (event.type) {
    case 'forward-state-changed':
      return stateLines(event.forward, event.status, specOf)
    case 'forward-moved': {
      const versions = imageTag(event.from.image) === imageTag(event.to.image) ? '' : `, image ${imageTag(event.from.image)} -> ${imageTag(event.to.image)}`
      const draining =
        event.draining > 0
          ? `; ${counted(event.draining, 'connection')} ${event.draining === 1 ? 'finishes' : 'finish'} there${limitOf(specOf(event.forward))}`
          : ''
      const place = placeTexts(event.places)
      return [`${event.forward}: moved to pod ${event.to.pod}${versions}${place.to} (${event.from.pod}${place.from} ${left[event.why]}${draining})`]
    }
    case 'config-applied':
      if (event.generation === 1) return []
      return [`${event.file === '' ? 'by hand' : `${event.file} applied`}: ${printPlan(event.plan, event.untouched)}`]
    case 'config-rejected':
      return [
        `${event.file} not applied${event.runningSince === null ? '' : `, still running the one of ${timeOf(event.runningSince)}`}`,
        ...problemSentences(event.problems),
      ]
    case 'warning':
      return [`${event.forward === undefined ? '' : `${event.forward}: `}warning: ${advised(event.message, event.hint)}`]
    case 'connection-accepted':
      return []
    case 'stopping':
      return [event.busy > 0 ? `stopping; ${counted(event.busy, 'busy connection')}, ${Math.round(event.deadlineMs / 1000)} s (again: now)` : 'stopping']
    case 'stopped':
      return [stoppedText(event)]
  }
}

/** In one line, for as long as it is so: `not applied: forwards.yaml:14:5 there is no field "prots"`. */
export function rejectedText({ file, problems }: Extract<Event, { type: 'config-rejected' }>): string {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return first === undefined ? `not applied: ${file}` : `not applied: ${first.file}:${first.line}:${first.column}${more} ${first.message}`
}

/** What `--verbose` tells besides. */
export function connectionText({ forward, localPort }: { readonly forward: string; readonly localPort: number }): string {
  return `${forward}: connection on port ${localPort}`
}

const left = {
  ending: 'is ending',
  gone: 'is gone or selected no more',
  unready: 'is not ready',
  lost: 'was lost',
  replaced: 'is left',
  elsewhere: 'is left',
} as const

/** Where to and where from, when it is another place: names of pods may be the same in both. */
function placeTexts(places: { readonly from: Place; readonly to: Place } | undefined): { readonly from: string; readonly to: string } {
  if (places === undefined) return { from: '', to: '' }
  const [from, to] = [places.from, places.to].map(({ context, namespace }) => ` in namespace ${namespace} of context ${context}`)
  return from === to ? { from: ' of before', to: `${to}, which means another server or user now` } : { from: from ?? '', to: to ?? '' }
}

/** `stopped: 3 forwards, 1,204 connections served, 0 failed, 1 reset at the end, 42 min` */
export function stoppedText(event: Extract<Event, { type: 'stopped' }>): string {
  return `stopped: ${counted(event.forwards, 'forward')}, ${counted(event.served, 'connection')} served, ${event.failed} failed, ${event.reset} reset at the end, ${uptimeText(event.uptimeMs)}`
}

/** The same in one line of a narrow terminal: what did not happen is not told. */
export function endText(event: Extract<Event, { type: 'stopped' }>): string {
  const bad = [event.failed > 0 ? `${event.failed} failed` : '', event.reset > 0 ? `${event.reset} reset at the end` : ''].filter((part) => part !== '')
  return [
    'stopped: ',
    [counted(event.forwards, 'forward'), `${counted(event.served, 'connection')} served`, ...bad, uptimeText(event.uptimeMs)].join(', '),
  ].join('')
}

function uptimeText(uptimeMs: number): string {
  const minutes = Math.floor(uptimeMs / 60_000)
  return minutes > 0 ? `${minutes} min` : `${Math.round(uptimeMs / 1000)} s`
}

function limitOf(spec: Forward | undefined): string {
  return spec === undefined ? '' : `, ${Math.round(spec.drainTimeoutMs / 1000)} s at most`
}

function advised(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}; ${hint}`
}

/** Words of a plugin or a server may have lines of their own. */
function inOneLine(sentence: string): string {
  return sentence.replaceAll(/\s*[\r\n]\s*/g, ' ')
}

function stateLines(name: string, status: Status, specOf: SpecOf): readonly string[] {
  const spec = specOf(name)
  switch (status.state) {
    case 'ready':
      if (status.phase === 'switching' || spec === undefined) return []
      return [`${name}: ready on ${localText(spec, status)} (${targetText(spec)}, pod ${status.pod ?? '?'})`]
    case 'starting':
      return []
    case 'stopping':
      return []
    case 'stopped':
      return [`${name}: stopped${status.message === undefined ? '' : `: ${status.message}`}`]
    case 'degraded':
    case 'waiting':
    case 'failed':
      return [`${name}: ${status.state}: ${advised(status.message ?? status.phase, status.hint)}`]
  }
}
