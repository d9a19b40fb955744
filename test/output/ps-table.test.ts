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
