/** Durations as the file writes them. Pure. */

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** The milliseconds of a text that the schema has accepted. */
export function durationMs(text: string): number {
  let ms = 0
  for (const [, digits, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)) ms += Number(digits) * (UNITS_MS[unit ?? ''] ?? 0)
  return ms
}

/** Milliseconds as the file writes them: `1h30m`, `10s`, `500ms`. */
export function durationText(ms: number): string {
  let rest = ms
  const parts = Object.entries(UNITS_MS).map(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count === 0 ? '' : `${count}${unit}`
  })
  return parts.join('') || '0s'
}
