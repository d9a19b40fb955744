/** Durations as the file writes them. Pure. */

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** The milliseconds of a text that the schema has accepted. */
export function durationMs(text: string): number {
  let ms = 0
  for (const [, digits, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)) ms += Number(digits) * (UNITS_MS[unit ?? ''] ?? 0)
  return ms
}
