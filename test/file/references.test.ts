/** What is exported of a project, and who waits for whom. */
import { expect, test } from 'vitest'
import type { Project } from '../../src/file/forward.ts'
import { loadBytes, type LoadOptions } from '../../src/file/load.ts'
import { exportsOf, filledIn, liveExports, partsOf, templateOf } from '../../src/file/references.ts'
import { problemsText } from '../../src/output/problem-text.ts'

function project(text: string, more: Partial<LoadOptions> & { others?: Readonly<Record<string, string>> } = {}): Project {
  const loaded = loadBytes('f.yaml', new TextEncoder().encode(text), { directory: '/home/dev/shop', flags: {}, ...more })
  if (loaded.kind === 'loaded') return loaded.project
  throw new Error(problemsText(loaded.problems, { isAll: true }))
}

const SHOP = `
exports:
  DATABASE_URL: postgres://app:$PW@$(db.address):$(db.port)/shop?price=$$5
  WEB_HOST: mine
forwards:
  db: 127.0.0.9:5432:5432
  my-web: { target: svc/web, ports: [{ localPort: 8080, remotePort: 80 }, { name: admin-ui, localPort: 8443, remotePort: 443, appProtocol: https, primary: true }] }
  free: { target: svc/free, ports: [":80"], addresses: ["::"] }
  off: { target: svc/off, ports: [8081], enabled: false }
`.replace('db: 127', 'db: svc/db 127')

test('every forward that is started has its host and ports, and the file adds and replaces', () => {
  expect(exportsOf(project(SHOP, { env: { PW: 'a$(db.port)b' }, approves: () => true }))).toEqual([
    ['DB_HOST', '127.0.0.9'],
    ['DB_PORT', '5432'],
    ['MY_WEB_HOST', '127.0.0.1'],
    ['MY_WEB_PORT', '8443'],
    ['MY_WEB_ADMIN_UI_PORT', '8443'],
    ['FREE_HOST', '::1'],
    ['FREE_PORT', '$(free.port)'],
    ['DATABASE_URL', 'postgres://app:a$(db.port)b@127.0.0.9:5432/shop?price=$5'],
    ['WEB_HOST', 'mine'],
  ])
})

test('names are such that a shell takes them; further ports go by their name or by what they lead to', () => {
  const { forwards, ...rest } = project(`
forwards:
  api: svc/api 8080:http 9090:metrics 9091:9100
  3scale: svc/scale 3000:80
  api-metrics: svc/metrics 7000
`)
  expect(Object.fromEntries(exportsOf({ forwards, ...rest }))).toEqual({
    API_HOST: '127.0.0.1',
    API_PORT: '8080',
    API_9100_PORT: '9091',
    _3SCALE_HOST: '127.0.0.1',
    _3SCALE_PORT: '3000',
    API_METRICS_HOST: '127.0.0.1',
    // Of the forward of that name, not of the port of the other.
    API_METRICS_PORT: '7000',
  })
})

test('of a run: what its forwards are now, and without those that need one that does not run', () => {
  const text = `exports:
  A: $(db.pod) costs $$5
  B: $(db.port)$(off.port)
  C: plain
forwards:
  db: svc/db 5432:5432
  off: { target: svc/off, ports: [8081], enabled: false }
`
  const all = project(text)
  const { values, missing } = liveExports(all, (name) => (name === 'db' ? { pod: 'db-0' } : undefined))
  expect([Object.fromEntries(values), missing]).toEqual([{ DB_HOST: '127.0.0.1', DB_PORT: '5432', A: 'db-0 costs $5', C: 'plain' }, [['B', 'off']]])
  const later = liveExports(all, (name) => (name === 'db' ? {} : undefined))
  expect(later.missing).toEqual([
    ['A', 'db'],
    ['B', 'off'],
  ])
})

test.each([
  ['$(my-web.url)', 'https://localhost:8443'],
  ['$(my-web.ports.admin-ui)/$(db.host)', '8443/127.0.0.9'],
  ['$(my-web.ports.80)', '8080'],
  ['$(db.url) $(db.pod)', 'http://127.0.0.9:5432 $(db.pod)'],
])('%s is %s', (template, text) => {
  expect(filledIn(template, project(SHOP, { env: { PW: '' }, approves: () => true }).forwards)).toBe(text)
})

test('a template is the same after it was taken apart', () => {
  for (const template of ['a$$b$(x.port)c', '$(x.ports.y)', '', '$$$$', '$(x.pod)$(y.url)']) expect(templateOf(partsOf(template))).toBe(template)
})

test('names of an included file are its own first, then those of the project', () => {
  const others = {
    'g.yaml': 'exports: { PAY: "$(api.port) $(db.port)" }\nforwards: { api: { target: svc/a, ports: [8081], dependsOn: [db], links: { x: "$(api.url)" } } }',
  }
  const { exports, forwards } = project('include: [{ path: g.yaml, prefix: pay }]\nforwards: { db: svc/db 5432, api: svc/api 8080 }', { others })
  expect(exports).toEqual({ PAY: '$(pay-api.port) $(db.port)' })
  expect(forwards[2]).toMatchObject({ name: 'pay-api', dependsOn: ['db'], links: { x: '$(pay-api.url)' } })
})

test('naming a forward starts all that it depends on, however far', () => {
  const text =
    'forwards: { a: { target: svc/a, ports: [1025], dependsOn: [b] }, b: { target: svc/b, ports: [1026], dependsOn: [c], profiles: [p] }, c: { target: svc/c, ports: [1027], enabled: false }, d: svc/d 1028 }'
  const { forwards } = project(text, { selection: { names: ['a'], profiles: [] } })
  expect(forwards.filter(({ enabled }) => enabled).map(({ name }) => name)).toEqual(['a', 'b', 'c'])
})

test('a thousand forwards in one circle, and in one row, are told in no time', { timeout: 2_000 }, () => {
  const row = (last: string): string =>
    Array.from(
      { length: 1_000 },
      (_, index) => `  f${index}: { target: svc/a, ports: [${2_000 + index}]${index < 999 ? `, dependsOn: [f${index + 1}]` : last} }\n`,
    ).join('')
  expect(project(`forwards:\n${row('')}`).forwards.length).toBe(1_000)
  expect(() => project(`forwards:\n${row(', dependsOn: [f0]')}`)).toThrow('forwards wait for each other: f0 (line 2) -> f1')
})
