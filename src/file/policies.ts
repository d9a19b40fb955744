/**
 * The groups of fields that say how a forward behaves, with what counts where nothing is
 * said. Pure.
 */
import { durationMs } from './duration.ts'
import type { Forward, PortRange, RestartPolicy } from './forward.ts'
import { isPlain } from './plain.ts'

/** A forward without a file: what the ad-hoc form starts from. */
export const builtIn: Omit<Forward, 'name' | 'access' | 'target' | 'ports' | 'position'> = {
  enabled: true,
  requireReady: true,
  transport: transportOf({}),
  hold: holdOf(undefined),
  drainTimeoutMs: 30_000,
  backoff: backoffOf({}),
  restart: { kind: 'always' },
  timeouts: timeoutsOf({}),
  maxConnections: 512,
}

/** `transport: spdy` is short for its mode. */
export function asMode(value: unknown): unknown {
  return typeof value === 'string' ? { mode: value } : value
}

/** How to tunnel, complete. */
export function transportOf(full: Record<string, unknown>): Forward['transport'] {
  const mode = full['mode']
  return { mode: mode === 'websocket' || mode === 'spdy' || mode === 'channel' ? mode : 'auto', pingIntervalMs: msOr(full['pingInterval'], 10_000) }
}

/** How connections wait, complete. */
export function holdOf(value: unknown): Forward['hold'] {
  if (value === 'off') return { timeoutMs: 0, windowMs: 0, maxConnections: 0 }
  const hold = isPlain(value) ? value : {}
  return {
    timeoutMs: msOr(hold['timeout'], 10_000),
    windowMs: msOr(hold['window'], Math.max(30_000, msOr(hold['timeout'], 0))),
    maxConnections: numberOr(hold['maxConnections'], 64),
  }
}

/** How to wait before a dial, complete. */
export function backoffOf(value: Record<string, unknown>): Forward['backoff'] {
  return {
    initialMs: msOr(value['initial'], 200),
    factor: numberOr(value['factor'], 2),
    maxMs: msOr(value['max'], 15_000),
    jitter: numberOr(value['jitter'], 0.5),
    resetAfterMs: msOr(value['resetAfter'], 30_000),
  }
}

/** How long things may take, complete. */
export function timeoutsOf(value: Record<string, unknown>): Forward['timeouts'] {
  return { dialMs: msOr(value['dial'], 15_000), streamMs: msOr(value['stream'], 10_000), halfCloseMs: msOr(value['halfClose'], 10_000) }
}

/** When to begin again. */
export function restartOf(value: unknown): RestartPolicy {
  if (value === 'no') return { kind: 'no' }
  if (typeof value !== 'string' || value === 'always') return { kind: 'always' }
  const limit = /:(\d+)$/.exec(value)?.[1]
  return { kind: 'on-failure', ...(limit !== undefined && { limit: Number(limit) }) }
}

/** A group of fields: those of the forward over those of `defaults`. */
export function part(own: Record<string, unknown>, defaults: Record<string, unknown>, key: string): Record<string, unknown> {
  return { ...(isPlain(defaults[key]) && defaults[key]), ...(isPlain(own[key]) && own[key]) }
}

/** Where free local ports are looked for; bounds in the wrong order are meant the other way round. */
export function portRangeOf(value: unknown): { readonly portRange?: PortRange } {
  const [first, last] = (textOf(value)?.split('-') ?? []).map(Number)
  return first === undefined || last === undefined ? {} : { portRange: { first: Math.min(first, last), last: Math.max(first, last) } }
}

/** The text, if it is one. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The text, or what counts without one. */
export function textOr(value: unknown, otherwise: string): string {
  return textOf(value) ?? otherwise
}

/** The number, or what counts without one. */
export function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

/** The truth value, or what counts without one. */
export function boolOr(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise
}

/** The milliseconds of a duration, or what counts without one. */
export function msOr(value: unknown, otherwise: number): number {
  return typeof value === 'string' ? durationMs(value) : otherwise
}
