/** The document of the language: its examples load and say every field, and every word of the language has a line. */
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { fieldsOf } from '../../src/file/fields.ts'
import { fileDocument } from '../../src/file/file-doc.ts'
import { fileExamples } from '../../src/file/file-examples.ts'
import { loadBytes } from '../../src/file/load.ts'
import { plannedPaths } from '../../src/file/planned.ts'
import * as shape from '../../src/file/shape.ts'
import { problemsText } from '../../src/output/problem-text.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

test.each(fileExamples.map((example) => [example.section, example] as const))('the example of %s loads', (_section, { text, others }) => {
  const loaded = loadBytes('forwards.yaml', encode(text), { directory: '/home/dev/shop', flags: {}, ...(others && { others }) })
  expect(loaded.kind === 'rejected' ? problemsText(loaded.problems, { isAll: true }) : '').toBe('')
})

/** Where a value has a key, by the paths of the schema. */
function pathsOf(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((entry) => pathsOf(entry, `${path}[]`))]
  if (typeof value !== 'object' || value === null) return [path]
  const isNamed = /(^|\.)(forwards|clusters|vars|exports|links)$/.test(path)
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, path === '' ? key : `${path}.${isNamed ? '*' : key}`))]
}

test('every field is in an example, but those that somebody has to approve', () => {
  const said = new Set(fileExamples.flatMap(({ text }) => pathsOf(parse(text, { merge: true }), '')))
  const leaves = fieldsOf(shape.file())
    .filter(({ hasInner }) => !hasInner)
    .map(({ path }) => path)
  // `defaults` takes what a forward does.
  const missing = leaves.filter((path) => !path.startsWith('defaults.') && !said.has(path))
  expect(missing).toEqual(['kubeconfig', 'clusters.*.kubeconfig', 'forwards.*.kubeconfig'])
})

/** Section by section of the language's design. */
const words: Readonly<Record<string, readonly string[]>> = {
  'Top level': [
    ...['apiVersion', 'name', 'description', 'context', 'cluster', 'kubeconfig', 'namespace', 'include', 'envFile', 'vars', 'clusters', 'defaults', 'forwards'],
    ...['exports', 'settings.portRange', 'settings.concurrency', 'settings.watch.debounce'],
  ],
  'An entry of `include`': ['path', 'prefix', 'envFile', 'profiles'],
  'An entry of `clusters`': ['kubeconfig', 'context', 'namespace', 'as', 'asGroups', 'protected', 'expect.server'],
  'A forward': [
    ...['target', 'cluster', 'context', 'kubeconfig', 'namespace', 'ports', 'addresses', 'enabled', 'profiles', 'description', 'links', 'dependsOn'],
    ...['pods.requireReady', 'transport', 'transport.mode', 'transport.pingInterval', 'hold.timeout', 'hold.window', 'hold.maxConnections', 'drain.timeout'],
    ...['backoff.initial', 'backoff.factor', 'backoff.max', 'backoff.jitter', 'backoff.resetAfter', 'restart'],
    ...['timeouts.dial', 'timeouts.stream', 'timeouts.halfClose', 'limits.maxConnections', 'protected'],
  ],
  '`target`, in full': ['kind', 'name', 'labelSelector', 'container'],
  'An entry of `ports`, in full': ['name', 'localPort', 'remotePort', 'containerPort', 'appProtocol', 'addresses', 'primary', 'onConflict'],
}

test.each(Object.entries(words))('%s has a line for each of its words', (section, fields) => {
  const part = fileDocument().split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  expect(fields.filter((field) => !part.includes(`| \`${field}\` |`))).toEqual([])
})

test('what comes later has a line, and is refused by its name', () => {
  const later = ['pods.strategy', 'pods.standby', 'transport.lanes', 'timeouts.idle', 'timeouts.ttl', 'lazy', 'readinessProbe', 'extends', 'hooks']
  const paths = plannedPaths()
  expect(paths).toEqual(expect.arrayContaining([...later.map((field) => `forwards.*.${field}`), 'settings.metrics', 'environments', 'relay']))
  for (const path of paths) {
    const steps = path.replace('*', 'a').split('.')
    const value = steps.toReversed().reduce<unknown>((inner, step) => ({ [step]: inner }), 1)
    const base = { forwards: { a: { target: 'svc/a', ports: [8080] } } }
    const file = path.startsWith('forwards.') ? { forwards: { a: { ...base.forwards.a, ...fieldOf(value) } } } : { ...base, ...Object(value) }
    const loaded = loadBytes('f.yaml', encode(JSON.stringify(file)), { directory: '/p', flags: {} })
    expect(loaded.kind === 'rejected' ? loaded.problems.map(({ code }) => code) : [], path).toEqual(['KPF_PLANNED'])
    expect(fileDocument(), path).toContain(`\`${path}\``)
  }
})

function fieldOf(value: unknown): object {
  return (value as { forwards: { a: object } }).forwards.a
}
