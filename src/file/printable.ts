/** Foreign text as it may be printed. Pure. */

/** Control and direction characters spelled out, cut at 80 characters. */
export function printable(text: string): string {
  const shown = spelledOut(text)
  return shown.length > 80 ? `${shown.slice(0, 79)}…` : shown
}

/** Control and direction characters spelled out. */
export function spelledOut(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
}
