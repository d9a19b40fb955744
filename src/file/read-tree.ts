/**
 * The tree of `yaml` to plain values with places: aliases and merge keys followed, and
 * everything refused that the language does not have. Pure; counts as it goes.
 */
import { type Alias, type Document, isAlias, isMap, isPair, isScalar, isSeq, type Pair, type ParsedNode, type Scalar, visit } from 'yaml'
import { type Place, pathKey, type Source, type Span, type Step } from './document.ts'
import { limits } from './limits.ts'
import { printable } from './printable.ts'
import type { Problem } from './problems.ts'

/** What a document holds. */
export interface Tree {
  readonly value: unknown
  readonly places: ReadonlyMap<string, Place>
  readonly problems: readonly Problem[]
  readonly refused: readonly Span[]
  readonly templates: readonly (readonly Step[])[]
  /** Beyond a limit: the value is cut. */
  readonly isTooLarge: boolean
}

/** Reads a document that has no mistakes of syntax. */
export function readTree(source: Source, document: Document): Tree {
  const reader = new Reader(source, document)
  const value = reader.read(document.contents, [], undefined)
  const { places, problems, refused, templates, isTooLarge } = reader
  return { value, places, problems, refused, templates, isTooLarge }
}

class Reader {
  readonly places = new Map<string, Place>()
  readonly problems: Problem[] = []
  readonly refused: Span[] = []
  readonly templates: (readonly Step[])[] = []
  isTooLarge = false
  readonly #source: Source
  readonly #targets: ReadonlyMap<Alias, ParsedNode | undefined>
  /** The nodes that reading is inside of: an alias to one of them would never end. */
  readonly #open = new Set<unknown>()
  #nodes = 0

  constructor(source: Source, document: Document) {
    this.#source = source
    // A walk of the whole document, for texts that have an alias at all.
    this.#targets = source.text.includes('*') ? targetsOf(document) : new Map()
  }

  read(node: unknown, path: readonly Step[], keyAt: number | undefined): unknown {
    const start = startOf(node) ?? keyAt ?? 0
    const text = isScalar(node) && typeof node.value === 'string' ? textAt(this.#source.text, start, node.value) : undefined
    this.places.set(pathKey(path), { source: this.#source, value: start, ...(text !== undefined && { text }), ...(keyAt !== undefined && { key: keyAt }) })
    if (this.#isBeyond(start, path.length)) return undefined
    if (isAlias(node)) return this.#alias(node, path, keyAt)
    if (node === null || node === undefined) return null
    this.#checkTag(node, start)
    if (this.#open.has(node)) return this.#refuse(node, start, { code: 'KPF_YAML_ALIAS', message: 'the alias refers to itself', fix: 'remove it' })
    this.#open.add(node)
    const value = this.#value(node, path, start)
    this.#open.delete(node)
    return value
  }

  #value(node: unknown, path: readonly Step[], start: number): unknown {
    if (isMap(node)) return this.#map(node, path)
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], undefined))
    if (!isScalar(node)) return null
    if (typeof node.value === 'string') this.#checkText(node, path, start)
    // A big integer is no number that the file could mean; as a number it is refused by its range.
    return typeof node.value === 'bigint' ? Number(node.value) : node.value
  }

  #isBeyond(start: number, depth: number): boolean {
    if (++this.#nodes > limits.nodes) this.#tooLarge(start, `the file expands to more than ${limits.nodes.toLocaleString('en')} values`, 'use fewer aliases')
    else if (depth > limits.depth) this.#tooLarge(start, `nested more than ${limits.depth} deep`, 'flatten it')
    return this.isTooLarge
  }

  #tooLarge(at: number, message: string, fix: string): void {
    if (!this.isTooLarge) this.problems.push(this.#source.problem(at, 'KPF_YAML_LIMIT', message, fix))
    this.isTooLarge = true
  }

  /** What no value may hold, and which have variables; `x-` keys are nobody's business. */
  #checkText(node: { value: unknown }, path: readonly Step[], start: number): void {
    const value = String(node.value)
    const control = controlIn(value)
    if (control !== undefined) {
      this.#refuse(node, start, { code: 'KPF_VALUE', message: `the control character ${control} is not allowed`, fix: 'remove it' })
      return
    }
    if (value.includes('$') && !path.some((step) => typeof step === 'string' && step.startsWith('x-'))) this.templates.push(path)
  }

  #checkTag(node: unknown, start: number): void {
    const tag = typeof node === 'object' && node !== null && 'tag' in node ? node.tag : undefined
    if (tag === undefined) return
    this.problems.push(this.#source.problem(tagStart(this.#source.text, start), 'KPF_YAML_TAG', 'tags are not allowed', 'write the plain value'))
  }

  #alias(alias: Alias.Parsed | Alias, path: readonly Step[], keyAt: number | undefined): unknown {
    const start = startOf(alias) ?? 0
    const target = this.#targets.get(alias)
    if (target === undefined)
      return this.#refuse(alias, start, {
        code: 'KPF_YAML_ALIAS',
        message: `no anchor "&${printable(alias.source)}" stands above`,
        fix: 'define the anchor above, or quote the text',
      })
    if (this.#open.has(target)) return this.#refuse(alias, start, { code: 'KPF_YAML_ALIAS', message: 'the alias refers to itself', fix: 'remove it' })
    return this.read(target, path, keyAt ?? start)
  }

  #map(map: { items: readonly unknown[] }, path: readonly Step[]): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null)
    const seen = new Map<string, number>()
    const merges: unknown[] = []
    if (map.items.length > limits.keysInMap) this.#tooLarge(startOf(map) ?? 0, `more than ${limits.keysInMap} keys in one map`, 'split the file')
    for (const pair of map.items) {
      if (this.isTooLarge || !isPair(pair)) break
      const at = startOf(pair.key) ?? startOf(pair.value) ?? startOf(map) ?? 0
      const key = this.#key(pair, at, map)
      if (key === undefined) continue
      const first = seen.get(key)
      if (first !== undefined) {
        const { line } = this.#source.position(first)
        this.#refuse(pair.key, at, {
          code: 'KPF_KEY_DUPLICATE',
          message: `key "${printable(key)}" is given twice, first at line ${line}`,
          fix: 'remove or rename one of them',
        })
        continue
      }
      seen.set(key, at)
      if (isMergeKey(pair)) merges.push(pair.value)
      else result[key] = this.read(pair.value, [...path, key], at)
    }
    for (const merge of merges) this.#merge(merge, path, result)
    return result
  }

  /** The text of a key that the language can hold. */
  #key(pair: Pair, at: number, map: unknown): string | undefined {
    const { key } = pair
    if (!isScalar(key)) {
      const message = 'a key must be plain text'
      this.#refuse(map, at, { code: 'KPF_VALUE', message, fix: 'if a template such as {{ name }} was meant: write the value itself' })
      return undefined
    }
    const text = keyText(key)
    this.#checkTag(key, at)
    const control = controlIn(text)
    if (control !== undefined) {
      this.#refuse(key, at, { code: 'KPF_VALUE', message: `the control character ${control} is not allowed, in "${printable(text)}"`, fix: 'remove it' })
      return undefined
    }
    if (text === '__proto__' || text === 'constructor' || text === 'prototype') {
      this.#refuse(key, at, { code: 'KPF_KEY_RESERVED', message: `"${text}" is a reserved word and cannot be a key`, fix: 'choose another name' })
      return undefined
    }
    return text
  }

  /** `<<: *base` or `<<: [*a, *b]`: keys of the map itself win, then the earlier of the list. */
  #merge(node: unknown, path: readonly Step[], into: Record<string, unknown>): void {
    const target = isAlias(node) ? this.#targets.get(node) : node
    const sources: readonly unknown[] = isSeq(target) ? target.items : [node]
    for (const source of sources) {
      const map = isAlias(source) ? this.#targets.get(source) : source
      const at = startOf(source) ?? startOf(node) ?? 0
      if (!isMap(map) || this.#open.has(map)) {
        const message = isMap(map) ? '`<<` refers to the map that it stands in' : '`<<` takes the alias of a map that stands above'
        this.#refuse(source, at, { code: 'KPF_YAML_ALIAS', message, fix: 'write `<<: *name`' })
        continue
      }
      this.#open.add(map)
      for (const pair of map.items) {
        if (this.#isBeyond(at, path.length)) break
        const key = isScalar(pair.key) ? keyText(pair.key) : undefined
        const isOwn = key !== undefined && (key in into || key === '__proto__' || key === 'constructor' || key === 'prototype')
        if (key === undefined || isOwn) continue
        if (isMergeKey(pair)) this.#merge(pair.value, path, into)
        else into[key] = this.read(pair.value, [...path, key], startOf(pair.key))
      }
      this.#open.delete(map)
    }
  }

  #refuse(node: unknown, at: number, { code, message, fix }: { code: string; message: string; fix: string }): undefined {
    this.problems.push(this.#source.problem(at, code, message, fix))
    const start = startOf(node)
    if (start !== undefined) this.refused.push({ source: this.#source, start, end: Math.max(start + 1, endOf(node)) })
    return undefined
  }
}

/** What each alias means: the nearest anchor of its name above. `yaml` would search the whole document for each. */
function targetsOf(document: Document): ReadonlyMap<Alias, ParsedNode | undefined> {
  const anchors = new Map<string, ParsedNode>()
  const targets = new Map<Alias, ParsedNode | undefined>()
  visit(document, {
    Alias: (_key, alias) => void targets.set(alias, anchors.get(alias.source)),
    Value: (_key, node) => {
      // The nodes of a parsed document are parsed nodes; `visit` has the wider type.
      if (node.anchor !== undefined) anchors.set(node.anchor, node as ParsedNode)
    },
  })
  return targets
}

/** A key as it is written: `010` stays that. */
function keyText(key: Scalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.source === '<<' && pair.key.type === 'PLAIN'
}

/** Where `value` stands letter by letter, when it does: plain, or in quotes without escapes. */
function textAt(text: string, start: number, value: string): number | undefined {
  if (text.startsWith(value, start)) return start
  return /["']/.test(text[start] ?? '') && text.startsWith(value, start + 1) ? start + 1 : undefined
}

function controlIn(value: string): string | undefined {
  const found = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.exec(value)?.[0]
  return found === undefined ? undefined : `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

function tagStart(text: string, before: number): number {
  const match = /!\S*\s*$/.exec(text.slice(Math.max(0, before - 200), before))
  return match === null ? 0 : Math.max(0, before - 200) + match.index
}

// Every node of `yaml` has a range; the types say that it may not.
function startOf(node: unknown): number | undefined {
  return (node as ParsedNode | null | undefined)?.range?.[0]
}

function endOf(node: unknown): number {
  return (node as ParsedNode | null | undefined)?.range?.[1] ?? 0
}
