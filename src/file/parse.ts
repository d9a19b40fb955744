/**
 * Text of a forwards file to plain values with positions. Pure; never throws, and takes
 * bounded time: text that `yaml` would choke on is refused before it is parsed.
 */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  type ParsedNode,
  parseAllDocuments,
  parseDocument,
  type Document as YamlDocument,
  type YAMLError,
} from 'yaml'
import { type Located, type Place, pathKey, Source, type Step } from './document.ts'
import { limits } from './limits.ts'
import type { Problem } from './problems.ts'

/** The values of one document, or what is wrong with its text. */
export function parse(file: string, text: string): Located | readonly Problem[] {
  const source = new Source(file, text)
  const early = beforeParsing(source)
  if (early.length > 0) return early
  try {
    return parsed(source)
  } catch {
    // `yaml` overflows the stack on thousands of open brackets.
    return [source.problem(0, 'KPF_YAML_LIMIT', 'the file is nested too deep to be read', `nest at most ${limits.depth} deep`)]
  }
}

function parsed(source: Source): Located | readonly Problem[] {
  const options = { merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent', strict: true } as const
  const document = parseDocument(source.text, options)
  const problems = document.errors.map((error) => syntaxProblem(source, error))
  if (document.errors.some((error) => error.code === 'MULTIPLE_DOCS')) return [secondDocument(source, options)]
  if (problems.length > 0) return problems
  for (const warning of document.warnings) {
    if (warning.code === 'TAG_RESOLVE_FAILED') problems.push(source.problem(warning.pos[0], 'KPF_YAML_TAG', 'tags are not allowed', 'write the plain value'))
  }
  if (source.text.startsWith('%') || /\n%/.test(source.text))
    problems.push(source.problem(Math.max(0, source.text.search(/^%/m)), 'KPF_YAML_TAG', 'directives are not allowed', 'remove the line'))
  const reader = new Reader(source, document, problems)
  const value = reader.read(document.contents, [], 0)
  if (problems.length > 0) return problems
  if (value === null || value === undefined) {
    return [source.problem(0, 'KPF_FILE_EMPTY', 'the file holds no forwards: it is empty', 'write `forwards: {}` to stop all, or restore the file')]
  }
  return { value, places: reader.places, source }
}

function beforeParsing(source: Source): readonly Problem[] {
  const { text } = source
  const marker = /^(<{7}|={7}|>{7})( |$)/m.exec(text)
  if (marker) return [source.problem(marker.index, 'KPF_YAML_CONFLICT', 'git conflict marker', 'resolve the merge conflict first')]
  const tab = /^ *\t/m.exec(text)
  if (tab) return [source.problem(tab.index + tab[0].length - 1, 'KPF_YAML_TAB', 'tab used for indentation', 'indent with spaces')]
  const nul = text.indexOf('\0')
  if (nul !== -1) return [source.problem(nul, 'KPF_FILE_ENCODING', 'the file holds a NUL character', 'save it as UTF-8 text')]
  let backslashes = 0
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', at + 1)) backslashes++
  if (backslashes > limits.backslashes || countsTooMany(text)) {
    return [source.problem(0, 'KPF_YAML_LIMIT', 'the file has more parts than a forwards file can need', `split it; ${limits.forwards} forwards are the limit`)]
  }
  return []
}

function countsTooMany(text: string): boolean {
  let tokens = 0
  for (const _token of new Lexer().lex(text)) if (++tokens > limits.tokens) return true
  return false
}

function secondDocument(source: Source, options: Parameters<typeof parseAllDocuments>[1]): Problem {
  const all = parseAllDocuments(source.text, options)
  const second = Array.isArray(all) ? all[1] : undefined
  return source.problem(second?.range[0] ?? source.text.length, 'KPF_YAML_DOCUMENTS', 'only one document is allowed in a file', 'remove what follows `---`')
}

function syntaxProblem(source: Source, error: YAMLError): Problem {
  const at = error.pos[0]
  const line = source.line(source.position(at).line)
  if (/[{[].*\$\{[^"']*$/.test(line))
    return source.problem(at, 'KPF_YAML_SYNTAX', '`${…}` inside braces must be quoted', 'write "${NAME}" in quotes inside { }')
  if (/Missing closing/.test(error.message)) {
    const open = openingQuote(source.text, at)
    return source.problem(open, 'KPF_YAML_SYNTAX', 'the quote opened here is never closed', 'close the quote')
  }
  const message = (error.message.split('\n')[0] ?? '').replace(/\.$/, '')
  return source.problem(at, 'KPF_YAML_SYNTAX', `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`)
}

/** The parser points at the end; people look for the beginning. */
function openingQuote(text: string, from: number): number {
  for (let at = Math.min(from, text.length - 1); at >= 0; at--) {
    if ((text[at] === '"' || text[at] === "'") && /[\s:[{,-]/.test(text[at - 1] ?? '\n')) return at
  }
  return from
}

/** Walks the tree once, following aliases and merge keys, counting as it goes. */
class Reader {
  readonly places = new Map<string, Place>()
  readonly #source: Source
  readonly #document: YamlDocument
  readonly #problems: Problem[]
  readonly #open = new Set<unknown>()
  #nodes = 0

  constructor(source: Source, document: YamlDocument, problems: Problem[]) {
    this.#source = source
    this.#document = document
    this.#problems = problems
  }

  read(node: unknown, path: readonly Step[], keyAt: number | undefined): unknown {
    const start = startOf(node) ?? keyAt ?? 0
    this.places.set(pathKey(path), {
      value: start,
      isPlain: isScalar(node) && node.type === 'PLAIN',
      ...(keyAt !== undefined && path.length > 0 && { key: keyAt }),
    })
    if (++this.#nodes > limits.nodes) return this.#once('KPF_YAML_LIMIT', start, `the file expands to more than ${limits.nodes} values`, 'use fewer aliases')
    if (path.length > limits.depth) return this.#once('KPF_YAML_LIMIT', start, `nested more than ${limits.depth} deep`, 'flatten it')
    if (isAlias(node)) return this.#alias(node.resolve(this.#document), path, keyAt ?? start)
    if (isMap(node)) return this.#map(node, path)
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], startOf(item)))
    return isScalar(node) ? this.#scalar(node.value, start) : null
  }

  #scalar(value: unknown, at: number): unknown {
    if (typeof value === 'string') {
      const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.exec(value)
      if (control) {
        const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
        this.#problems.push(this.#source.problem(at, 'KPF_VALUE', `the control character U+${code} is not allowed`, 'remove it'))
      }
    }
    return value
  }

  #alias(target: unknown, path: readonly Step[], at: number): unknown {
    if (target === undefined) return this.#once('KPF_YAML_ALIAS', at, 'the alias names no anchor', 'define the anchor above')
    if (this.#open.has(target)) return this.#once('KPF_YAML_ALIAS', at, 'the alias refers to itself', 'remove it')
    this.#open.add(target)
    const value = this.read(target, path, at)
    this.#open.delete(target)
    return value
  }

  #map(map: { items: readonly unknown[]; range?: readonly number[] | null }, path: readonly Step[]): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null)
    const seen = new Map<string, number>()
    for (const pair of map.items) {
      if (!isPair(pair)) continue
      const at = startOf(pair.key) ?? 0
      const key = isScalar(pair.key) ? String(pair.key.value) : undefined
      if (key === undefined) {
        this.#problems.push(this.#source.problem(at, 'KPF_VALUE', 'a key must be plain text'))
      } else if (key === '<<') {
        this.#merge(pair.value, path, result)
      } else if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
        this.#problems.push(this.#source.problem(at, 'KPF_KEY_RESERVED', `"${key}" is a reserved word and cannot be a key`, 'choose another name'))
      } else if (seen.has(key)) {
        const first = this.#source.position(seen.get(key) ?? 0)
        this.#problems.push(
          this.#source.problem(at, 'KPF_KEY_DUPLICATE', `key "${key}" is given twice, first at line ${first.line}`, 'remove or rename one of them'),
        )
      } else {
        seen.set(key, at)
        result[key] = this.read(pair.value, [...path, key], at)
      }
    }
    if (map.items.length > limits.keysInMap) this.#once('KPF_YAML_LIMIT', startOf(map) ?? 0, `more than ${limits.keysInMap} keys in one map`, 'split the file')
    return result
  }

  /** `<<: *base` or `<<: [*a, *b]`: keys of the map itself win, then the earlier of the list. */
  #merge(node: unknown, path: readonly Step[], into: Record<string, unknown>): void {
    const target = isAlias(node) ? node.resolve(this.#document) : node
    const sources: readonly unknown[] = isSeq(target) ? target.items : [target]
    for (const source of sources) {
      const map = isAlias(source) ? source.resolve(this.#document) : source
      if (!isMap(map)) {
        this.#problems.push(this.#source.problem(startOf(node) ?? 0, 'KPF_YAML_ALIAS', '`<<` takes an alias of a map', 'write `<<: *name`'))
        continue
      }
      if (this.#open.has(map)) continue
      this.#open.add(map)
      for (const [key, value] of Object.entries(this.#map(map, path))) if (!(key in into)) into[key] = value
      this.#open.delete(map)
    }
  }

  #once(code: string, at: number, message: string, fix: string): undefined {
    if (!this.#problems.some((problem) => problem.code === code)) this.#problems.push(this.#source.problem(at, code, message, fix))
    return undefined
  }
}

function startOf(node: unknown): number | undefined {
  // Every node of `yaml` has a range; the type says that it may not.
  const range = (node as ParsedNode | null | undefined)?.range
  return range?.[0]
}
