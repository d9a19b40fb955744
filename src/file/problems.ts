/**
 * A mistake in the file, with its place. Pure data; `problem-text.ts` prints it.
 */

/** One mistake. Every problem of a file is reported, sorted by place. */
export interface Problem {
  /** The file as the user named it. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units as editors count. */
  readonly column: number
  /** Stable, `KPF_…`. */
  readonly code: string
  /** What is wrong: lower case, no final period, names quoted. */
  readonly message: string
  /** What to write instead. */
  readonly fix?: string
  /** The line of the file the problem stands on, for the code frame. */
  readonly sourceLine?: string
  /** `approval` problems end with exit code 9, all others with 2. */
  readonly kind?: 'approval'
}
