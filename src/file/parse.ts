/**
 * Text of a forwards file to plain values with positions. Pure; never throws, and takes
 * bounded time: text that `yaml` would choke on is refused before it is parsed.
 */
import { Composer, type CST, type Document, Lexer, Parser, type YAMLError } from 'yaml'
import { type Located, Source } from './document.ts'
import { limits } from './limits.ts'
import type { Problem } from './problems.ts'
import { readTree } from './read-tree.ts'

/** The values of one document, or what is wrong with its text. */
export function parse(file: string, text: string): Located | readonly Problem[] {
  return parseSource(new Source(file, text))
}

/** The same of a text that has its lines counted. */
export function parseSource(source: Source): Located | readonly Problem[] {
  const early = beforeParsing(source)
  if (early !== undefined) return [early]
  try {
    return parsed(source)
  } catch {
    // `yaml` overflows the stack on thousands of open brackets.
    return [tooDeep(source)]
  }
}

/** The documents of a text, lexed once; undefined when it has more tokens than a file may have. */
function documentsOf(text: string): readonly Document.Parsed[] | undefined {
  const parser = new Parser()
  let tokens = 0
  const nodes = function* (): Generator<CST.Token, void> {
    for (const lexeme of new Lexer().lex(text)) {
      // Nothing more is composed: what is behind the limit costs no time.
      if (++tokens > limits.tokens) return
      yield* parser.next(lexeme)
    }
    yield* parser.end()
  }
  // Its own check of unique keys is quadratic; `read-tree.ts` has a linear one.
  const composer = new Composer({ merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'error', strict: true })
  const documents: Document.Parsed[] = []
  for (const token of nodes()) documents.push(...composer.next(token))
  return tokens > limits.tokens ? undefined : [...documents, ...composer.end()]
}

function parsed(source: Source): Located | readonly Problem[] {
  const all = documentsOf(source.text)
  if (all === undefined) return [tooLarge(source)]
  const [document, second] = all
  if (document === undefined || (document.contents === null && document.errors.length === 0 && second === undefined)) return [empty(source)]
  // What follows the first mistake of syntax is mostly its echo.
  const error = document.errors[0]
  if (error !== undefined) return [syntaxProblem(source, error)]
  if (second !== undefined) {
    const at = /^---/m.exec(source.text.slice(document.range[1]))
    const offset = at === null ? second.range[0] : document.range[1] + at.index
    return [source.problem(offset, 'KPF_YAML_DOCUMENTS', 'only one document is allowed in a file, a second one starts here', 'remove what follows `---`')]
  }
  const tree = readTree(source, document)
  if (tree.isTooLarge) return tree.problems
  return tree.value === null && tree.problems.length === 0 ? [empty(source)] : { ...tree, source }
}

function empty(source: Source): Problem {
  return source.problem(0, 'KPF_FILE_EMPTY', 'the file is empty or holds comments only', 'restore it; `forwards: {}` stops all')
}

/** What is told from the text alone: `yaml` has no words for it, or takes too long. */
function beforeParsing(source: Source): Problem | undefined {
  const { text } = source
  const marker = /^(<{7}|={7}|>{7})( |\r?$)/m.exec(text)
  if (marker) return source.problem(marker.index, 'KPF_YAML_CONFLICT', 'git conflict marker', 'resolve the merge conflict first')
  const nul = text.indexOf('\0')
  if (nul !== -1) return source.problem(nul, 'KPF_FILE_ENCODING', 'the file holds a NUL character', 'save it as UTF-8 text')
  const directive = /^%/m.exec(text)
  if (directive) return source.problem(directive.index, 'KPF_YAML_TAG', 'directives are not allowed', 'remove the line that begins with %')
  return text.split('\\', limits.backslashes + 2).length > limits.backslashes + 1 ? tooLarge(source) : undefined
}

function tooLarge(source: Source): Problem {
  return source.problem(0, 'KPF_YAML_LIMIT', 'the file has more parts than a forwards file can need', `split it; ${limits.forwards} forwards are the limit`)
}

function tooDeep(source: Source): Problem {
  return source.problem(0, 'KPF_YAML_LIMIT', `the file is nested more than ${limits.depth} deep`, 'flatten it')
}

function syntaxProblem(source: Source, error: YAMLError): Problem {
  const at = error.pos[0]
  const { line } = source.position(Math.min(at, source.text.length))
  const tab = lastTab(source, line)
  if (tab !== undefined) return source.problem(tab, 'KPF_YAML_TAB', 'a tab is used for indentation', 'indent with spaces')
  if (error.code === 'TAG_RESOLVE_FAILED') return source.problem(at, 'KPF_YAML_TAG', 'tags are not allowed', 'write the plain value')
  const template = /\$?\{\{?[^"'{}]*\}\}?/.exec(source.line(line))
  if (/[{[].*\$\{/.test(source.line(line)) && template) {
    const fix = 'put it in quotes: "${…}"'
    return source.problem(at, 'KPF_YAML_SYNTAX', 'an unquoted `${…}` inside { } or [ ] is not YAML', fix)
  }
  if (/Missing closing/.test(error.message)) {
    return source.problem(openingQuote(source.text, at), 'KPF_YAML_SYNTAX', 'the quote opened here is never closed', 'close the quote')
  }
  return source.problem(at, 'KPF_YAML_SYNTAX', `not valid YAML: ${words(error)}`, 'check the indentation, and quote what holds `: `, ` #`, braces or brackets')
}

function words(error: YAMLError): string {
  if (error.code === 'MULTILINE_IMPLICIT_KEY' || /implicit keys? need/i.test(error.message)) return 'a key must stand on one line, with `:` after it'
  const first = (error.message.split('\n')[0] ?? '').replace(/\.$/, '')
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}`.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 120)
}

/** The indentation tab that a mistake on `line` is about: on that line, or the one before. */
function lastTab(source: Source, line: number): number | undefined {
  for (const candidate of [line, line - 1]) {
    const indent = candidate < 1 ? null : /^ *\t/.exec(source.line(candidate))
    if (indent) return source.offset({ line: candidate, column: indent[0].length })
  }
  return undefined
}

/** The parser points at the end; people look for the beginning. */
function openingQuote(text: string, from: number): number {
  for (let at = Math.min(from, text.length - 1); at >= 0; at--) {
    if ((text[at] === '"' || text[at] === "'") && /[\s:[{,-]/.test(text[at - 1] ?? '\n')) return at
  }
  return from
}
