import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Forward } from '../../src/file/forward.ts'
import { plan, printPlan, untouched } from '../../src/supervisor/plan.ts'
import { forward, mapping, onLocalhost } from './forwards.ts'

const running = [forward('api', 8080), forward('db', 5432), forward('web', 3000)]
const [api, db, web] = [forward('api', 8080), forward('db', 5432), forward('web', 3000)]

test.each<[string, readonly Forward[], string]>([
  ['nothing', running, 'nothing changed; 3 untouched'],
  ['the order of the file', running.toReversed(), 'nothing changed; 3 untouched'],
  ['the place in the file', running.map((spec) => ({ ...spec, position: { file: 'other.yaml', line: 9, column: 3 } })), 'nothing changed; 3 untouched'],
  ['one more', [...running, forward('cache', 6379)], '+ cache; 3 untouched'],
  ['one less', [api, web], '- db; 2 untouched'],
  ['one disabled', [api, db, { ...web, enabled: false }], '- web; 2 untouched'],
  ['a disabled one that never ran', [...running, forward('cache', 6379, { enabled: false })], 'nothing changed; 3 untouched'],
  ['none', [], '- api  - db  - web; 0 untouched'],
  ['another local port', [forward('api', 8081), db, web], '~ api (port 8080 -> 8081); 2 untouched'],
  ['another address', [{ ...api, ports: [onLocalhost(8080)] }, db, web], '~ api (address 127.0.0.1 -> 127.0.0.1 ::1); 2 untouched'],
  ['another target', [{ ...api, target: { kind: 'pod', name: 'x' } }, db, web], '~ api (service/api 80 -> pod/x 80); 2 untouched'],
  ['another remote port', [{ ...api, ports: [mapping(8080, 'http')] }, db, web], '~ api (service/api 80 -> service/api http); 2 untouched'],
  ['another context', [{ ...api, access: { context: 'prod' } }, db, web], '~ api (service/api 80 -> prod service/api 80); 2 untouched'],
  ['port and target', [{ ...api, ports: [mapping(8081, 81)] }, db, web], '~ api (port 8080 -> 8081, service/api 80 -> service/api 81); 2 untouched'],
  ['the way to the pod', [{ ...api, requireReady: false }, db, web], '~ api (target); 2 untouched'],
  ['live fields', [{ ...api, maxConnections: 9, drainTimeoutMs: 1 }, db, web], '~ api (drain, limits); 2 untouched'],
  ['words', [{ ...api, description: 'the shop' }, db, web], '~ api (description); 2 untouched'],
  ['a name', [{ ...api, name: 'shop' }, db, web], '~ shop (was "api"); 2 untouched'],
  ['a name and a port', [forward('shop', 8081), db, web], '+ shop  - api; 2 untouched'],
  ['two ports swapped', [forward('api', 5432), forward('db', 8080), web], '~ api (port 8080 -> 5432)  ~ db (port 5432 -> 8080); 1 untouched'],
  ['two names swapped', [{ ...db, name: 'api' }, { ...api, name: 'db' }, web], '~ api (port 8080 -> 5432)  ~ db (port 5432 -> 8080); 1 untouched'],
  ['a name handed on', [{ ...api, name: 'shop' }, forward('api', 1), db, web], '+ shop  ~ api (port 8080 -> 1); 2 untouched'],
])('an edit of %s', (_what, desired, expected) => {
  const operations = plan(desired, observe(running))
  expect(printPlan(operations, untouched(desired, operations))).toBe(expected)
})

test('starts come first and stops last, so that a port may move', () => {
  const desired = [forward('new', 3000, { maxConnections: 1 }), { ...api, name: 'shop' }, forward('db', 1)]
  expect(plan(desired, observe(running)).map(({ kind, forward: name }) => `${kind} ${name}`)).toEqual(['start new', 'rename shop', 'rebind db', 'stop web'])
})

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const entry = fc.record({ name, port: fc.integer({ min: 1, max: 4 }), remote: fc.constantFrom(80, 'http'), enabled: fc.boolean(), max: fc.constantFrom(1, 2) })
const file = fc
  .uniqueArray(entry, { selector: (one) => one.name })
  .map((all) => all.map((one) => forward(one.name, one.port, { ports: [mapping(one.port, one.remote)], enabled: one.enabled, maxConnections: one.max })))

test('what a plan has made needs no plan', () => {
  fc.assert(
    fc.property(file, file, (desired, before) => {
      expect(plan(desired, applied(desired, before))).toEqual([])
    }),
  )
})

test('a plan is the same whatever the order of either side', () => {
  fc.assert(
    fc.property(file, file, (desired, before) => {
      const observed = observe(enabled(before))
      expect(plan(desired.toReversed(), observed.toReversed())).toEqual(plan(desired, observed))
    }),
  )
})

function observe(specs: readonly Forward[]): readonly { spec: Forward }[] {
  return specs.map((spec) => ({ spec }))
}

function enabled(specs: readonly Forward[]): readonly Forward[] {
  return specs.filter((spec) => spec.enabled)
}

/** What runs after the operations, as they say and not as was desired. */
function applied(desired: readonly Forward[], before: readonly Forward[]): readonly { spec: Forward }[] {
  const now = new Map(enabled(before).map((spec) => [spec.name, spec]))
  for (const { kind, forward: of, from } of plan(desired, observe(enabled(before)))) {
    const spec = desired.find((one) => one.name === of)
    if (kind === 'stop') now.delete(of)
    else if (from !== undefined) now.delete(from)
    if (kind !== 'stop' && spec) now.set(of, spec)
  }
  return observe([...now.values()])
}

test('a field that is no longer there is a change too', () => {
  const before = forward('web', 8080, { dependsOn: ['api'], links: { home: '$(web.url)' } })
  expect(plan([forward('web', 8080)], [{ spec: before }])).toEqual([{ kind: 'update', forward: 'web', cause: 'dependsOn, links' }])
})
