/**
 * Holds a parsed file against the schemas, and turns what zod says into problems with
 * places, words of our own and a suggestion. Pure.
 */
import { distance } from 'fastest-levenshtein'
import type * as z from 'zod'
import { type Located, pathKey, placeOf, type Step } from './document.ts'
import { limits } from './limits.ts'
import { isPlanned } from './planned.ts'
import type { Problem } from './problems.ts'
import * as shape from './shape.ts'

type Plain = Record<string, unknown>

/** Every problem of shape; an empty list means that the values fit the schemas. */
export function checkShape(located: Located): readonly Problem[] {
  const { value, source } = located
  const check = new Check(located)
  if (!isPlain(value)) {
    return [
      source.problem(placeOf(located, []).value, 'KPF_VALUE', 'the file must be a map with the key `forwards`', 'write `forwards:` and the entries below it'),
    ]
  }
  check.top(value)
  return check.problems
}

class Check {
  readonly problems: Problem[] = []
  readonly #located: Located

  constructor(located: Located) {
    this.#located = located
  }

  top(value: Plain): void {
    const { forwards, clusters, defaults, ...rest } = value
    if (isNewer(rest['apiVersion'])) {
      this.#at(
        ['apiVersion'],
        'KPF_API_VERSION',
        `unsupported apiVersion "${String(rest['apiVersion'])}": this kpf reads kpf/v1`,
        'upgrade kpf, or write `apiVersion: kpf/v1`',
      )
      delete rest['apiVersion']
    }
    if ('version' in rest) {
      this.#key(['version'], 'KPF_KEY_UNKNOWN', 'unknown key "version"', 'write `apiVersion: kpf/v1`')
      delete rest['version']
    }
    this.#against(shape.file.omit({ forwards: true, clusters: true, defaults: true }), rest, [], Object.keys(shape.file.shape))
    if (clusters !== undefined) this.#each(clusters, ['clusters'], (entry, path) => this.#against(shape.cluster, entry, path))
    if (defaults !== undefined) this.#fields(shape.defaults, defaults, ['defaults'])
    if (!('forwards' in value)) this.#at([], 'KPF_VALUE_MISSING', 'the key `forwards` is missing', 'write `forwards:` and the entries below it')
    else this.#forwards(forwards)
  }

  #forwards(value: unknown): void {
    if (value === null) return this.#at(['forwards'], 'KPF_VALUE_MISSING', 'value missing after "forwards"', 'write `forwards: {}` to stop all')
    if (!isPlain(value))
      return this.#at(['forwards'], 'KPF_VALUE', '`forwards` must be a map of names', 'write `forwards:` and below it `  name: svc/api 8080:80`')
    const names = Object.keys(value)
    if (names.length > limits.forwards)
      return this.#key(['forwards'], 'KPF_YAML_LIMIT', `${names.length} forwards, the limit is ${limits.forwards}`, 'split the project')
    for (const name of names) {
      if (name.startsWith('x-')) continue
      const named = shape.forwardName.safeParse(name)
      if (!named.success) this.#key(['forwards', name], 'KPF_NAME', `"${printable(name)}" cannot be a forward's name`, named.error.issues[0]?.message)
      this.#forward(value[name], ['forwards', name])
    }
  }

  #forward(value: unknown, path: readonly Step[]): void {
    if (typeof value === 'string') return
    if (value === null) return this.#at(path, 'KPF_VALUE_MISSING', `value missing after "${path.at(-1)}"`, 'write svc/api 8080:80, or the long form')
    if (!isPlain(value)) return this.#at(path, 'KPF_VALUE', 'a forward is one line of text or a map', 'write svc/api 8080:80')
    this.#fields(shape.forward, value, path)
  }

  /** A forward, or `defaults`: unions are branched here, by what was written. */
  #fields(schema: typeof shape.forward | typeof shape.defaults, value: unknown, path: readonly Step[]): void {
    if (!isPlain(value)) return this.#at(path, 'KPF_VALUE', `"${path.at(-1)}" must be a map`)
    const { target, ports, transport, hold, ...rest } = value
    const others = Object.fromEntries(Object.entries(schema.shape).filter(([key]) => !['target', 'ports', 'transport', 'hold'].includes(key)))
    const isForward = 'target' in schema.shape
    // What is left of the shape is a shape: its keys were only filtered.
    const remaining = shape.defaults.partial().pick({}).extend(others)
    const strays = isForward ? {} : { ...(target !== undefined && { target }), ...(ports !== undefined && { ports }) }
    this.#against(remaining, { ...rest, ...strays }, path, Object.keys(schema.shape))
    if (transport !== undefined) this.#against(isPlain(transport) ? shape.transport : shape.transportMode, transport, [...path, 'transport'])
    if (hold !== undefined && hold !== 'off') this.#against(shape.hold, hold, [...path, 'hold'])
    if (!isForward) return
    if (target === undefined) this.#key(path, 'KPF_TARGET', `forward "${path.at(-1)}" has no target`, 'add `target: svc/NAME`')
    else if (isPlain(target)) this.#against(shape.target, target, [...path, 'target'])
    else if (typeof target !== 'string') this.#missing(target, [...path, 'target'], 'write `target: svc/NAME`')
    this.#ports(ports, path)
  }

  #ports(ports: unknown, path: readonly Step[]): void {
    const at = [...path, 'ports']
    if (ports === undefined) return this.#key(path, 'KPF_PORT', `forward "${path.at(-1)}" has no ports`, 'add `ports: ["8080:80"]`')
    if (isPlain(ports)) return this.#at(at, 'KPF_PORT', '`ports` is a list, not a map', `write ports: ["${Object.entries(ports)[0]?.join(':') ?? '8080:80'}"]`)
    if (!Array.isArray(ports)) return this.#missing(ports, at, 'write ports: ["8080:80"]')
    if (ports.length === 0) return this.#at(at, 'KPF_PORT', 'no port is named', 'add "8080:80"')
    for (const [index, entry] of ports.entries()) {
      const place = [...at, index]
      if (isPlain(entry)) {
        const [[key, value] = []] = Object.entries(entry)
        if (key !== undefined && /^\d+$/.test(key)) this.#at(place, 'KPF_PORT', 'this was read as a map', `write "${key}:${String(value)}" in quotes`)
        else this.#against(shape.port, entry, place)
      } else if (typeof entry === 'number') this.#against(shape.portNumber, entry, place)
      else if (typeof entry !== 'string') this.#missing(entry, place, 'write "8080:80"')
    }
  }

  #each(value: unknown, path: readonly Step[], check: (entry: unknown, path: readonly Step[]) => void): void {
    if (!isPlain(value)) return this.#at(path, 'KPF_VALUE', `"${path.at(-1)}" must be a map of names`)
    for (const [name, entry] of Object.entries(value)) {
      if (name.startsWith('x-')) continue
      if (!shape.forwardName.safeParse(name).success) this.#key([...path, name], 'KPF_NAME', `"${printable(name)}" cannot be a name here`)
      check(entry, [...path, name])
    }
  }

  #against(schema: z.ZodType, value: unknown, path: readonly Step[], known?: readonly string[]): void {
    const result = schema.safeParse(isPlain(value) ? withoutExtensions(value) : value)
    if (result.success) return
    for (const issue of result.error.issues) this.#issue(issue, [...path, ...issue.path.map(step)], known ?? keysOf(schema, issue.path))
  }

  #issue(issue: z.core.$ZodIssue, path: readonly Step[], known: readonly string[]): void {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.#unknown(key, path, issue.path.length === 0 ? known : keysIn(path))
      return
    }
    const value = valueAt(this.#located.value, path)
    if (value === null || value === undefined) return this.#missing(value, path)
    if (issue.code === 'invalid_type' && issue.expected === 'boolean') {
      return this.#at(path, 'KPF_VALUE', `"${printable(String(value))}" is text in YAML 1.2, not yes or no`, 'write true or false')
    }
    const code = path.some((part) => part === 'ports')
      ? 'KPF_PORT'
      : path.at(-1) === 'namespace'
        ? 'KPF_NAMESPACE'
        : isDuration(issue)
          ? 'KPF_DURATION'
          : 'KPF_VALUE'
    this.#at(path, code, `"${printable(display(value))}": ${worded(issue)}`)
  }

  #unknown(key: string, path: readonly Step[], known: readonly string[]): void {
    const at = [...path, key]
    if (isPlanned(path, key)) return this.#key(at, 'KPF_PLANNED', `"${key}" is planned, not in this version`, 'remove it')
    const nearest = known
      .filter((word) => distance(word.toLowerCase(), key.toLowerCase()) <= (key.length < 4 ? 1 : Math.max(2, Math.floor(key.length / 3))))
      .sort((a, b) => distance(a, key) - distance(b, key))[0]
    this.#key(
      at,
      'KPF_KEY_UNKNOWN',
      `unknown key "${printable(key)}"`,
      nearest ? `did you mean "${nearest}"?` : known.length > 0 ? `known here: ${known.join(', ')}` : undefined,
    )
  }

  #missing(value: unknown, path: readonly Step[], fix?: string): void {
    if (value === null || value === undefined) this.#at(path, 'KPF_VALUE_MISSING', `value missing after "${path.at(-1)}"`, fix)
    else this.#at(path, 'KPF_VALUE', `"${printable(display(value))}" is not what belongs here`, fix)
  }

  #at(path: readonly Step[], code: string, message: string, fix?: string): void {
    this.problems.push(this.#located.source.problem(placeOf(this.#located, path).value, code, message, fix))
  }

  #key(path: readonly Step[], code: string, message: string, fix?: string): void {
    const place = this.#located.places.get(pathKey(path)) ?? placeOf(this.#located, path)
    this.problems.push(this.#located.source.problem(place.key ?? place.value, code, message, fix))
  }
}

/** Whether a value is a map of the file. */
export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Foreign text as it may be printed: control and direction characters spelled out. */
export function printable(text: string): string {
  const escaped = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
  return escaped.length > 80 ? `${escaped.slice(0, 79)}…` : escaped
}

function withoutExtensions(value: Plain): Plain {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (key.startsWith('x-') ? [] : [[key, isPlain(inner) ? withoutExtensions(inner) : inner]])),
  )
}

function keysOf(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  return path.length === 0 && 'shape' in schema && isPlain(schema.shape) ? Object.keys(schema.shape) : []
}

/** The keys that belong into a nested object, by the name of the field that holds it. */
function keysIn(path: readonly Step[]): readonly string[] {
  const holder = path.findLast((part) => typeof part === 'string')
  const field = Object.entries(shape.defaults.shape).find(([key]) => key === holder)?.[1]
  const inner = field && 'unwrap' in field ? field.unwrap() : undefined
  return inner && 'shape' in inner && isPlain(inner.shape) ? Object.keys(inner.shape) : []
}

function valueAt(value: unknown, path: readonly Step[]): unknown {
  let current = value
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)]
    else if (isPlain(current)) current = current[part]
    else return undefined
  }
  return current
}

function worded(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type')
    return `must be ${issue.expected === 'record' || issue.expected === 'object' ? 'a map' : issue.expected === 'array' ? 'a list' : issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`}`
  if (issue.code === 'invalid_union') return 'does not fit here'
  return issue.message
}

function isDuration(issue: z.core.$ZodIssue): boolean {
  return issue.message.includes('duration')
}

function isNewer(version: unknown): boolean {
  return version !== undefined && version !== null && version !== 'kpf/v1'
}

function display(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
}

function step(part: PropertyKey): Step {
  return typeof part === 'symbol' ? '' : part
}
