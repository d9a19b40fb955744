/** Events as versioned JSON lines, described by `schema/event.schema.json`. Pure. */
import type { Event, Status } from '../supervisor/events.ts'
import { printPlan } from '../supervisor/plan.ts'

/** The version of the shape. */
export const EVENT_VERSION = 1

/** One event as one line; `wallAt` turns a moment of the supervisor's clock into RFC 3339. */
export function eventLine(event: Event, wallAt: (clockMs: number) => string): string {
  return JSON.stringify({ v: EVENT_VERSION, seq: event.seq, time: event.time, type: event.type, ...body(event, wallAt) })
}

function body(event: Event, wallAt: (clockMs: number) => string): object {
  switch (event.type) {
    case 'forward-state-changed':
      return { forward: event.forward, from: event.from, to: event.to, ...statusBody(event.status, wallAt) }
    case 'forward-moved':
      return { forward: event.forward, fromPod: event.from.pod, toPod: event.to.pod, draining: event.draining }
    case 'config-applied':
      return { file: event.file, generation: event.generation, plan: event.plan, summary: printPlan(event.plan, event.untouched) }
    case 'config-rejected':
      return { file: event.file, problems: event.problems.map(({ sourceLine: _sourceLine, ...problem }) => problem) }
    case 'warning':
      return {
        ...(event.forward !== undefined && { forward: event.forward }),
        code: event.code,
        message: event.message,
        ...(event.hint !== undefined && { hint: event.hint }),
      }
    case 'connection-accepted':
      return { forward: event.forward, localPort: event.localPort }
    case 'stopping':
      return { busy: event.busy, deadlineMs: event.deadlineMs }
    case 'stopped':
      return { forwards: event.forwards, served: event.served, failed: event.failed, reset: event.reset, uptimeMs: Math.round(event.uptimeMs) }
  }
}

function statusBody(status: Status, wallAt: (clockMs: number) => string): object {
  return {
    phase: status.phase,
    reason: status.reason ?? null,
    ...(status.message !== undefined && { message: status.message }),
    ...(status.hint !== undefined && { hint: status.hint }),
    attempt: status.attempt,
    nextRetryAt: status.nextRetryAtMs === undefined ? null : wallAt(status.nextRetryAtMs),
    pod: status.pod ?? null,
    listeners: status.listeners,
  }
}
