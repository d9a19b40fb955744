/** Exit codes: documented, stable, told by `kpf help` and docs/cli.md with the words of `exit-meanings.ts`. */
import type { Trouble } from '../doctor/finding.ts'
import type { FailureClass } from '../tunnel/failure.ts'

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notReady: 3,
  credentials: 4,
  unreachable: 5,
  bind: 6,
  owned: 7,
  notRunning: 8,
  approval: 9,
  differs: 10,
  internal: 70,
  timedOut: 124,
  runFailed: 125,
  commandRefused: 126,
  commandMissing: 127,
  forcedInt: 130,
  forcedTerm: 143,
} as const

/** The exit code of a failed forward's phase or reason. */
export function exitCodeOf(phase: string): number {
  switch (phase) {
    case 'auth':
    case 'forbidden':
      return exitCodes.credentials
    case 'cluster-down':
      return exitCodes.unreachable
    case 'bind':
    case 'port-busy':
      return exitCodes.bind
    default:
      return exitCodes.failed
  }
}

/** The exit code for a failure's class. */
export function exitCodeOfClass(failureClass: FailureClass | undefined): number {
  switch (failureClass) {
    case 'auth':
    case 'rbac':
      return exitCodes.credentials
    case 'connection':
      return exitCodes.unreachable
    default:
      return exitCodes.failed
  }
}

/** The exit code for what a look at machine, file and cluster found; `otherwise` for what only keeps a forward from being ready. */
export function exitCodeOfTrouble(trouble: Trouble, otherwise: number): number {
  switch (trouble) {
    case 'bind':
      return exitCodes.bind
    case 'file':
      return exitCodes.usage
    case 'approval':
      return exitCodes.approval
    case 'auth':
    case 'rbac':
    case 'connection':
      return exitCodeOfClass(trouble)
    case 'resolve':
    case 'config':
    case 'stream':
    case 'protocol':
      return otherwise
  }
}
