/**
 * Holds a parsed file against the schemas, and turns what zod says into problems with
 * places, words of our own and a suggestion. Pure.
 */
import { distance } from 'fastest-levenshtein'
import * as z from 'zod/mini'
import { type Located, problemAt, type Step } from './document.ts'
import { limits } from './limits.ts'
import { isPlain, type Plain, valueAt } from './plain.ts'
import { isPlanned } from './planned.ts'
import type { Problem } from './problems.ts'
import { printable } from './printable.ts'
import { once, portNumber } from './scalars.ts'
import * as shape from './shape.ts'
import { display, exampleOf, wordingOf } from './wording.ts'

const MAX_SUGGESTIONS = 100
// What is looked at by hand is left out. Each once: zod compiles a schema when it is first asked.
const restOfForward = once(() => z.omit(shape.forward(), { target: true, ports: true, transport: true, hold: true }))
const restOfDefaults = once(() => z.omit(shape.defaults(), { transport: true, hold: true }))
/** Of a union zod says only that nothing fits. */
const onePort = once(() => z.extend(shape.port(), { localPort: z.optional(portNumber()) }))

/** Every problem of shape; an empty list means that the values fit the schemas. */
export function checkShape(located: Located): readonly Problem[] {
  const { value } = located
  const check = new Check(located)
  if (!isPlain(value)) {
    return [
      problemAt(
        located,
        [],
        {},
        { code: 'KPF_VALUE', message: 'the file must be a map with the key `forwards`', fix: 'write `forwards:` and the entries below it' },
      ),
    ]
  }
  check.top(value)
  return check.problems
}

class Check {
  readonly problems: Problem[] = []
  readonly #located: Located
  /** Keys that a misspelt one stands for. */
  readonly #meant = new Set<string>()
  #unknownKeys = 0

  constructor(located: Located) {
    this.#located = located
  }

  top(value: Plain): void {
    const { forwards, clusters, defaults, include, ...rest } = value
    if (isNewer(rest['apiVersion'])) {
      this.#at(
        ['apiVersion'],
        'KPF_API_VERSION',
        `unsupported apiVersion "${printable(display(rest['apiVersion']))}": this kpf reads kpf/v1`,
        'upgrade kpf, or write `apiVersion: kpf/v1`',
      )
      delete rest['apiVersion']
    }
    if ('version' in rest) {
      this.#key(['version'], 'KPF_KEY_UNKNOWN', 'unknown key "version"', 'write `apiVersion: kpf/v1`')
      delete rest['version']
    }
    for (const [key, schema] of Object.entries(shape.besides)) {
      if (key in rest) this.#against(schema(), rest[key], [key])
      delete rest[key]
    }
    this.#against(shape.topLevel, rest, [], () => Object.keys(shape.file().shape))
    if ('include' in value) this.#includes(include)
    if (clusters === null) this.#missing(clusters, ['clusters'])
    else if (clusters !== undefined) this.#each(clusters, ['clusters'], (entry, path) => this.#against(shape.cluster(), entry, path))
    if (defaults === null) this.#missing(defaults, ['defaults'])
    else if (defaults !== undefined) this.#fields(shape.defaults(), defaults, ['defaults'])
    if (!('forwards' in value)) this.#at([], 'KPF_VALUE_MISSING', 'the key `forwards` is missing', 'write `forwards:` and the entries below it')
    else this.#forwards(forwards)
  }

  #includes(value: unknown): void {
    if (!Array.isArray(value)) return this.#missing(value, ['include'], 'write include: [other/forwards.yaml]')
    for (const [index, entry] of value.entries()) {
      const place = ['include', index]
      if (isPlain(entry)) this.#against(shape.include(), entry, place)
      else if (typeof entry !== 'string' || entry === '') this.#missing(entry, place, 'write the path of a file')
    }
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
      if (!named.success) this.#name(name, value, named.error.issues[0]?.message)
      this.#forward(value[name], ['forwards', name])
    }
  }

  #name(name: string, all: Plain, fix: string | undefined): void {
    const lower = name.toLowerCase()
    if (lower !== name && lower in all)
      this.#key(['forwards', name], 'KPF_NAME', `"${printable(name)}" and "${printable(lower)}" differ in case only`, 'rename one of them, in lower case')
    else
      this.#key(
        ['forwards', name],
        'KPF_NAME',
        `"${printable(name)}" cannot be a forward's name`,
        shape.forwardName.safeParse(lower).success ? `write "${lower}"` : fix,
      )
  }

  #forward(value: unknown, path: readonly Step[]): void {
    if (typeof value === 'string') return
    if (value === null) return this.#at(path, 'KPF_VALUE_MISSING', `value missing after "${path.at(-1)}"`, 'write svc/api 8080:80, or the long form')
    if (!isPlain(value)) return this.#at(path, 'KPF_VALUE', 'a forward is one line of text or a map', `write ${path.at(-1)}: svc/NAME 8080:80`)
    this.#fields(shape.forward(), value, path)
  }

  /** A forward, or `defaults`: unions are branched here, by what was written. */
  #fields(schema: z.ZodMiniObject, value: unknown, path: readonly Step[]): void {
    if (!isPlain(value)) return this.#at(path, 'KPF_VALUE', `"${path.at(-1)}" must be a map`, exampleOf(String(path.at(-1))))
    const { target, ports, transport, hold, ...rest } = value
    const isForward = 'target' in schema.shape
    const remaining = isForward ? restOfForward() : restOfDefaults()
    const strays = isForward ? {} : { ...(target !== undefined && { target }), ...(ports !== undefined && { ports }) }
    this.#against(remaining, { ...rest, ...strays }, path, () => Object.keys(schema.shape))
    if (transport !== undefined) this.#against(isPlain(transport) ? shape.transport() : shape.transportMode(), transport, [...path, 'transport'])
    if (hold !== undefined && hold !== 'off') this.#against(shape.hold(), hold, [...path, 'hold'])
    if (!isForward) return
    if (target === undefined) this.#absent(path, 'target')
    else if (isPlain(target)) this.#against(shape.target(), target, [...path, 'target'])
    else if (typeof target !== 'string') this.#missing(target, [...path, 'target'], 'write `target: svc/NAME`')
    this.#ports(ports, path)
  }

  #ports(ports: unknown, path: readonly Step[]): void {
    const at = [...path, 'ports']
    if (ports === undefined) return this.#absent(path, 'ports')
    if (isPlain(ports)) return this.#at(at, 'KPF_PORT', '`ports` is a list, not a map', `write ports: [${portsOf(ports)}]`)
    if (!Array.isArray(ports)) return this.#missing(ports, at, 'write ports: ["8080:80"]')
    if (ports.length === 0) return this.#at(at, 'KPF_PORT', 'no port is named', 'add "8080:80"')
    if (ports.length > limits.portsOfForward)
      return this.#key(at, 'KPF_PORT', `${ports.length} ports, the limit is ${limits.portsOfForward}`, 'write a second forward')
    for (const [index, entry] of ports.entries()) {
      const place = [...at, index]
      if (isPlain(entry)) {
        const [[key, value] = []] = Object.entries(entry)
        if (key !== undefined && /^\d+$/.test(key))
          this.#at(place, 'KPF_PORT', `"${key}: ${display(value)}" is read as a map`, `write "${key}:${display(value)}", without the blank`)
        else this.#against(onePort(), entry['localPort'] === 'auto' ? { ...entry, localPort: 1024 } : entry, place)
      } else if (typeof entry === 'number') this.#against(portNumber(), entry, place)
      else if (typeof entry !== 'string') this.#missing(entry, place, 'write "8080:80"')
    }
  }

  #each(value: unknown, path: readonly Step[], check: (entry: unknown, path: readonly Step[]) => void): void {
    if (!isPlain(value)) return this.#at(path, 'KPF_VALUE', `"${path.at(-1)}" must be a map of names`, exampleOf(String(path.at(-1))))
    for (const [name, entry] of Object.entries(value)) {
      if (name.startsWith('x-')) continue
      if (!shape.forwardName.safeParse(name).success)
        this.#key([...path, name], 'KPF_NAME', `"${printable(name)}" cannot be a name here`, 'use lower-case letters, digits and "-"')
      check(entry, [...path, name])
    }
  }

  #against(schema: z.ZodMiniType, value: unknown, path: readonly Step[], known?: () => readonly string[]): void {
    const result = schema.safeParse(isPlain(value) ? withoutExtensions(value) : value)
    if (result.success) return
    for (const issue of result.error.issues) this.#issue(issue, [...path, ...issue.path.map(step)], known?.() ?? keysOf(schema, issue.path))
  }

  #issue(issue: z.core.$ZodIssue, path: readonly Step[], known: readonly string[]): void {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.#unknown(key, path, issue.path.length === 0 ? known : keysIn(path))
      return
    }
    if (issue.code === 'invalid_key') {
      const fix = issue.issues[0]?.message
      return this.#key(path, 'KPF_NAME', `"${printable(String(path.at(-1)))}" cannot be a name here`, fix)
    }
    const value = valueAt(this.#located.value, path)
    if (value === null || value === undefined) return this.#missing(value, path)
    const { code, message, fix } = wordingOf(issue, value, path)
    this.#at(path, code, message, fix)
  }

  #unknown(key: string, path: readonly Step[], known: readonly string[]): void {
    const at = [...path, key]
    if (isPlanned(path, key)) return this.#key(at, 'KPF_PLANNED', `"${key}" is planned, not in this version`, 'remove it')
    // Beyond a hundred it is another kind of file, and a suggestion for each takes longer than all the rest.
    const nearest = ++this.#unknownKeys > MAX_SUGGESTIONS ? undefined : nearestOf(key, known)
    if (nearest !== undefined) this.#meant.add(placeName([...path, nearest]))
    const fix = nearest === undefined ? `known here: ${known.join(', ')}` : `did you mean "${nearest}"?`
    this.#key(at, 'KPF_KEY_UNKNOWN', `unknown key "${printable(key)}"`, known.length > 0 ? fix : 'remove it')
  }

  /** Told unless a misspelt key stands for it: who adds the field as well has two. */
  #absent(path: readonly Step[], key: 'target' | 'ports'): void {
    if (this.#meant.has(placeName([...path, key]))) return
    const { code, fix } = needed[key]
    this.#key(path, code, `forward "${path.at(-1)}" has no ${key}`, fix)
  }

  #missing(value: unknown, path: readonly Step[], fix?: string): void {
    const last = path.at(-1)
    const where = typeof last === 'number' ? `in the list "${path.findLast((part) => typeof part === 'string')}"` : `after "${last}"`
    if (value === null || value === undefined) this.#at(path, 'KPF_VALUE_MISSING', `value missing ${where}`, fix ?? exampleOf(String(last)))
    else this.#at(path, 'KPF_VALUE', `"${printable(display(value))}" is not what belongs here`, fix)
  }

  #at(path: readonly Step[], code: string, message: string, fix?: string): void {
    this.problems.push(problemAt(this.#located, path, {}, { code, message, fix }))
  }

  #key(path: readonly Step[], code: string, message: string, fix?: string): void {
    this.problems.push(problemAt(this.#located, path, { key: true }, { code, message, fix }))
  }
}

/** What no forward can be without. */
const needed = {
  target: { code: 'KPF_TARGET', fix: 'add `target: svc/NAME`' },
  ports: { code: 'KPF_PORT', fix: 'add `ports: ["8080:80"]`' },
} as const

function placeName(path: readonly Step[]): string {
  return JSON.stringify(path)
}

/** A map without its `x-` keys. */
export function withoutExtensions(value: Plain): Plain {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (key.startsWith('x-') ? [] : [[key, isPlain(inner) ? withoutExtensions(inner) : inner]])),
  )
}

/** `8080: 80` as it should have been written. */
function portsOf(map: Plain): string {
  const texts = Object.entries(map).flatMap(([key, value]) => (/^\d+$/.test(key) ? [`"${key}:${display(value)}"`] : []))
  return texts.length === 0 ? '{ localPort: 8080, remotePort: 80 }' : printable(texts.join(', '))
}

/** The known key that was probably meant: a few letters off, or cut short. */
function nearestOf(key: string, known: readonly string[]): string | undefined {
  const lower = key.toLowerCase()
  const allowed = key.length < 4 ? 1 : Math.max(2, Math.floor(key.length / 3))
  const isNear = (word: string): boolean =>
    distance(word.toLowerCase(), lower) <= allowed || (lower.length >= 3 && word.toLowerCase().startsWith(lower.slice(0, 4)))
  return known.filter(isNear).sort((a, b) => distance(a.toLowerCase(), lower) - distance(b.toLowerCase(), lower))[0]
}

function keysOf(schema: z.ZodMiniType, path: readonly PropertyKey[]): readonly string[] {
  return path.length === 0 && schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : []
}

/** The keys that belong into a nested object, by the name of the field that holds it. */
function keysIn(path: readonly Step[]): readonly string[] {
  const holder = path.findLast((part) => typeof part === 'string') ?? ''
  const holders: Readonly<Record<string, unknown>> = {
    ...shape.defaults().shape,
    ...shape.cluster().shape,
    settings: shape.settings(),
    watch: shape.settings().shape.watch,
  }
  const field = Object.hasOwn(holders, holder) ? holders[holder] : undefined
  const inner = field instanceof z.ZodMiniOptional ? field.def.innerType : field
  return inner instanceof z.ZodMiniObject ? Object.keys(inner.shape) : []
}

function isNewer(version: unknown): boolean {
  return version !== undefined && version !== null && version !== 'kpf/v1'
}

function step(part: PropertyKey): Step {
  return typeof part === 'symbol' ? '' : part
}
