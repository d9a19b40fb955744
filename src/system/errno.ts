/** What the machine calls an error. Pure, and of no weight: whoever only asks a supervisor reads it too. */

/** The name of a system error, such as ENOENT, or the code of another of Node's errors; `UNKNOWN` for anything else. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
}
