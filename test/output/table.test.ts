import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { widthOf } from '../../src/output/columns.ts'
import { drawTable, type Paper, readyText, tableLines, type View } from '../../src/output/table.ts'
import type { Status } from '../../src/supervisor/events.ts'
import { rowsOf, type TableRow } from '../../src/output/table-rows.ts'
import type { Row } from '../../src/supervisor/supervisor.ts'
import { forward, mapping, onLocalhost } from '../supervisor/forwards.ts'

const paper: Paper = { width: 100, height: 24, isColored: false, isUtf8: true }
const ready: Status = { state: 'ready', phase: 'ready', attempt: 0, pod: 'api-7c9f8-x2x', image: 'shop/api:1.4.2', listeners: ['127.0.0.1:8080'] }
const quiet = { open: 0, draining: 0, held: 0, served: 0, failed: 0 }

function row(name: string, port: number, more: Partial<Row> = {}): Row {
  return { spec: forward(name, port), status: ready, sinceMs: 0, traffic: quiet, ...more }
}

function shown(...rows: readonly Row[]): readonly TableRow[] {
  return rowsOf({ nowMs: 2_500_000, generation: 1, rows })
}

const busy: Status = {
  state: 'waiting',
  phase: 'port-busy',
  reason: 'KPF_PORT_BUSY',
  message: '127.0.0.1:6379 is used by redis-server (pid 4121); taken over when it is free',
  hint: 'stop that program, or choose another localPort',
  attempt: 0,
  listeners: [],
}
const states = shown(
  row('api', 8080, {
    spec: { ...forward('api', 8080), ports: [onLocalhost(8080, 'http'), mapping(9090, 9090)] },
    traffic: { ...quiet, open: 3, draining: 1 },
  }),
  row('db', 5432, { status: { state: 'starting', phase: 'resolving', attempt: 0, listeners: [] }, sinceMs: 2_490_000 }),
  row('web', 3000, { status: { state: 'starting', phase: 'dialing', attempt: 0, pod: 'web-1', listeners: [] }, traffic: { ...quiet, held: 2 } }),
  row('cache', 6379, { status: busy }),
  row('search', 9200, {
    spec: { ...forward('search', 9200), target: { kind: 'selector', labelSelector: 'app=search' } },
    status: { ...ready, state: 'degraded', phase: 'unhealthy', message: 'pod "search-0" is not ready' },
    sinceMs: -90_000_000,
  }),
  row('old', 1000, { status: { state: 'stopping', phase: 'draining', attempt: 0, message: '1 open', listeners: [] } }),
  row('gone', 1001, { status: { state: 'stopped', phase: 'stopped', attempt: 0, listeners: [] } }),
  row('prod', 1002, { status: { state: 'failed', phase: 'config', attempt: 0, message: 'no context "prod"', hint: 'known: dev, stage', listeners: [] } }),
)

test('at 100 columns', () => {
  expect(text(states)).toMatchInlineSnapshot(`
    "  ● api     localhost:8080,9090  svc/api:h…p,9090  api-7c9f8-x2x      1.4.2  3 conn +1 draining  41m
      ◌ db      127.0.0.1:5432       svc/api:80        looking for a pod                             10s
      ◌ web     127.0.0.1:3000       svc/api:80        dialing web-1             2 held              41m
      … cache   127.0.0.1:6379       svc/api:80        port in use                                   41m
          127.0.0.1:6379 is used by redis-server (pid 4121); taken over when it is free
          stop that program, or choose another localPort
      ◐ search  127.0.0.1:9200       -l app=search:80  api-7c9f8-x2x      1.4.2  0 conn              1d
          pod "search-0" is not ready
      ◌ old     127.0.0.1:1000       svc/api:80        draining                                      41m
      ○ gone    127.0.0.1:1001       svc/api:80        stopped                                       41m
      ✗ prod    127.0.0.1:1002       svc/api:80        wrong setting                                 41m
          no context "prod"
          known: dev, stage

      1 of 8 ready                                                      r retry  l log  q quit  ? help"
  `)
})

test('at 79 columns', () => {
  expect(text(states, { width: 79 })).toMatchInlineSnapshot(`
    "  ● api     localhost:8080,9090  api-7c9f8-x2x
      ◌ db      127.0.0.1:5432       looking for a pod
      ◌ web     127.0.0.1:3000       dialing web-1
      … cache   127.0.0.1:6379       port in use
          127.0.0.1:6379 is used by redis-server (pid 4121); taken over when it is
          free
          stop that program, or choose another localPort
      ◐ search  127.0.0.1:9200       api-7c9f8-x2x
          pod "search-0" is not ready
      ◌ old     127.0.0.1:1000       draining
      ○ gone    127.0.0.1:1001       stopped
      ✗ prod    127.0.0.1:1002       wrong setting
          no context "prod"
          known: dev, stage

      1 of 8 ready                                 r retry  l log  q quit  ? help"
  `)
})

test('at 40 columns, in ASCII', () => {
  expect(text(states, { width: 40, isUtf8: false })).toMatchInlineSnapshot(`
    "  + api     :8080,9090  api-7c9f8-x2x
      ~ db      :5432       looking for a...
      ~ web     :3000       dialing web-1
      . cache   :6379       port in use
          127.0.0.1:6379 is used by
          redis-server (pid 4121); taken
          over when it is free
          stop that program, or choose
          another localPort
      % search  :9200       api-7c9f8-x2x
          pod "search-0" is not ready
      ~ old     :1000       draining
      - gone    :1001       stopped
      x prod    :1002       wrong setting
          no context "prod"
          known: dev, stage

      1 of 8 ready  r retry  l log  q quit"
  `)
})

test('40 forwards on 24 lines: what is not ready comes first, the rest is counted', () => {
  const rows = Array.from({ length: 40 }, (_, index) => row(`forward-${index}`, 3_000 + index, index % 19 === 18 ? { status: busy } : {}))
  const lines = tableLines(shown(...rows), paper)
  expect(lines).toHaveLength(24)
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "  … forward-18  127.0.0.1:3018  svc/api:80  port in use                   41m
          127.0.0.1:6379 is used by redis-server (pid 4121); taken over when it is free
          stop that program, or choose another localPort
      … forward-37  127.0.0.1:3037  svc/api:80  port in use                   41m
      ● forward-0   127.0.0.1:3000  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-1   127.0.0.1:3001  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-2   127.0.0.1:3002  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-3   127.0.0.1:3003  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-4   127.0.0.1:3004  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-5   127.0.0.1:3005  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-6   127.0.0.1:3006  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-7   127.0.0.1:3007  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-8   127.0.0.1:3008  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-9   127.0.0.1:3009  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-10  127.0.0.1:3010  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-11  127.0.0.1:3011  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-12  127.0.0.1:3012  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-13  127.0.0.1:3013  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-14  127.0.0.1:3014  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-15  127.0.0.1:3015  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      ● forward-16  127.0.0.1:3016  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m
      and 21 ready

      38 of 40 ready                                        j/k scroll  r retry  l log  q quit  ? help"
  `)
})

test('scrolling: what is above and below is counted, and the last forward is the end of it', () => {
  const rows = Array.from({ length: 40 }, (_, index) => row(`forward-${index}`, 3_000 + index))
  const at = (scroll: number): { first: string; last: string; scroll: number } => {
    const drawn = drawTable(shown(...rows), { ...paper, height: 12 }, { scroll })
    expect(drawn.lines).toHaveLength(12)
    return { first: drawn.lines[0]?.trim().split(/ {2,}/)[0] ?? '', last: drawn.lines[9]?.trim().split(/ {2,}/)[0] ?? '', scroll: drawn.scroll }
  }
  expect(at(0)).toEqual({ first: '● forward-0', last: 'and 31 ready', scroll: 0 })
  expect(at(1)).toEqual({ first: '● forward-1', last: '1 above, 30 below', scroll: 1 })
  expect(at(30)).toEqual({ first: '● forward-30', last: '30 above, 1 below', scroll: 30 })
  expect(at(99)).toEqual({ first: '● forward-31', last: '31 above', scroll: 31 })
  expect(drawTable(shown(...rows), { ...paper, height: 12 }, { scroll: 2, steps: ['page-down', 'line-up'] }).scroll).toBe(10)
  expect(drawTable(shown(...rows), { ...paper, height: 12 }, { scroll: 2, isHelp: true }).scroll).toBe(2)
  expect(tableLines(shown(...rows), paper).at(-1)).toContain('j/k scroll')
})

test('a reason that neighbours share is said once, with the next try', () => {
  const away: Status = {
    ...busy,
    phase: 'cluster-down',
    message: 'cluster unreachable (ECONNREFUSED 10.0.0.1:443)',
    hint: 'check the VPN',
    nextRetryAtMs: 2_503_200,
  }
  expect(text(shown(row('a', 1, { status: away }), row('b', 2, { status: away }), row('c', 3)), { width: 80 })).toMatchInlineSnapshot(`
    "  … a  127.0.0.1:1  svc/api:80  cluster away                  41m
      … b  127.0.0.1:2  svc/api:80  cluster away                  41m
          cluster unreachable (ECONNREFUSED 10.0.0.1:443); next try in 4 s
          check the VPN
      ● c  127.0.0.1:3  svc/api:80  api-7c9f8-x2x  1.4.2  0 conn  41m

      1 of 3 ready                                  r retry  l log  q quit  ? help"
  `)
  expect(text(shown(row('a', 1, { status: { ...away, nextRetryAtMs: 1 } })))).not.toContain('next try')
})

test('the last line: keys that do something here, a note in their place, and a stop', () => {
  const http = { ...forward('web', 3000), ports: [{ ...onLocalhost(3000, 'http'), appProtocol: 'http' }] }
  const one = shown(row('web', 3000, { spec: http, traffic: { ...quiet, open: 1, draining: 2 } }))
  const last = (view: View, width = 80): string => tableLines(one, { ...paper, width }, view).at(-1) ?? ''
  const lines = [
    last({}),
    last({}, 40),
    last({}, 30),
    last({}, 16),
    last({ note: 'log on' }),
    last({ stopping: { leftMs: 1_200 } }),
    last({ stopping: { leftMs: -1 } }),
  ]
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "  ready                                 o open  r retry  l log  q quit  ? help
      ready                 ? help  q quit
      ready       ? help  q quit
      ready
      ready                                                                 log on
      stopping; 3 busy connections, 2 s (Ctrl-C again: now)
      stopping; 3 busy connections, 0 s (Ctrl-C again: now)"
  `)
  expect(tableLines(shown(row('a', 1)), paper, { stopping: { leftMs: 900 } }).at(-1)).toBe('  stopping')
})

const worker = 'settlement-reconciliation-worker-v2'
const foreign = shown(
  row('ledger', 8095, {
    spec: { ...forward('ledger', 8095), target: { kind: 'service', name: worker } },
    status: { ...ready, pod: `${worker}-7c78c96c67-ns8jn` },
  }),
  row('auth', 8096, { spec: { ...forward('auth', 8096), target: { kind: 'service', name: 'authorization' } } }),
  row('prod', 8097, { status: { ...busy, phase: 'config', message: 'no context "生产环境-集群" in the kubeconfig 配置 👩‍💻', hint: '已知: dev' } }),
)

test('long names give way in their middle, the longer column first; wide characters are counted as two', () => {
  expect(text(foreign, { width: 80 })).toMatchInlineSnapshot(`
    "  ● ledger  127.0.0.1:8095  svc/settl…v2:80  settlemen…ns8jn  1.4.2  0 conn  41m
      ● auth    127.0.0.1:8096  svc/autho…on:80  api-7c9f8-x2x    1.4.2  0 conn  41m
      … prod    127.0.0.1:8097  svc/api:80       wrong setting                   41m
          no context "生产环境-集群" in the kubeconfig 配置 👩‍💻
          已知: dev

      2 of 3 ready                                  r retry  l log  q quit  ? help"
  `)
  expect(text(foreign, { width: 120 })).toMatchInlineSnapshot(`
    "  ● ledger  127.0.0.1:8095  svc/settlement-reconc…-worker-v2:80  settlement-reconcilia…8c96c67-ns8jn  1.4.2  0 conn  41m
      ● auth    127.0.0.1:8096  svc/authorization:80                 api-7c9f8-x2x                        1.4.2  0 conn  41m
      … prod    127.0.0.1:8097  svc/api:80                           wrong setting                                       41m
          no context "生产环境-集群" in the kubeconfig 配置 👩‍💻
          已知: dev

      2 of 3 ready                                                                          r retry  l log  q quit  ? help"
  `)
  expect(text(foreign, { width: 40, isUtf8: false })).toMatchInlineSnapshot(`
    "  + ledger  :8095  settlement-...7-ns8jn
      + auth    :8096  api-7c9f8-x2x
      . prod    :8097  wrong setting
          no context "生产环境-集群" in the
          kubeconfig 配置 👩‍💻
          已知: dev

      2 of 3 ready  r retry  l log  q quit"
  `)
})

test('how to help oneself is never cut off while there is room for a second line', () => {
  const hint = 'check its name, the namespace and the context; see: kubectl get services -n shop'
  const gone: Status = { ...busy, phase: 'no-pod', message: 'service "nothing" does not exist in namespace "shop"', hint }
  const rows = Array.from({ length: 9 }, (_, index) => row(`forward-${index}`, 3_000 + index, { status: { ...gone, message: `${index}: ${gone.message}` } }))
  const lines = tableLines(shown(...rows), { ...paper, width: 80, height: 22 })
  expect(lines.slice(0, 4).join('\n')).toMatchInlineSnapshot(`
    "  … forward-0  127.0.0.1:3000  svc/api:80  no pod  41m
          0: service "nothing" does not exist in namespace "shop"
          check its name, the namespace and the context; see: kubectl get services
          -n shop"
  `)
  // In very little room there is at least something of the first.
  expect(text(shown(...rows), { width: 80, height: 5 })).toMatchInlineSnapshot(`
    "  … forward-0  127.0.0.1:3000  svc/api:80  no pod  41m
          0: service "nothing" does not exist in namespace "shop"
      and 8 more

      0 of 9 ready                      j/k scroll  r retry  l log  q quit  ? help"
  `)
})

test('what the keys do, in place of the forwards; and a file that is not applied, for as long as it is not', () => {
  expect(tableLines(states, { ...paper, width: 80 }, { isHelp: true, scroll: 3 }).join('\n')).toMatchInlineSnapshot(`
    "  o    open a port of "appProtocol: http" in the browser; again: the next
      r    try again now what waits or has failed
      l    print each change above the table; again: no more
      j k  scroll where not all fit, as the arrows do; a page: PgDn, PgUp
      q    stop, as Ctrl-C does; again: at once

      1 of 8 ready                                                   any key: back"
  `)
  const alert = 'not applied: forwards.yaml:4:16 "1:2:3" is not a port'
  expect(tableLines(foreign.slice(1, 2), { ...paper, width: 80 }, { alert }).join('\n')).toMatchInlineSnapshot(`
    "  ● auth  127.0.0.1:8096  svc/authori…tion:80  api-7c9f8-x2x  1.4.2  0 conn  41m

      not applied: forwards.yaml:4:16 "1:2:3" is not a port
      ready                                         r retry  l log  q quit  ? help"
  `)
  expect(tableLines(foreign.slice(1, 2), { ...paper, width: 80 }, { isAttached: true }).at(-1)).toMatchInlineSnapshot(
    `"  ready                                          attached; q leaves it running"`,
  )
  const many = shown(...Array.from({ length: 9 }, (_, index) => row(`f${index}`, index + 1)))
  const attached = (view: View, width = 80): readonly string[] => tableLines(many, { ...paper, width, height: 6 }, { ...view, isAttached: true })
  expect([attached({}).at(-1), attached({}, 50).at(-1), attached({}, 30).at(-1)].join('\n')).toMatchInlineSnapshot(`
    "  all 9 ready                attached; j/k scroll  q leaves it running  ? help
      all 9 ready        j/k scroll  q leave  ? help
      all 9 ready        q leave"
  `)
  expect(attached({ isHelp: true }).join('\n')).toMatchInlineSnapshot(`
    "  j k  scroll where not all fit, as the arrows do; a page: PgDn, PgUp
      q    leave, as Ctrl-C does; what runs goes on

      all 9 ready                                                    any key: back"
  `)
})

test('where nothing runs it is told what to do', () => {
  expect(text([], { width: 80 })).toMatchInlineSnapshot(`
    "  nothing runs: add a forward to the file, or start one that rests: kpf start

      no forwards                                   r retry  l log  q quit  ? help"
  `)
  expect(tableLines([], { ...paper, width: 80 }, { stopping: { leftMs: 1 } })).toEqual(['', '  stopping'])
})

test('more than fits that is not ready is counted as more', () => {
  const rows = Array.from({ length: 9 }, (_, index) => row(`forward-${index}`, 3_000 + index, { status: busy }))
  expect(text(shown(...rows), { height: 10 })).toMatchInlineSnapshot(`
    "  … forward-0  127.0.0.1:3000  svc/api:80  port in use  41m
          127.0.0.1:6379 is used by redis-server (pid 4121); taken over when it is free
          stop that program, or choose another localPort
      … forward-1  127.0.0.1:3001  svc/api:80  port in use  41m
      … forward-2  127.0.0.1:3002  svc/api:80  port in use  41m
      … forward-3  127.0.0.1:3003  svc/api:80  port in use  41m
      … forward-4  127.0.0.1:3004  svc/api:80  port in use  41m
      and 4 more

      0 of 9 ready                                          j/k scroll  r retry  l log  q quit  ? help"
  `)
})

test('colours change nothing but colours', () => {
  const colored = tableLines(states, { ...paper, isColored: true })
  expect(colored.map(stripVTControlCharacters)).toEqual(tableLines(states, paper))
  expect(colored[0]).toContain('\u001b[32m●\u001b[39m')
  // On a light ground yellow and cyan are hard to read: a sign may have them, words may not.
  const alarmed = tableLines(states, { ...paper, isColored: true }, { alert: 'not applied: forwards.yaml:4:16 is no port' }).join('\n')
  expect(alarmed).toContain('\u001b[31m  not applied: ')
  for (const [, painted = ''] of alarmed.matchAll(/\u001b\[3[36]m(.*?)\u001b\[39m/gs)) expect(painted).toHaveLength(1)
})

test('any port that is free is shown as what it became, each on its own', () => {
  const spec = { ...forward('adhoc', 0), ports: [onLocalhost(0), mapping(8080, 81), mapping(0, 82)] }
  const status = { ...ready, listeners: ['127.0.0.1:41000', '[::1]:41000', '127.0.0.1:8080', '127.0.0.1:42000'] }
  expect(text(shown(row('adhoc', 0, { spec, status })))).toContain('localhost:41000,8080,42000')
  expect(text(shown(row('adhoc', 0, { spec, status: { ...status, listeners: [] } })))).toContain('localhost:?,8080,?')
})

test.each([
  [shown(), 'no forwards'],
  [shown(row('a', 1)), 'ready'],
  [shown(row('a', 1), row('b', 2)), 'all 2 ready'],
  [shown(row('a', 1), row('b', 2, { status: busy })), '1 of 2 ready'],
])('%#: how many are ready', (shown, expected) => {
  expect(readyText(shown)).toBe(expected)
})

test('whatever the paper, no line is wider and there are no more lines than it has', () => {
  const size = fc.record({ width: fc.integer({ min: 12, max: 200 }), height: fc.integer({ min: 3, max: 40 }), isColored: fc.boolean(), isUtf8: fc.boolean() })
  fc.assert(
    fc.property(size, fc.subarray([...states, ...foreign]), fc.nat(12), fc.boolean(), (asked, rows, scroll, isHelp) => {
      const lines = tableLines(rows, asked, {
        scroll,
        isHelp,
        ...(scroll > 6 && { alert: 'not applied: 转发.yaml:4:16 what is written there is no port at all' }),
      })
      expect(lines.length).toBeLessThanOrEqual(asked.height)
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(asked.width)
    }),
  )
})

function text(rows: readonly TableRow[], more: Partial<Paper> = {}): string {
  return tableLines(rows, { ...paper, ...more }).join('\n')
}
