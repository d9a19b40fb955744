/** What zod says of a value, in our words: a code, a sentence, and what to write. Pure. */
import type * as z from 'zod/mini'
import type { Step } from './document.ts'
import { printable } from './printable.ts'

/** A problem without its place. */
export interface Wording {
  readonly code: string
  readonly message: string
  readonly fix: string
}

const examples: Readonly<Record<string, string>> = {
  clusters: '{ dev: { context: kind-dev } }',
  settings: '{ concurrency: 8 }',
  watch: '{ debounce: 100ms }',
  hold: '{ timeout: 10s }, or hold: off',
  drain: '{ timeout: 30s }',
  backoff: '{ initial: 200ms, max: 15s }',
  timeouts: '{ dial: 15s }',
  limits: '{ maxConnections: 512 }',
  pods: '{ requireReady: true }',
  defaults: '{ namespace: shop }',
  addresses: '[localhost]',
  envFile: '.env.dev, or a list of files',
  expect: '{ server: https://HOST:PORT }',
  server: 'https://HOST:PORT',
  exports: '{ DATABASE_URL: postgres://$(db.address):$(db.port) }',
  links: '{ home: $(web.url) }',
  dependsOn: '[db]',
  include: '[other/forwards.yaml]',
  profiles: '[observe]',
  path: 'other/forwards.yaml',
  vars: '{ API_PORT: 8080 }',
  asGroups: '[team-a]',
  restart: 'always, no, on-failure or on-failure:N',
  transport: 'auto',
}

const durations = ['timeout', 'window', 'initial', 'max', 'resetAfter', 'dial', 'stream', 'halfClose', 'pingInterval', 'debounce']

/** The words for one issue about `value`, found at `path`. */
export function wordingOf(issue: z.core.$ZodIssue, value: unknown, path: readonly Step[]): Wording {
  const field = path.findLast((step) => typeof step === 'string') ?? ''
  const shown = printable(display(value))
  const code = codeOf(path, field)
  if (issue.code === 'invalid_value') return { code, message: cannotBe(field, shown), fix: `write one of ${issue.values.map(String).join(', ')}` }
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value, { code, field, shown })
  const message = cannotBe(field, shown)
  if (path[0] === 'vars') return { code, message, fix: 'write a text, a number, true or false' }
  return { code, message, fix: issue.code === 'invalid_union' ? exampleOf(field) : issue.message }
}

/** `drain: { timeout: 30s }`: what to write for a field. */
export function exampleOf(field: string): string {
  const example = Object.hasOwn(examples, field) ? examples[field] : undefined
  return example === undefined ? 'write a value, or remove the key' : `write ${field}: ${example}`
}

function codeOf(path: readonly Step[], field: string): string {
  if (path.includes('ports')) return 'KPF_PORT'
  if (field === 'namespace') return 'KPF_NAMESPACE'
  return durations.includes(field) ? 'KPF_DURATION' : 'KPF_VALUE'
}

function wrongType(expected: string, value: unknown, { code, field, shown }: { code: string; field: string; shown: string }): Wording {
  if (expected === 'boolean') {
    const isWord = typeof value === 'string' && /^(y|yes|n|no|on|off)$/i.test(value)
    return { code, message: isWord ? `"${shown}" is text in YAML 1.2, not true or false` : `"${shown}" is not true or false`, fix: 'write true or false' }
  }
  if (durations.includes(field) && typeof value === 'number')
    return { code, message: `"${shown}" has no unit`, fix: `write ${shown}s, ${shown}ms or ${shown}m` }
  const message = cannotBe(field, shown)
  if (expected === 'number' || expected === 'int') {
    const isQuoted = typeof value === 'string' && /^\d+$/.test(value)
    return { code, message, fix: isQuoted ? `write ${shown} without quotes` : 'write a whole number' }
  }
  if (expected === 'string') return { code, message, fix: textFix(value, field, shown) }
  return { code, message, fix: exampleOf(field) }
}

function cannotBe(field: string, shown: string): string {
  return field === 'ports' ? `"${shown}" is not a port` : `"${field}" cannot be "${shown}"`
}

function textFix(value: unknown, field: string, shown: string): string {
  if (field in examples) return exampleOf(field)
  if (typeof value === 'object') return 'write one text; braces and brackets only in quotes'
  return `write text; this is read as a ${typeof value}, so put it in quotes: "${shown}"`
}

/** A value of the file on one line. */
export function display(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
}
