/** What `kpf config` lists of the files, each as lines for people and as data for programs (`schema/config.schema.json`). */
import type { Explanation } from '../../file/explain.ts'
import type { Loaded } from '../../file/load.ts'
import { exportsOf } from '../../file/references.ts'
import { unmarked } from '../../file/veil.ts'
import { fingerprint } from '../../supervisor/plan.ts'
import { digest } from '../../system/state.ts'

/** Of {@link Listed.data}: stays while what is there keeps its meaning. */
const VERSION = 1

type Files = Extract<Loaded, { readonly kind: 'loaded' }>

/** A list in both forms. */
export interface Listed {
  readonly data: object
  readonly text: string
}

/** By the flag that asks for it. */
export const lists: Readonly<Record<'variables' | 'exports' | 'profiles' | 'hash', (files: Files) => Listed>> = {
  variables({ variables }) {
    const width = Math.max(0, ...variables.map(({ name }) => name.length))
    const data = { v: VERSION, variables: variables.map(({ name, from }) => ({ name, from: from ?? null })) }
    return { data, text: variables.map(({ name, from }) => `${name.padEnd(width)}  ${from ?? 'not set'}\n`).join('') }
  },
  exports({ project, marked, redact }) {
    const own = Object.entries(project.exports ?? {}).map(([name, text]) => [name, marked(text)])
    const all = exportsOf({ ...project, exports: Object.fromEntries(own) }).map(([name, value]) => [name, unmarked(redact(value))] as const)
    return { data: { v: VERSION, exports: Object.fromEntries(all) }, text: all.map(([name, value]) => `${name}=${value}\n`).join('') }
  },
  profiles({ project: { profiles = [] } }) {
    return { data: { v: VERSION, profiles }, text: profiles.map((name) => `${name}\n`).join('') }
  },
  hash({ project }) {
    const all = project.forwards.map((forward) => [forward.name, digest(fingerprint(forward))] as const)
    return { data: { v: VERSION, hashes: Object.fromEntries(all) }, text: all.map(([name, hash]) => `${name} ${hash}\n`).join('') }
  },
}

/** Where values come from; undefined when nothing is at the path. */
export function explained({ explain, redact }: Files, path: string): Listed | undefined {
  const found = explain(path)
  if (found.length === 0) return undefined
  const values = found.map(({ value, ...rest }) => ({ ...rest, ...(value !== undefined && { value: shownValue(value, redact) }) }))
  return { data: { v: VERSION, values }, text: found.map((one) => `${explanationText(one, redact)}\n`).join('') }
}

/** A value that has a secret in it is a text, whatever it was. */
function shownValue(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  const text = JSON.stringify(value)
  return redact(text) === text ? value : redact(text)
}

function explanationText({ path, value, layer, file, line, column, variables }: Explanation, redact: (text: string) => string): string {
  const shown = value === undefined ? undefined : shownValue(value, redact)
  const text = shown === undefined ? 'not in a file' : typeof shown === 'string' ? shown : JSON.stringify(shown)
  const from = variables.length === 0 ? '' : `, with ${variables.map((name) => `\${${name}}`).join(', ')}`
  return `${path}: ${text}\n    ${layer}${file === undefined ? '' : ` at ${file}:${line}:${column}`}${from}`
}
