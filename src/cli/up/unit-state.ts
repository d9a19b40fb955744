/** What the service manager is told of a run, as assignments. Pure; source: sd_notify(3). */
import { readyText } from '../../output/table.ts'
import type { Event, Status } from '../../supervisor/events.ts'

/** A run as its unit has it. */
export interface UnitState {
  /** All were ready at least once: what is ordered after the unit may start. */
  readonly isReady: boolean
  readonly isStopping: boolean
  /** `5 of 6 ready` */
  readonly status: string
}

/** Before anything was told. */
export const untold: UnitState = { isReady: false, isStopping: false, status: '' }

/** Whether the unit may be another after it. A file with forwards is told before there is one of them: their own events follow. */
export function concernsUnit(event: Event): boolean {
  if (event.type === 'config-applied') return event.plan.length === 0
  return event.type === 'forward-state-changed' || event.type === 'stopping' || event.type === 'stopped'
}

/** The state with these forwards; what has begun to stop, or was ready, stays so. Without a forward there is nothing to wait for. */
export function unitState(before: UnitState, type: Event['type'], rows: readonly Pick<Status, 'state'>[]): UnitState {
  if (before.isStopping || type === 'stopping' || type === 'stopped') return { ...before, isStopping: true, status: 'stopping' }
  return { isReady: before.isReady || rows.every(({ state }) => state === 'ready'), isStopping: false, status: readyText(rows) }
}

/** What has to be said after `told`; readiness and the end come first, and are never taken back. */
export function news(told: UnitState, now: UnitState): readonly string[] {
  return [
    ...(now.isReady && !told.isReady ? ['READY=1'] : []),
    ...(now.isStopping && !told.isStopping ? ['STOPPING=1'] : []),
    ...(now.status === told.status ? [] : [`STATUS=${now.status}`]),
  ]
}

/** Whether somebody waits for it: a status can wait. */
export function isUrgent(told: UnitState, now: UnitState): boolean {
  return now.isReady !== told.isReady || now.isStopping !== told.isStopping
}
