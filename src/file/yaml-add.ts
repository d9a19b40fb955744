/**
 * Adds a forward of one line to the text of a forwards file, behind the others; every
 * other character stays as it is. Pure.
 */
import { isMap, isScalar, type Pair, parse, parseDocument, type YAMLMap } from 'yaml'

/** The text with the forward in it; a text of nothing becomes a file. Throws when there is no place for it. */
export function withForward(text: string, name: string, line: string): string {
  const entry = `${name}: ${written(line)}`
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const added = addedTo(text, entry, end)
  // What was written is read back: a mistake here would cost somebody a file.
  const before: unknown = parse(text, { logLevel: 'silent' }) ?? {}
  const wanted = { ...plain(before), forwards: { ...plain(plain(before)['forwards']), [name]: line } }
  if (sorted(parse(added, { logLevel: 'silent' })) !== sorted(wanted)) throw new Error('the edit would change more than it should')
  return added
}

function addedTo(text: string, entry: string, end: string): string {
  const document = parseDocument(text, { logLevel: 'silent' })
  if (document.errors.length > 0) throw new Error('it is no valid YAML')
  const { contents } = document
  if (contents !== null && (!isMap(contents) || contents.flow === true)) throw new Error('it is no map of lines')
  const pair = isMap(contents) ? contents.items.find(({ key }) => isScalar(key) && key.value === 'forwards') : undefined
  if (pair === undefined) return `${withEnd(text, end)}forwards:${end}  ${entry}${end}`
  const { value } = pair
  if (isMap(value) && value.flow !== true) return afterLast(text, value, { entry, end })
  if (isMap(value) && value.items.length > 0) return intoFlow(text, value, entry)
  return underKey(text, pair, { entry, end })
}

interface Added {
  readonly entry: string
  readonly end: string
}

function afterLast(text: string, map: YAMLMap, { entry, end }: Added): string {
  const first: unknown = map.items[0]?.key
  const range = map.range
  if (!isScalar(first) || !first.range || !range) throw new Error('it has no place for another forward')
  const indent = first.range[0] - (text.lastIndexOf('\n', first.range[0] - 1) + 1)
  // The value of a map reaches over the blanks and comments behind its last line.
  const body = text.slice(0, range[1])
  const at = lastLineEnd(text, body.replace(/(\s*(#[^\n]*)?\n)*\s*(#[^\n]*)?$/, '').length)
  return `${withEnd(text.slice(0, at), end)}${' '.repeat(indent)}${entry}${at === text.length ? end : withoutEnd(text.slice(at), end)}`
}

/** The end of the line that an offset is in, its break left out. */
function lastLineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  if (at === -1) return text.length
  return text[at - 1] === '\r' ? at - 1 : at
}

/** What follows a line that was put in, which needs no break of its own. */
function withoutEnd(rest: string, end: string): string {
  return rest.startsWith(end) ? rest : `${end}${rest}`
}

function intoFlow(text: string, { range }: YAMLMap, entry: string): string {
  if (!range) throw new Error('it has no place for another forward')
  const close = text.lastIndexOf('}', range[1] - 1)
  const before = text.slice(0, close).trimEnd()
  return `${before}${before.endsWith(',') ? ' ' : ', '}${entry.replace(/: (.*)$/s, (_all, line: string) => `: ${line.startsWith('"') ? line : JSON.stringify(line)}`)}${text.slice(before.length, close)}${text.slice(close)}`
}

/** `forwards:` with nothing, or `{}`, behind it. */
function underKey(text: string, { key, value }: Pair, { entry, end }: Added): string {
  if (!isScalar(key) || !key.range || (isScalar(value) && value.value !== null)) throw new Error('its forwards are no map')
  const colon = text.indexOf(':', key.range[1])
  const lineEnd = lastLineEnd(text, colon)
  const behind = text
    .slice(colon + 1, lineEnd)
    .replace(/\{\s*\}/, '')
    .trimEnd()
  return `${text.slice(0, colon + 1)}${behind}${end}  ${entry}${text.slice(lineEnd) || end}`
}

function withEnd(text: string, end: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}${end}`
}

/** Bare where YAML takes it as a text of one line. */
function written(line: string): string {
  return /^[\w/-][^#\n"']*$/.test(line) && !/:(\s|$)/.test(line) ? line : JSON.stringify(line)
}

function plain(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
