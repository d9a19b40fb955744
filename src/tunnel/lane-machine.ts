/**
 * The life of one lane, as a table: from the first wish to the end of its pod.
 *
 * Pure: facts go in, a new state and commands come out; `lane.ts` owns the tunnel and
 * the timer and obeys. Each dial and each wait has a generation, and what comes from an
 * older one changes nothing: a dial that was given up may still answer.
 */
import type { Failure } from './failure.ts'

/** What a lane is doing now. */
export type LaneState =
  | { readonly kind: 'idle'; readonly generation: number }
  | { readonly kind: 'dialing'; readonly generation: number }
  | { readonly kind: 'open'; readonly generation: number }
  /** Open, but a ping is overdue. */
  | { readonly kind: 'suspect'; readonly generation: number; readonly failure: Failure }
  /** A moment between an open tunnel and the wait for the next. */
  | { readonly kind: 'lost'; readonly generation: number; readonly failure: Failure }
  | { readonly kind: 'backoff'; readonly generation: number; readonly failure: Failure }
  /** As backoff, but somebody has to act before it can get better. */
  | { readonly kind: 'refused'; readonly generation: number; readonly failure: Failure }
  | { readonly kind: 'gone'; readonly generation: number; readonly failure: Failure }
  | { readonly kind: 'closed'; readonly generation: number }

/** What happened. */
export type LaneInput =
  | { readonly kind: 'want' }
  | { readonly kind: 'kick' }
  | { readonly kind: 'close' }
  | { readonly kind: 'opened'; readonly generation: number }
  | { readonly kind: 'overdue'; readonly generation: number; readonly failure: Failure }
  | { readonly kind: 'answered'; readonly generation: number }
  /** The dial failed, or the tunnel ended. */
  | { readonly kind: 'failed'; readonly generation: number; readonly failure: Failure; readonly podGone: boolean }
  /** The wait that a loss calls for has begun. */
  | { readonly kind: 'waiting'; readonly generation: number }
  | { readonly kind: 'retry-due'; readonly generation: number }

/** What the shell must do. */
export type LaneCommand =
  | { readonly kind: 'dial' }
  /** Ask the open tunnel for a sign. */
  | { readonly kind: 'probe' }
  /** Let go of tunnel, dial and wait, whichever there is. */
  | { readonly kind: 'hang-up' }
  | { readonly kind: 'retry'; readonly why: 'loss' | 'failure' | 'kick' }

/** A state and what follows from having entered it. */
export interface LaneStep {
  readonly state: LaneState
  readonly commands: readonly LaneCommand[]
}

/** Where every lane begins. */
export const idle: LaneState = { kind: 'idle', generation: 0 }

/** One step. An input that means nothing in a state changes nothing: it came late. */
export function step(state: LaneState, input: LaneInput): LaneStep {
  if (state.kind === 'closed') return stay(state)
  if (input.kind === 'close') return { state: { kind: 'closed', generation: state.generation }, commands: [{ kind: 'hang-up' }] }
  if ('generation' in input && input.generation !== state.generation) return stay(state)
  switch (state.kind) {
    case 'idle':
      return input.kind === 'want' ? dial(state) : stay(state)
    case 'dialing':
      return dialled(state, input)
    case 'open':
    case 'suspect':
      return alive(state, input)
    case 'lost':
      return input.kind === 'waiting' ? { state: waiting(state.generation, state.failure), commands: [] } : stay(state)
    case 'backoff':
    case 'refused':
      return resting(state, input)
    case 'gone':
      return stay(state)
  }
}

function dialled(state: LaneState, input: LaneInput): LaneStep {
  if (input.kind === 'opened') return { state: { kind: 'open', generation: state.generation }, commands: [] }
  if (input.kind !== 'failed') return stay(state)
  if (input.podGone) return gone(input)
  const generation = state.generation + 1
  return { state: waiting(generation, input.failure), commands: [{ kind: 'hang-up' }, { kind: 'retry', why: 'failure' }] }
}

function alive(state: LaneState, input: LaneInput): LaneStep {
  switch (input.kind) {
    case 'overdue':
      return { state: { kind: 'suspect', generation: state.generation, failure: input.failure }, commands: [] }
    case 'answered':
      return { state: { kind: 'open', generation: state.generation }, commands: [] }
    case 'kick':
      return { state, commands: [{ kind: 'probe' }] }
    case 'failed':
      if (input.podGone) return gone(input)
      return {
        state: { kind: 'lost', generation: state.generation + 1, failure: input.failure },
        commands: [{ kind: 'hang-up' }, { kind: 'retry', why: 'loss' }],
      }
    default:
      return stay(state)
  }
}

function resting(state: LaneState & { readonly failure: Failure }, input: LaneInput): LaneStep {
  if (input.kind === 'retry-due') return dial(state)
  if (input.kind !== 'kick') return stay(state)
  return { state: { ...state, generation: state.generation + 1 }, commands: [{ kind: 'hang-up' }, { kind: 'retry', why: 'kick' }] }
}

function dial(state: LaneState): LaneStep {
  return { state: { kind: 'dialing', generation: state.generation + 1 }, commands: [{ kind: 'dial' }] }
}

function gone(input: { readonly generation: number; readonly failure: Failure }): LaneStep {
  return { state: { kind: 'gone', generation: input.generation + 1, failure: input.failure }, commands: [{ kind: 'hang-up' }] }
}

/** Network trouble passes by itself; the other classes need somebody to change something. */
function waiting(generation: number, failure: Failure): LaneState {
  const isRefused = failure.class === 'auth' || failure.class === 'rbac' || failure.class === 'config' || failure.class === 'protocol'
  return { kind: isRefused ? 'refused' : 'backoff', generation, failure }
}

function stay(state: LaneState): LaneStep {
  return { state, commands: [] }
}
