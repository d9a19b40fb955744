/** Durations of flags, written as in the file. Pure. */
import { durationMs } from '../file/duration.ts'
import { printable } from '../file/printable.ts'
import { type FlagValues, textFlag } from './context.ts'
import type { Mistake } from './mistake.ts'

/** Whether a text is one: `500ms`, `10s`, `1h30m`. */
export function isDuration(text: string): boolean {
  return /^(\d+(\.\d+)?(ms|h|m|s))+$/.test(text)
}

/** The milliseconds of a flag; undefined without it. `example` is what else to write. */
export function durationFlag(flags: FlagValues, name: string, example: string): number | undefined | Mistake {
  const text = textFlag(flags, name)
  if (text === undefined || isDuration(text)) return text === undefined ? undefined : durationMs(text)
  return { message: `--${name} is no duration: "${printable(text)}"`, fix: `write ${example}`, flag: name }
}
