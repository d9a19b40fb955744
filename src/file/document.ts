/**
 * A parsed file: plain values, and for each of them where it stands. Pure.
 *
 * Paths are the keys and indexes from the top, as zod reports them.
 */
import { spelledOut } from './printable.ts'
import type { Problem } from './problems.ts'
import { type Values, veiled } from './veil.ts'

/** A step into a value. */
export type Step = string | number

/** A value, its places, and what is wrong with it already. */
export interface Located {
  readonly value: unknown
  readonly places: ReadonlyMap<string, Place>
  /** The file, or the first of those that were merged. */
  readonly source: Source
  readonly problems: readonly Problem[]
  /** Stretches of text that a problem is told of: nothing more is said about them. */
  readonly refused: readonly Span[]
  /** Texts with a `$`, outside of `x-`: their paths. */
  readonly templates: readonly (readonly Step[])[]
  /** Where values with variables stand: their paths as text, sorted. */
  readonly filled?: readonly string[]
}

/** A stretch of the text, its end not included. */
export interface Span {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** Where something stands: offsets into the text of its file. */
export interface Place {
  readonly source: Source
  /** Where the key stands, for what is a map's value. */
  readonly key?: number
  readonly value: number
  /** Where the first character of the value stands, when the text holds it letter by letter. */
  readonly text?: number
  /** For a value with variables: where its letters come from, and whose values they are. */
  readonly filled?: Filled
}

/** What became of a template. */
export interface Filled {
  readonly segments: readonly { readonly at: number; readonly offset: number; readonly isVariable: boolean }[]
  /** The variables whose values are in it. */
  readonly used: readonly string[]
  /** Those of them whose names look like those of secrets. */
  readonly secrets: readonly string[]
  /** What all of them hold, by name. */
  readonly values: Values
  /** A text for people or programs, with a mark of `veil.ts` for each value. */
  readonly shown?: string
}

/** Where at a place a message points: at the key, or behind so many characters of the value. */
export interface Pointer {
  readonly key?: boolean
  readonly inside?: number
}

/** What is wrong, in words. */
export interface Wording {
  readonly code: string
  readonly message: string
  readonly fix?: string | undefined
}

/** The text itself, by lines. */
export class Source {
  readonly file: string
  readonly text: string
  /** The base of the paths in it. */
  readonly directory: string
  readonly #starts: number[] = [0]

  constructor(file: string, text: string, directory = '/') {
    this.file = file
    this.text = text
    this.directory = directory
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

  /** A problem at an offset. Whatever key or value is in its words, they can be printed. */
  problem(offset: number, code: string, message: string, fix?: string): Problem {
    const { line, column } = this.position(Math.min(offset, this.text.length))
    const words = { message: spelledOut(message), sourceLine: this.line(line), ...(fix !== undefined && { fix: spelledOut(fix) }) }
    return { file: this.file, line, column, code, ...words }
  }
}

/** The text form of a path, a key of {@link Located.places}. */
export function pathKey(path: readonly Step[]): string {
  return JSON.stringify(path)
}

/** A problem with the value at `path`. What variables hold is not said, nor any part of it. */
export function problemAt(located: Located, path: readonly Step[], pointer: Pointer, { code, message, fix }: Wording): Problem {
  const place = placeOf(located, path)
  const offset = offsetOf(place, pointer)
  // A message about a map or a list may show what is in it.
  const below = pointer.key ? [] : filledBelow(located, path)
  const all = place.filled ? [place.filled] : below
  const values = new Map(all.flatMap((filled) => [...filled.values]))
  if (values.size === 0) return place.source.problem(offset, code, message, fix)
  const names = [...values.keys()].map((name) => `\${${name}}`).join(', ')
  const [said, advice] = [veiled(message, values), fix === undefined ? undefined : veiled(fix, values)]
  const isSecret = place.filled !== undefined && place.filled.secrets.length > 0
  // Even how it is wrong may be too much of a secret; about a key, its value says nothing.
  if (said === undefined || (isSecret && !pointer.key))
    return place.source.problem(offset, code, `what ${names} holds is not what belongs here`, `check it; its value is not shown`)
  const isAbout = place.filled !== undefined && !pointer.key
  return place.source.problem(
    offset,
    code,
    isAbout ? `${said}, with ${names} filled in` : said,
    advice ?? (fix === undefined ? undefined : 'check what belongs here'),
  )
}

/** The variables of everything inside a map or a list: looked up, for both these and questions may be many. */
function filledBelow({ filled: sorted = [], places }: Located, path: readonly Step[]): readonly Filled[] {
  const start = `${pathKey(path).slice(0, -1)}${path.length === 0 ? '' : ','}`
  return sorted.slice(firstFrom(sorted, start), firstFrom(sorted, `${start}\uffff`)).flatMap((key) => places.get(key)?.filled ?? [])
}

/** Where in sorted texts that one stands, or would. */
function firstFrom(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}

/** The offset that a pointer means at a place. */
export function offsetOf(place: Place, { key, inside }: Pointer): number {
  if (key) return place.key ?? place.value
  if (inside === undefined) return place.value
  const segment = place.filled?.segments.findLast(({ at }) => at <= inside)
  if (segment) return segment.isVariable ? segment.offset : segment.offset + inside - segment.at
  return place.text === undefined ? place.value : place.text + inside
}

/** Where the value at `path` stands, or the nearest parent that has a place. */
export function placeOf(located: Located, path: readonly Step[]): Place {
  for (let length = path.length; length >= 0; length--) {
    const place = located.places.get(pathKey(path.slice(0, length)))
    if (place) return place
  }
  return { source: located.source, value: 0 }
}
