/**
 * Files of variables: `NAME=value` lines, as `docker compose` reads them. Pure.
 *
 * `#` begins a comment, `export` may stand in front, values may be quoted: in double
 * quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` mean one character, in single quotes every
 * character means itself, and both may run over lines. Unlike there, `$` has no meaning:
 * a value is what is written.
 */
import type { Source } from './document.ts'
import type { Problem } from './problems.ts'

/** What a file of variables says. */
export interface EnvFile {
  readonly values: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

/** Reads a file of variables; of a name that is given twice the last one counts. */
export function readEnvFile(source: Source): EnvFile {
  const reader = new EnvReader(source)
  reader.run()
  return { values: reader.values, problems: reader.problems }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' }

class EnvReader {
  readonly values = new Map<string, string>()
  readonly problems: Problem[] = []
  readonly #source: Source
  #at = 0

  constructor(source: Source) {
    this.#source = source
  }

  run(): void {
    const { text } = this.#source
    const nul = text.indexOf('\0')
    if (nul !== -1) {
      this.#problem(nul, 'the file holds a NUL character', 'save it as UTF-8 text')
      return
    }
    while (this.#at < text.length) {
      const end = this.#lineEnd(this.#at)
      const line = text.slice(this.#at, end)
      if (/^\s*(#|$)/.test(line)) this.#at = end + 1
      else this.#entry(line, end)
    }
  }

  /** One entry; it may end on a later line than it begins. */
  #entry(line: string, end: number): void {
    const start = this.#at + (/^\s*/.exec(line)?.[0].length ?? 0)
    this.#at = end + 1
    const head = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*/.exec(line)
    if (head === null) {
      const isName = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*$/.test(line)
      // What stands there may be a part of a secret: it is pointed at, not said.
      const message = isName ? 'the variable has no value' : 'this is not NAME=value: a name has letters, digits and "_"'
      return this.#problem(start, message, 'write NAME=value, or begin a comment with #')
    }
    const [before, name = ''] = head
    const from = end - line.length + before.length
    const quote = this.#source.text[from]
    if (quote === '"' || quote === "'") return this.#quoted(name, quote, from)
    this.values.set(
      name,
      line
        .slice(before.length)
        .replace(/(^|\s)#[^]*$/, '')
        .trim(),
    )
  }

  #quoted(name: string, quote: string, from: number): void {
    const { text } = this.#source
    let value = ''
    let at = from + 1
    for (; at < text.length && text[at] !== quote; at++) {
      const escaped = quote === '"' && text[at] === '\\' ? escapes[text[at + 1] ?? ''] : undefined
      if (escaped !== undefined) at++
      value += escaped ?? text[at]
    }
    if (at >= text.length) {
      this.#at = text.length
      return this.#problem(from, `the quote that opens the value of ${name} is never closed`, 'close the quote')
    }
    const end = this.#lineEnd(at)
    this.#at = end + 1
    if (!/^\s*(#.*)?$/.test(text.slice(at + 1, end)))
      return this.#problem(at + 1, `text follows the quoted value of ${name}`, 'remove it, or put all of the value into the quotes')
    this.values.set(name, value.replaceAll('\r\n', '\n'))
  }

  #lineEnd(from: number): number {
    const end = this.#source.text.indexOf('\n', from)
    return end === -1 ? this.#source.text.length : end
  }

  /** Without the line itself: it may hold a secret. */
  #problem(at: number, message: string, fix: string): void {
    const { sourceLine: _, ...problem } = this.#source.problem(at, 'KPF_ENV_FILE', message, fix)
    this.problems.push(problem)
  }
}
