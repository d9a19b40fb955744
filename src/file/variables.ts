/**
 * Where the variables of a file come from, and the file with their values in it. Pure.
 *
 * The first that has a name decides: the environment of the process, the files of
 * `--env-file`, `envFile`, `.env` beside the file, `vars`.
 */
import { type Filled, type Located, pathKey, type Place, placeOf, type Step } from './document.ts'
import { interpolate, looksSecret, type Lookup } from './interpolate.ts'
import type { Problem } from './problems.ts'
import { mark } from './veil.ts'
import { copied, plainOr, setAt, valueAt } from './plain.ts'

/** Variables of one origin. */
export interface VariableLayer {
  /** Where they are from, in words. */
  readonly from: string
  readonly get: Lookup
  /** For variables of the file itself: the same, with marks for what others hold. */
  readonly shown?: Lookup
}

/** A variable that a file names. */
export interface Variable {
  readonly name: string
  /** Where its value comes from; undefined when nobody has it. */
  readonly from?: string
  readonly isSecret: boolean
}

/** A file with its variables filled in. */
export interface FilledFile {
  readonly located: Located
  /** Mistakes, each with the path of its value: those of a forward that nobody starts do not count. */
  readonly mistakes: readonly { readonly path: readonly Step[]; readonly problem: Problem }[]
  readonly variables: readonly Variable[]
  /** What variables with the names of secrets hold. */
  readonly secrets: ReadonlyMap<string, string>
}

/** Looks a name up in layers. */
export function lookupIn(layers: readonly VariableLayer[]): Lookup {
  return (name) => layers.map((layer) => layer.get(name)).find((value) => value !== undefined)
}

/** Fills in the values at those paths that `isMeant` says. */
export function fill(located: Located, layers: readonly VariableLayer[], isMeant: (path: readonly Step[]) => boolean): FilledFile {
  const lookup = lookupIn(layers)
  const meant = located.templates.filter(isMeant)
  const places = new Map(located.places)
  const mistakes: { path: readonly Step[]; problem: Problem }[] = []
  const names = new Set<string>()
  const refused = [...located.refused]
  const keys = [...(located.filled ?? [])]
  const value = meant.length === 0 ? located.value : copied(located.value)
  for (const path of meant) {
    const template = valueAt(located.value, path)
    if (typeof template !== 'string') continue
    const place = placeOf(located, path)
    const filled = interpolate(template, lookup, hasReferences(path))
    for (const name of filled.named) names.add(name)
    const offset = offsetsOf(place, template)
    const wrong = [...filled.mistakes, ...controlsIn(filled.text, filled.used)]
    // What is made of a value that could not be filled in is an echo.
    if (wrong.length > 0) refused.push({ source: place.source, start: place.value, end: (place.text ?? place.value) + template.length })
    for (const { at, code, message, fix } of wrong) mistakes.push({ path, problem: place.source.problem(offset(at), code, message, fix) })
    const segments = filled.segments.map(({ at, from, isVariable }) => ({ at, offset: offset(from), isVariable }))
    const values = new Map(filled.used.map((name) => [name, lookup(name) ?? '']))
    const shown = isFreeText(path) ? { shown: interpolate(template, marking(layers), hasReferences(path)).text } : {}
    const words: Filled = { segments, used: filled.used, secrets: filled.used.filter(looksSecret), values, ...shown }
    places.set(pathKey(path), { ...place, filled: words })
    if (values.size > 0) keys.push(pathKey(path))
    setAt(value, path, filled.text)
  }
  const left = located.templates.filter((path) => !isMeant(path))
  const variables = [...names].map((name) => variableOf(name, layers))
  return {
    located: { ...located, value, places, refused, filled: keys.sort(), templates: left },
    mistakes,
    variables,
    secrets: new Map([...names].filter(looksSecret).map((name) => [name, lookup(name) ?? ''])),
  }
}

/** References to running forwards belong where their values are read later. */
function hasReferences(path: readonly Step[]): boolean {
  return path[0] === 'exports' || (path[0] === 'forwards' && path[2] === 'links')
}

/** What is nobody's name in a cluster or on the machine, and may therefore hold a secret. */
function isFreeText(path: readonly Step[]): boolean {
  return hasReferences(path) || path[0] === 'vars' || path.at(-1) === 'description'
}

/** Looks up what is shown of a variable: what the file itself says is no secret, everything else is. */
function marking(layers: readonly VariableLayer[]): Lookup {
  return (name) => {
    const layer = layers.find((candidate) => candidate.get(name) !== undefined)
    const value = layer?.get(name)
    return value === undefined || value === '' ? value : (layer?.shown?.(name) ?? mark(name))
  }
}

function variableOf(name: string, layers: readonly VariableLayer[]): Variable {
  const from = layers.find((layer) => layer.get(name) !== undefined)?.from
  return { name, isSecret: looksSecret(name), ...(from !== undefined && { from }) }
}

function controlsIn(text: string, used: readonly string[]): readonly { at: number; code: string; message: string; fix: string }[] {
  if (!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text)) return []
  return [{ at: 0, code: 'KPF_VALUE', message: `what ${used.join(', ')} holds has a control character`, fix: 'remove it' }]
}

/** From a place in a template to one in the file: where escapes are in between, the dollars are counted. */
function offsetsOf(place: Place, template: string): (at: number) => number {
  const { text, source, value } = place
  if (text !== undefined) return (at) => text + at
  const offsets = new Map<number, number>()
  let offset = value - 1
  for (let at = template.indexOf('$'); at !== -1; at = template.indexOf('$', at + 1)) {
    offset = source.text.indexOf('$', offset + 1)
    if (offset === -1) break
    offsets.set(at, offset)
  }
  return (at) => offsets.get(at) ?? value
}

/** `vars` of the file: texts, numbers and truth values. */
export function varsOf(located: Located): VariableLayer {
  const vars = plainOr(plainOr(located.value)['vars'])
  const get: Lookup = (name) => {
    const value = Object.hasOwn(vars, name) ? vars[name] : undefined
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined
  }
  return { from: `vars of ${located.source.file}`, get, shown: (name) => placeOf(located, ['vars', name]).filled?.shown ?? get(name) }
}
