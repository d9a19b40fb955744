/** The tour of the demo: what it promises it keeps, in its own words. */
import { expect, test } from 'vitest'
import { kpf } from '../e2e/kpf.ts'

test('the tour ends well and says what it saw', async () => {
  const { code, stdout } = await kpf(['demo', '--tour'])
  const lines = stdout
    .trimEnd()
    .replaceAll(/\(\d+ ms\)/g, '(n ms)')
    .replaceAll(/\d+ requests answered, [01] failed/g, 'n requests answered')
    .split('\n')
  expect(lines.toSpliced(-2, 1).join('\n')).toMatchInlineSnapshot(`
    "ok  three forwards become ready (n ms)
    ok  a request is answered by a pod (n ms)
        n requests answered
    ok  a pod is deleted under load, and no request fails (n ms)
    ok  a bad edit changes nothing, and is told with its place (n ms)
    ok  a good edit is applied: one port moves, the rest is not touched (n ms)
        n requests answered
    ok  the API server is killed and comes back; requests meanwhile wait and are answered (n ms)
    all as promised"
  `)
  expect(lines.at(-2)).toMatch(/^stopped: 3 forwards, \d+ connections served, [01] failed, 0 reset at the end, \d+ s$/)
  expect(code).toBe(0)
})
