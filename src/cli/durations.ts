/** Durations of flags, written as in the file. Pure. */

/** Whether a text is one: `500ms`, `10s`, `1h30m`. */
export function isDuration(text: string): boolean {
  return /^(\d+(\.\d+)?(ms|h|m|s))+$/.test(text)
}
