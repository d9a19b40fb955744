/** `kpf ps`, and where it has to give way to a terminal. */
import { expect, test } from 'vitest'
import { psLines } from '../../src/output/ps-table.ts'
import { status } from '../control/world.ts'

const message = 'no ready pod: api-1 CrashLoopBackOff'
const body = {
  ...status(),
  forwards: status().forwards.map((row) =>
    row.name === 'api' ? { ...row, state: 'waiting' as const, phase: 'no-pod' as const, message, hint: 'see: kubectl logs -p -n shop api-1' } : row,
  ),
}
const form = { isWide: false, withConnections: false }

test('without a terminal a reason is the last column, however long', () => {
  expect(psLines(body, form).join('\n')).toMatchInlineSnapshot(`
    "NAME  STATE    LOCAL           TARGET      POD    CONNS  RESTARTS  AGE  REASON
    api   waiting  localhost:8080  svc/api:80  api-1  1      0         1m   no ready pod: api-1 CrashLoopBackOff; see: kubectl logs -p -n shop api-1
    db    ready    localhost:8080  svc/db:80   db-1   1      0         1m"
  `)
})

test('on a terminal that is too narrow for it, it is below its row, whole', () => {
  expect(psLines(body, { ...form, width: 74 }).join('\n')).toMatchInlineSnapshot(`
    "NAME  STATE    LOCAL           TARGET      POD    CONNS  RESTARTS  AGE
    api   waiting  localhost:8080  svc/api:80  api-1  1      0         1m
        no ready pod: api-1 CrashLoopBackOff; see: kubectl logs -p -n shop
        api-1
    db    ready    localhost:8080  svc/db:80   db-1   1      0         1m"
  `)
  expect(psLines(status(), { ...form, width: 200 })).toEqual(psLines(status(), form))
})

const worker = 'settlement-reconciliation-worker-v2'
const long = {
  ...body,
  forwards: [
    ...body.forwards,
    { ...(body.forwards[1] ?? fail()), name: 'ledger', target: `svc/${worker}:80`, pod: `${worker}-7c78c96c67-ns8jn`, restarts: 2 },
    { ...(body.forwards[1] ?? fail()), name: 'auth', state: 'degraded' as const, target: 'svc/auth:http', pod: 'auth-79f65fb778-46fxl' },
  ],
}

function fail(): never {
  throw new Error('there is no such forward')
}

test('what is told least often goes first, then names are cut inside', () => {
  expect(psLines(long, { ...form, width: 80 }).join('\n')).toMatchInlineSnapshot(`
    "NAME    STATE     LOCAL           TARGET            POD               CONNS  AGE
    api     waiting   localhost:8080  svc/api:80        api-1             1      1m
        no ready pod: api-1 CrashLoopBackOff; see: kubectl logs -p -n shop api-1
    db      ready     localhost:8080  svc/db:80         db-1              1      1m
    ledger  ready     localhost:8080  svc/settl…-v2:80  settlemen…-ns8jn  1      1m
    auth    degraded  localhost:8080  svc/auth:http     auth-79f6…-46fxl  1      1m
        ready"
  `)
  expect(psLines(long, { ...form, width: 40, mark: '...' }).join('\n')).toMatchInlineSnapshot(`
    "NAME    STATE     LOCAL  POD
    api     waiting   :8080  api-1
        no ready pod: api-1
        CrashLoopBackOff; see: kubectl logs
        -p -n shop api-1
    db      ready     :8080  db-1
    ledger  ready     :8080  settleme...s8jn
    auth    degraded  :8080  auth-79f...6fxl
        ready"
  `)
})

test('on a terminal no line is wider than it', () => {
  for (let width = 24; width < 200; width++)
    for (const withConnections of [false, true])
      expect([width, psLines(long, { isWide: false, withConnections, width }).filter((line) => line.length > width)]).toEqual([width, []])
})

test('counts of connections stay as long as they can', () => {
  const at = (width: number): string =>
    psLines(long, { isWide: false, withConnections: true, width })
      .filter((line) => !line.startsWith(' '))
      .join('\n')
  expect(at(100)).toMatchInlineSnapshot(`
    "NAME    STATE     LOCAL           POD                      OPEN  HELD  DRAINING  SERVED  FAILED  AGE
    api     waiting   localhost:8080  api-1                    1     0     0         2       0       1m
    db      ready     localhost:8080  db-1                     1     0     0         2       0       1m
    ledger  ready     localhost:8080  settlement-rec…67-ns8jn  1     0     0         2       0       1m
    auth    degraded  localhost:8080  auth-79f65fb778-46fxl    1     0     0         2       0       1m"
  `)
  expect(at(80)).toMatchInlineSnapshot(`
    "NAME    STATE     LOCAL           OPEN  HELD  DRAINING  SERVED  FAILED
    api     waiting   localhost:8080  1     0     0         2       0
    db      ready     localhost:8080  1     0     0         2       0
    ledger  ready     localhost:8080  1     0     0         2       0
    auth    degraded  localhost:8080  1     0     0         2       0"
  `)
  expect(at(40)).toMatchInlineSnapshot(`
    "NAME    STATE     OPEN  SERVED  FAILED
    api     waiting   1     2       0
    db      ready     1     2       0
    ledger  ready     1     2       0
    auth    degraded  1     2       0"
  `)
})

test('all that is asked for with "wide" is told, however narrow the terminal', () => {
  expect(psLines(long, { ...form, isWide: true, width: 40 })[4]).toMatchInlineSnapshot(`"    -p -n shop api-1"`)
})
