/**
 * Several files as one: maps merge deep, forwards by name, everything else is replaced by
 * the later file, lists too. Every value keeps its place in its own file. Pure.
 *
 * Compose appends lists; a list of ports that only grows is no way to move a port.
 */
import { type Located, offsetOf, type Place, pathKey, type Step } from './document.ts'
import { isPlain, type Plain } from './plain.ts'
import { readShortForm, splitWords } from './short-form.ts'
import { splitTarget } from './target-text.ts'

/** Lays files over each other, the later ones above. */
export function merged(files: readonly [Located, ...Located[]]): Located {
  const [first, ...rest] = files
  if (rest.length === 0) return first
  const places = new Map(first.places)
  const value = rest.reduce((base, over) => new Merge(places, over).merge(base, over.value, []), first.value)
  return {
    value,
    places,
    source: first.source,
    problems: files.flatMap(({ problems }) => problems),
    refused: files.flatMap(({ refused }) => refused),
    templates: files.flatMap(({ templates }) => templates),
    filled: files.flatMap(({ filled = [] }) => filled).sort(),
  }
}

class Merge {
  readonly #places: Map<string, Place>
  readonly #over: Located

  constructor(places: Map<string, Place>, over: Located) {
    this.#places = places
    this.#over = over
  }

  merge(base: unknown, over: unknown, path: readonly Step[]): unknown {
    const under = isPlain(over) ? this.#map(base, path) : undefined
    if (!isPlain(over) || under === undefined) {
      this.#take(over, path)
      return over
    }
    const result: Plain = Object.assign(Object.create(null), under)
    for (const [key, value] of Object.entries(over))
      result[key] = key in under ? this.merge(under[key], value, [...path, key]) : this.#taken(value, [...path, key])
    return result
  }

  /** What a map can be laid over: another, or a forward of one line. */
  #map(base: unknown, path: readonly Step[]): Plain | undefined {
    if (isPlain(base)) return base
    const isForward = typeof base === 'string' && path.length === 2 && path[0] === 'forwards'
    return isForward ? this.#longForm(base, path) : undefined
  }

  /** A line as the map that says the same, each part at the place of its word. */
  #longForm(line: string, path: readonly Step[]): Plain | undefined {
    const words = splitWords(line)
    const form = 'message' in words ? words : readShortForm(words)
    const place = this.#places.get(pathKey(path))
    if ('message' in form || place === undefined) return undefined
    const at = (key: readonly Step[], inside: number): void => {
      this.#places.set(pathKey([...path, ...key]), { source: place.source, value: offsetOf(place, { inside }) })
    }
    const result: Plain = Object.create(null)
    for (const key of ['namespace', 'context', 'cluster'] as const) {
      const word = form[key]
      if (word === undefined) continue
      result[key] = word.text
      at([key], word.at)
    }
    if (form.address) {
      result['addresses'] = form.address.text.split(',')
      at(['addresses'], form.address.at)
    }
    const target = form.target ?? form.selector
    if (target) at(['target'], target.at)
    const split = form.target && splitTarget(form.target.text)
    const container = form.container && { container: form.container.text }
    if (form.selector) result['target'] = { labelSelector: form.selector.text, ...container }
    else result['target'] = split && container ? { ...split, ...container } : form.target?.text
    result['ports'] = form.ports.map(({ text }) => text)
    at(['ports'], form.ports[0]?.at ?? 0)
    for (const [index, word] of form.ports.entries()) at(['ports', index], word.at)
    return result
  }

  #taken(value: unknown, path: readonly Step[]): unknown {
    this.#take(value, path)
    return value
  }

  /** The places of a value and of all that is in it. */
  #take(value: unknown, path: readonly Step[]): void {
    const key = pathKey(path)
    const place = this.#over.places.get(key)
    if (place) this.#places.set(key, place)
    if (Array.isArray(value)) for (const [index, entry] of value.entries()) this.#take(entry, [...path, index])
    else if (isPlain(value)) for (const [inner, entry] of Object.entries(value)) this.#take(entry, [...path, inner])
  }
}
