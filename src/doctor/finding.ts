/** What a doctor found, as data: types and the names of things. Pure. */
import type { Failure, FailureClass } from '../tunnel/failure.ts'

/** The parts of a report, in their order. */
export const sections = {
  machine: 'This machine',
  file: 'The forwards file',
  kubeconfig: 'The kubeconfig',
  cluster: 'Clusters',
  forward: 'Forwards',
} as const

export type SectionId = keyof typeof sections

/** `error`: a forward will not come up. `warning`: it may not, or not for long. `note`: good to know. */
export type Severity = 'ok' | 'note' | 'warning' | 'error'

/** What kind of thing has to be put right; decides the exit code. */
export type Trouble = FailureClass | 'file' | 'approval' | 'bind'

/** One thing that was looked at. */
export interface Finding {
  /** Stable: `local-port`, `permissions`. */
  readonly id: string
  readonly section: SectionId
  readonly severity: Severity
  /** What or whom it is about: a forward, a context, an endpoint. */
  readonly about?: string
  /** What was seen: lower case, no final period. */
  readonly evidence: string
  /** Of docs/errors.md. */
  readonly code?: string
  /** What to do, with the command if there is one. */
  readonly fix?: string
  /** Of an error. */
  readonly trouble?: Trouble
}

/** A failure as an error; what it advises comes before `fix`. */
export function failed(why: Failure, of: Pick<Finding, 'id' | 'section' | 'about'>, fix?: string): Finding {
  const advice = [why.hint, fix].filter((part) => part !== undefined).join('; ')
  return { ...of, severity: 'error', evidence: why.message, code: why.code, trouble: why.class, ...(advice !== '' && { fix: advice }) }
}
