/** Foreign text as it may be printed. Pure. */

/** Control and direction characters spelled out, cut at 80 characters. */
export function printable(text: string): string {
  const escaped = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
  return escaped.length > 80 ? `${escaped.slice(0, 79)}…` : escaped
}
