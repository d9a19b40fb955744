/**
 * Writes texts into a YAML document and leaves every other character of it alone:
 * comments, order, quotes and indentation belong to who wrote them. For kubeconfigs. Pure.
 */
import { isMap, isScalar, parse, parseDocument, type YAMLMap } from 'yaml'

/** A text for a place: keys of maps and indices of lists. */
export interface YamlEdit {
  readonly path: readonly (string | number)[]
  readonly value: string
}

/** The edited text. Throws when a place cannot be written without touching anything else. */
export function editYaml(text: string, edits: readonly YamlEdit[]): string {
  const edited = edits.reduce(editOne, text)
  // What was written is read back: a mistake here would cost somebody a file.
  if (canonical(edits.reduce(withEdit, plain(text))) !== canonical(plain(edited))) throw new Error('the edit would change more than it should')
  return edited
}

function editOne(text: string, { path, value }: YamlEdit): string {
  const document = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' })
  const node: unknown = document.getIn(path, true)
  if (isScalar(node) && node.range) {
    const [start, end] = node.range
    // A block scalar reaches to its last line break, and so does an empty value reach nothing.
    const lineEnd = text.slice(start, end).endsWith('\n') ? '\n' : ''
    const gap = start > 0 && text[start - 1] === ':' ? ' ' : ''
    return `${text.slice(0, start)}${gap}${node.type === 'QUOTE_DOUBLE' ? JSON.stringify(value) : written(value)}${lineEnd}${text.slice(end)}`
  }
  const holder: unknown = document.getIn(path.slice(0, -1), true)
  if (node !== undefined || !isMap(holder)) throw new Error('no place to write to')
  return inserted(text, holder, { key: String(path.at(-1)), value })
}

/** Before the first key: what follows a value on its line, or below it, is then never in between. */
function inserted(text: string, holder: YAMLMap, { key, value }: { key: string; value: string }): string {
  const first: unknown = holder.items[0]?.key
  if (!isScalar(first) || !first.range) throw new Error('no place to write to')
  const [start] = first.range
  if (holder.flow) return `${text.slice(0, start)}${JSON.stringify(key)}: ${JSON.stringify(value)}, ${text.slice(start)}`
  const indent = start - (text.lastIndexOf('\n', start - 1) + 1)
  return `${text.slice(0, start)}${key}: ${written(value)}\n${' '.repeat(indent)}${text.slice(start)}`
}

/** A token reads as itself; anything else is quoted as JSON, which YAML reads too. */
function written(value: string): string {
  return /^ey[\w-]+(\.[\w-]+){2}$/.test(value) ? value : JSON.stringify(value)
}

/** Values of their own, even where the text has aliases. */
function plain(text: string): unknown {
  return JSON.parse(JSON.stringify(parse(text, { uniqueKeys: false, logLevel: 'silent' }) ?? null))
}

function withEdit(value: unknown, { path, value: text }: YamlEdit): unknown {
  const [step, ...rest] = path
  if (step === undefined) return text
  if (Array.isArray(value)) return value.map((entry: unknown, index) => (index === step ? withEdit(entry, { path: rest, value: text }) : entry))
  if (typeof value !== 'object' || value === null) throw new Error('no place to write to')
  const inner: unknown = Object.entries(value).find(([key]) => key === step)?.[1]
  return { ...value, [step]: withEdit(inner, { path: rest, value: text }) }
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
