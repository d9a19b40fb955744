/**
 * What variables hold, kept out of what is printed. Pure.
 *
 * A message about a value with variables names them instead of what they hold, whatever
 * their names are: a file is shown to CI logs and to people who may not see the values.
 */

/** Values of variables by name. */
export type Values = ReadonlyMap<string, string>

/** A part of a value that is this long is as good as the value. */
const FRAGMENT = 4

/** The text with `${NAME}` for each value, and nothing between quotes that holds a part of one; undefined where a part would be left. */
export function veiled(text: string, values: Values): string | undefined {
  const longest = [...values].filter(([, value]) => value !== '').toSorted(([, a], [, b]) => b.length - a.length)
  const whole = longest.reduce<readonly Piece[]>((left, [name, value]) => left.flatMap((piece) => split(piece, name, value)), [{ text, isName: false }])
  const pieces = whole.map((piece) => (piece.isName ? piece : { ...piece, text: withoutParts(piece.text, [...values.values()]) }))
  const said = pieces.flatMap((piece) => (piece.isName ? [] : [piece.text]))
  if (longest.some(([, value]) => said.some((piece) => hasPartOf(piece, value)))) return undefined
  return pieces.map((piece) => (piece.isName ? `\${${piece.text}}` : piece.text)).join('')
}

interface Piece {
  readonly text: string
  /** The name of a variable, in place of its value. */
  readonly isName: boolean
}

function split(piece: Piece, name: string, value: string): readonly Piece[] {
  if (piece.isName || !piece.text.includes(value)) return [piece]
  return piece.text.split(value).flatMap((text, index) => [...(index === 0 ? [] : [{ text: name, isName: true }]), { text, isName: false }])
}

/** Messages put what they found between quotes. */
function withoutParts(text: string, values: readonly string[]): string {
  return text.replace(/"([^"]+)"/g, (quoted, inner: string) => (values.some((value) => value.includes(inner) || hasPartOf(inner, value)) ? '"…"' : quoted))
}

function hasPartOf(text: string, value: string): boolean {
  // So long a value is looked for nowhere: how it is wrong is left unsaid.
  if (value.length > MAX_LOOKED_AT) return true
  for (let at = 0; at + FRAGMENT <= value.length; at++) if (text.includes(value.slice(at, at + FRAGMENT))) return true
  return false
}

const MAX_LOOKED_AT = 1_000

/** Stands around the name of a variable where its value would be: no file and no value may have these characters. */
const MARKS = ['\u0001', '\u0002'] as const

/** What stands for a variable's value in a text that is to be printed later. */
export function mark(name: string): string {
  return `${MARKS[0]}${name}${MARKS[1]}`
}

/** A text with marks, as it is printed. */
export function unmarked(text: string): string {
  return text.replace(/\u0001([^\u0002]*)\u0002/g, (_all, name: string) => `\${${name}}`)
}
