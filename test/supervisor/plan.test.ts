import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Forward } from '../../src/file/forward.ts'
import { plan, printPlan, untouched } from '../../src/supervisor/plan.ts'
import { forward } from '../fake/forward.ts'

function printed(desired: readonly Forward[], observed: readonly Forward[]): string {
  const operations = plan(
    desired,
    observed.map((spec) => ({ spec })),
  )
  return printPlan(operations, untouched(desired, operations))
}

const web = forward('web 3000 web 80')
const api = forward('api 8080 api 80')

test.each<[string, readonly Forward[], readonly Forward[], string]>([
  ['nothing runs yet', [web, api], [], '+ api  + web; 0 untouched'],
  ['nothing differs', [web, api], [api, web], 'nothing changed; 2 untouched'],
  ['one is gone', [web], [web, api], '- api; 1 untouched'],
  ['one is disabled', [web, forward('api 8080 api 80', { enabled: false })], [web, api], '- api; 1 untouched'],
  ['a local port differs', [forward('web 3001 web 80')], [web], '~ web (3000 -> 3001); 0 untouched'],
  ['a target differs', [forward('web 3000 shop 80')], [web], '~ web (service/web 80 -> service/shop 80); 0 untouched'],
  ['a live field differs', [forward('web 3000 web 80', { maxConnections: 7 })], [web], '~ web (maxConnections); 0 untouched'],
  ['only the name differs', [forward('site 3000 web 80')], [web], '~ site (was "web"); 0 untouched'],
  [
    'only the place in the file differs',
    [forward('web 3000 web 80', { position: { file: 'forwards.yaml', line: 9, column: 3 } })],
    [web],
    'nothing changed; 1 untouched',
  ],
  [
    'two swap their local ports',
    [forward('web 8080 web 80'), forward('api 3000 api 80')],
    [web, api],
    '~ api (8080 -> 3000)  ~ web (3000 -> 8080); 0 untouched',
  ],
])('when %s', (_what, desired, observed, text) => {
  expect(printed(desired, observed)).toBe(text)
})

const anyForward = fc
  .record({ name: fc.constantFrom('a', 'b', 'c', 'd'), port: fc.integer({ min: 1024, max: 1030 }), target: fc.constantFrom('x', 'y'), enabled: fc.boolean() })
  .map(({ name, port, target, enabled }) => forward(`${name} ${port} ${target} 80`, { enabled }))
const anyList = fc.uniqueArray(anyForward, { selector: (spec) => spec.name })

test('a plan is the same whatever the order of either side, and empty once it was done', () => {
  fc.assert(
    fc.property(anyList, anyList, (desired, observed) => {
      expect(printed(desired.toReversed(), observed.toReversed())).toBe(printed(desired, observed))
      const running = desired.filter((spec) => spec.enabled).map((spec) => ({ spec }))
      expect(plan(desired, running)).toEqual([])
    }),
  )
})
