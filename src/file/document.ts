/**
 * A parsed file: plain values, and for each of them where it stands. Pure.
 *
 * Paths are the keys and indexes from the top, as zod reports them.
 */
import type { Problem } from './problems.ts'

/** A step into a value. */
export type Step = string | number

/** A value, its places, and what is wrong with it already. */
export interface Located {
  readonly value: unknown
  readonly places: ReadonlyMap<string, Place>
  readonly source: Source
  readonly problems: readonly Problem[]
  /** Stretches of text that a problem is told of: nothing more is said about them. */
  readonly refused: readonly Span[]
}

/** A stretch of the text, its end not included. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Offsets into the text. */
export interface Place {
  /** Where the key stands, for what is a map's value. */
  readonly key?: number
  readonly value: number
  /** Where the first character of the value stands, when the text holds it letter by letter. */
  readonly text?: number
}

/** The text itself, by lines. */
export class Source {
  readonly file: string
  readonly text: string
  readonly #starts: number[] = [0]

  constructor(file: string, text: string) {
    this.file = file
    this.text = text
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
  }

  /** Line and column of an offset, both from 1. */
  position(offset: number): { line: number; column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 }
  }

  /** The offset of a line and column, both from 1. */
  offset({ line, column }: { line: number; column: number }): number {
    return (this.#starts[line - 1] ?? this.text.length) + column - 1
  }

  /** The text of a line, from 1. */
  line(number: number): string {
    const start = this.#starts[number - 1] ?? this.text.length
    const end = this.#starts[number] ?? this.text.length + 1
    return this.text.slice(start, end - 1).replace(/\r$/, '')
  }

  /** A problem at an offset. */
  problem(offset: number, code: string, message: string, fix?: string): Problem {
    const { line, column } = this.position(Math.min(offset, this.text.length))
    return { file: this.file, line, column, code, message, sourceLine: this.line(line), ...(fix !== undefined && { fix }) }
  }
}

/** The text form of a path, a key of {@link Located.places}. */
export function pathKey(path: readonly Step[]): string {
  return JSON.stringify(path)
}

/** Where the value at `path` stands, or the nearest parent that has a place. */
export function placeOf(located: Located, path: readonly Step[]): Place {
  for (let length = path.length; length >= 0; length--) {
    const place = located.places.get(pathKey(path.slice(0, length)))
    if (place) return place
  }
  return { value: 0 }
}
