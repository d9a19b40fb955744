/**
 * Text in columns of a terminal: how wide it is, and how it gives way where there is not
 * enough room. Pure.
 */
import { stripVTControlCharacters } from 'node:util'

/** What takes two columns: East Asian Wide and Fullwidth of UAX #11, and the pictures that terminals draw as wide. Made when it is asked for: such patterns take a fifth of a millisecond, and most texts need none. */
const wide = (): RegExp =>
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u
/** What is drawn onto the character before it. */
const narrowest = (): RegExp => /[\p{Mn}\p{Me}\p{Cf}]/u
/** Most texts: a character is a column. */
const PLAIN = /^[\u0020-\u02ff\u2010-\u22ff\u2500-\u25fc]*$/

/** How many columns a text takes; escapes of colours take none. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  const plain = stripVTControlCharacters(text)
  return PLAIN.test(plain) ? plain.length : [...plain].reduce((sum, character) => sum + columnsOf(character), 0)
}

/** With blanks at its end, so that it takes that many columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Not wider than that; what is missing at its end is marked. */
export function cut(text: string, width: number, mark: string): string {
  if (widthOf(text) <= width) return text
  const plain = stripVTControlCharacters(text)
  return width <= mark.length ? mark.slice(0, Math.max(0, width)) : `${beginning(plain, width - mark.length)}${mark}`
}

/** The same for a name, whose end tells it from others: `settlement-rec…7c96c67-ns8jn`. */
export function cutInside(text: string, width: number, mark: string): string {
  const end = Math.floor((width - mark.length) * 0.4)
  if (widthOf(text) <= width || text.includes(' ') || end < 1) return cut(text, width, mark)
  return `${beginning(text, width - mark.length - end)}${mark}${text.slice(-end)}`
}

/** How wide each column has to be for its widest cell. */
export function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  return Array.from({ length: count }, (_, index) => Math.max(...rows.map((row) => widthOf(row[index] ?? ''))))
}

/** Of the columns that may, the widest gives way first, but none below its least. */
export function fitted(widths: readonly number[], room: number, least: ReadonlyMap<number, number>): readonly number[] {
  const fits = [...widths]
  for (let over = spread(fits) - room; over > 0; over--) {
    const able = [...least].filter(([index, least]) => (fits[index] ?? 0) > least)
    const [widest] = able.toSorted(([a], [b]) => (fits[b] ?? 0) - (fits[a] ?? 0))[0] ?? []
    if (widest === undefined) break
    fits[widest] = (fits[widest] ?? 0) - 1
  }
  return fits
}

/** How wide columns are together, two blanks between them. */
export function spread(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + 2, -2)
}

/** Text in columns with two blanks between; the last has no end. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = columnWidths(rows)
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : padded(cell, widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function columnsOf(character: string): number {
  return narrowest().test(character) ? 0 : wide().test(character) ? 2 : 1
}

function beginning(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, width)
  let taken = ''
  let room = width
  for (const character of text) {
    room -= columnsOf(character)
    if (room < 0) break
    taken += character
  }
  return taken
}
