/**
 * `${VAR}` in one value: text in, text out. Pure; knows neither files nor YAML.
 *
 * The forms are compose's (compose-spec, 12-interpolation.md): `$V`, `${V}`, and with an
 * operator `:-` `-` `:?` `?` `:+` `+`, whose word may hold variables again; `$$` is a
 * dollar. Unlike there, a variable that is unset and has no default is a mistake.
 */
import { limits } from './limits.ts'
import { printable } from './printable.ts'

/** The value of a variable, if it has one. */
export type Lookup = (name: string) => string | undefined

/** Something that a template cannot say. */
export interface Mistake {
  readonly code: 'KPF_INTERPOLATION' | 'KPF_VARIABLE_UNSET' | 'KPF_YAML_LIMIT'
  /** Where in the template. */
  readonly at: number
  readonly message: string
  readonly fix: string
}

/** A stretch of the result, and where in the template it comes from. */
export interface Segment {
  readonly at: number
  readonly from: number
  /** The text of a variable: all of it comes from one place. */
  readonly isVariable: boolean
}

/** A template with its variables filled in. */
export interface Interpolated {
  readonly text: string
  readonly segments: readonly Segment[]
  /** Variables whose values are in the text. */
  readonly used: readonly string[]
  /** All variables that the template names. */
  readonly named: readonly string[]
  readonly mistakes: readonly Mistake[]
}

type Operator = '' | '-' | ':-' | '?' | ':?' | '+' | ':+'
type Piece =
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'dollar'; readonly at: number }
  | { readonly kind: 'variable'; readonly at: number; readonly name: string; readonly operator: Operator; readonly word: readonly Piece[] }

/**
 * Fills a template in. Where `hasReferences` says that references to forwards may stand,
 * `$(db.port)` is kept, and every other dollar is doubled: what comes out is a template of
 * `references.ts`, and no value of a variable can become a reference.
 */
export function interpolate(template: string, lookup: Lookup, hasReferences: boolean): Interpolated {
  const reader = new TemplateReader(template, hasReferences)
  const pieces = reader.pieces(0)
  const filling = new Filling(lookup, hasReferences ? '$$' : '$')
  const segments: Segment[] = []
  for (const piece of pieces) {
    segments.push({ at: filling.text.length, from: piece.at, isVariable: piece.kind === 'variable' })
    filling.add(piece)
  }
  return { text: filling.text, segments, used: [...filling.used], named: [...reader.named], mistakes: [...reader.mistakes, ...filling.mistakes] }
}

/** Whether the name of a variable says that its value is nobody's business. */
export function looksSecret(name: string): boolean {
  return /pass|pwd|secret|token|key|credential|auth|private|cert|cookie|session|dsn/i.test(name)
}

class TemplateReader {
  readonly mistakes: Mistake[] = []
  readonly named = new Set<string>()
  readonly #template: string
  readonly #hasReferences: boolean
  #at = 0

  constructor(template: string, hasReferences: boolean) {
    this.#template = template
    this.#hasReferences = hasReferences
  }

  /** To the end; inside a word to the `}` that closes it. */
  pieces(depth: number): readonly Piece[] {
    const found: Piece[] = []
    while (this.#at < this.#template.length) {
      const start = this.#at
      if (depth > 0 && this.#template[start] === '}') break
      if (this.#template[start] === '$') {
        const piece = this.#dollar(depth)
        // What follows a mistake cannot be told apart from it.
        if (piece === undefined) {
          this.#at = this.#template.length
          return []
        }
        found.push(piece)
        continue
      }
      this.#at = this.#next(start, depth > 0)
      found.push({ kind: 'text', at: start, text: this.#template.slice(start, this.#at) })
    }
    return found
  }

  #next(from: number, isWord: boolean): number {
    const dollar = this.#template.indexOf('$', from)
    const brace = isWord ? this.#template.indexOf('}', from) : -1
    const ends = [dollar, brace].filter((end) => end !== -1)
    return ends.length === 0 ? this.#template.length : Math.min(...ends)
  }

  #dollar(depth: number): Piece | undefined {
    const start = this.#at
    const next = this.#template[start + 1]
    if (next === '$') {
      this.#at += 2
      return { kind: 'dollar', at: start }
    }
    if (next === '{') return this.#braced(start, depth)
    if (next === '(') return this.#reference(start)
    const name = this.#name(start + 1)
    if (name === '') return this.#mistake(start, '"$" begins a variable, and no name follows')
    this.#at = start + 1 + name.length
    this.named.add(name)
    return { kind: 'variable', at: start, name, operator: '', word: [] }
  }

  #braced(start: number, depth: number): Piece | undefined {
    if (depth >= limits.nestedDefaults) return this.#mistake(start, `defaults are nested more than ${limits.nestedDefaults} deep`, 'KPF_YAML_LIMIT')
    const name = this.#name(start + 2)
    const shown = printable(/^[^}\s]*\}?/.exec(this.#template.slice(start, start + 60))?.[0] ?? '')
    if (name === '') return this.#mistake(start, `"${shown}" is no variable: a name has letters, digits and "_"`)
    this.#at = start + 2 + name.length
    const operator = /^(:?[-?+])?/.exec(this.#template.slice(this.#at, this.#at + 2))?.[0] ?? ''
    this.#at += operator.length
    if (operator === '' && this.#template[this.#at] !== '}' && this.#at < this.#template.length)
      return this.#mistake(start, `"${shown}" is no variable: after its name comes "}", ":-", "-", ":?", "?", ":+" or "+"`)
    const word = operator === '' ? [] : this.pieces(depth + 1)
    if (this.mistakes.length > 0) return undefined
    if (this.#template[this.#at] !== '}') return this.#mistake(start, `"${shown}" is never closed`)
    this.#at++
    this.named.add(name)
    // The pattern has no other words than the operators.
    return { kind: 'variable', at: start, name, operator: operator as Operator, word }
  }

  #reference(start: number): Piece | undefined {
    const end = this.#template.indexOf(')', start)
    if (!this.#hasReferences) {
      const shown = printable(this.#template.slice(start, end === -1 ? start + 40 : end + 1))
      return this.#mistake(start, `"${shown}": a reference to a forward can stand in "exports" and "links" only`)
    }
    if (end === -1) return this.#mistake(start, 'the reference "$(" is never closed')
    this.#at = end + 1
    return { kind: 'text', at: start, text: this.#template.slice(start, end + 1) }
  }

  #name(from: number): string {
    return /^[A-Za-z_][A-Za-z0-9_]{0,255}/.exec(this.#template.slice(from, from + 256))?.[0] ?? ''
  }

  #mistake(at: number, message: string, code: Mistake['code'] = 'KPF_INTERPOLATION'): undefined {
    const isReference = message.includes('reference')
    this.mistakes.push({ code, at, message, fix: isReference ? 'write the value itself' : 'write `${NAME}` or `${NAME:-default}`; `$$` is a dollar' })
  }
}

/** Puts values for variables. */
class Filling {
  readonly used = new Set<string>()
  readonly mistakes: Mistake[] = []
  readonly #lookup: Lookup
  readonly #dollar: string
  text = ''

  constructor(lookup: Lookup, dollar: string) {
    this.#lookup = lookup
    this.#dollar = dollar
  }

  add(piece: Piece): void {
    if (this.text.length > limits.expandedText) return
    if (piece.kind === 'text') this.text += piece.text
    else if (piece.kind === 'dollar') this.text += this.#dollar
    else this.#variable(piece)
    if (this.text.length > limits.expandedText)
      this.mistakes.push({
        code: 'KPF_YAML_LIMIT',
        at: piece.at,
        message: `the value is longer than ${limits.expandedText.toLocaleString('en')} characters with its variables`,
        fix: 'use shorter values',
      })
  }

  #variable({ at, name, operator, word }: Extract<Piece, { kind: 'variable' }>): void {
    const value = this.#lookup(name)
    const isThere = value !== undefined && (value !== '' || !operator.startsWith(':'))
    if (operator.endsWith('+')) {
      if (isThere) for (const piece of word) this.add(piece)
      return
    }
    if (isThere) {
      this.used.add(name)
      this.text += value.replaceAll('$', () => this.#dollar)
    } else if (operator.endsWith('-')) for (const piece of word) this.add(piece)
    else this.#unset({ at, name, operator, word })
  }

  #unset({ at, name, operator, word }: { at: number; name: string; operator: Operator; word: readonly Piece[] }): void {
    const why = operator === ':?' && this.#lookup(name) === '' ? 'empty' : 'not set'
    const said = new Filling((other) => (this.#lookup(other) ? `\${${other}}` : this.#lookup(other)), '$')
    for (const piece of word) said.add(piece)
    const more = said.text === '' ? '' : `: ${printable(said.text)}`
    this.mistakes.push({
      code: 'KPF_VARIABLE_UNSET',
      at,
      message: `the variable ${name} is ${why}${more}`,
      fix: operator.endsWith('?') ? `set ${name}` : `set ${name}, or write \${${name}:-default}`,
    })
  }
}
