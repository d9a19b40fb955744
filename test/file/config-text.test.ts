/** The file that says everything means what it was made of, and hides what is secret. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { configText } from '../../src/file/config-text.ts'
import { durationMs, durationText } from '../../src/file/duration.ts'
import { type Loaded, loadBytes } from '../../src/file/load.ts'
import { problemsText } from '../../src/output/problem-text.ts'
import { fingerprint } from '../../src/supervisor/plan.ts'

type LoadedProject = Extract<Loaded, { kind: 'loaded' }>

function load(text: string, env: Readonly<Record<string, string>> = {}, others: Readonly<Record<string, string>> = {}): LoadedProject {
  const loaded = loadBytes('f.yaml', new TextEncoder().encode(text), { directory: '/home/dev/shop', flags: {}, env, others, approves: () => true })
  if (loaded.kind === 'loaded') return loaded
  throw new Error(problemsText(loaded.problems, { isAll: true }))
}

/** Every text as it is. */
const plainly = { redact: (text: string) => text, marked: (text: string) => text }

const RICH = `
name: shop
description: everything
cluster: dev
clusters: { dev: { context: kind, expect: { server: "https://10.0.0.1" } }, k: { kubeconfig: k.yaml, protected: true } }
defaults: { hold: { timeout: 1s }, transport: { pingInterval: 2s }, as: me, asGroups: [a] }
exports: { URL: "pg://$(b.address):$(b.ports.ui)/$$x\${NO:-$$y}$(a.port)" }
settings: { concurrency: 3, portRange: 1024-65535, watch: { debounce: 90ms } }
forwards:
  a: svc/a 8080:80 :81 127.0.0.1:9000-9002:90-92
  b: { target: { labelSelector: "app=b", container: c }, ports: [{ name: ui, localPort: auto, containerPort: http, appProtocol: http, primary: true, onConflict: fail, addresses: [auto] }] }
  c: { target: pod/c-*, cluster: k, ports: [8085], hold: off, restart: on-failure:3, enabled: false, backoff: { initial: 1h30m, max: 99h, factor: 1.5 }, addresses: ["::1", 127.0.0.1] }
  d: { target: { kind: deploy, name: d, container: x }, context: other, ports: [8086], transport: spdy, pods: { requireReady: false }, restart: no, description: "why $$5", dependsOn: [a, b], links: { home: "$(d.url)/x" } }
`

test('read again it means the same', () => {
  const { project } = load(RICH)
  const again = load(configText(project, plainly)).project
  expect(again.forwards.map((forward) => [forward.name, forward.description, fingerprint(forward)])).toEqual(
    project.forwards.map((forward) => [forward.name, forward.description, fingerprint(forward)]),
  )
  expect([again.name, again.description, again.settings, again.exports]).toEqual([project.name, project.description, project.settings, project.exports])
  expect(configText(again, plainly)).toBe(configText(project, plainly))
})

test('the example of a team reads like this', () => {
  const path = fileURLToPath(new URL('../../examples/team/forwards.yaml', import.meta.url))
  const text = configText(load(readFileSync(path, 'utf8')).project, plainly)
  expect(text.slice(0, text.indexOf('  api:'))).toMatchInlineSnapshot(`
    "apiVersion: kpf/v1
    name: shop
    description: Everything that a developer of the shop needs on their own machine
    forwards:
      web:
        target: service/web
        ports:
          - localPort: 3001
            remotePort: 80
            addresses:
              - localhost
        context: kind-shop
        namespace: shop
        enabled: true
        pods:
          requireReady: true
        transport:
          mode: auto
          pingInterval: 10s
        hold:
          timeout: 20s
          window: 30s
          maxConnections: 64
        drain:
          timeout: 10s
        backoff:
          initial: 200ms
          factor: 2
          max: 15s
          jitter: 0.5
          resetAfter: 30s
        restart: always
        timeouts:
          dial: 15s
          stream: 10s
          halfClose: 10s
        limits:
          maxConnections: 512
    "
  `)
})

test('what a secret variable holds is replaced by its name', () => {
  const loaded = load('description: "$API_TOKEN and $PIN_TOKEN, $WORD"\nforwards: { a: "-n $PIN_TOKEN svc/x 8080" }', {
    API_TOKEN: 'canary-canary',
    PIN_TOKEN: 'abc',
    WORD: 'said',
  })
  const text = configText(loaded.project, loaded)
  expect(text).toContain('description: ${API_TOKEN} and ${PIN_TOKEN}, ${WORD}')
  const dollars = load('exports: { A: "$API_TOKEN" }\ndescription: $API_TOKEN\nforwards: {}', { API_TOKEN: 'a$b$(c)' })
  expect(configText(dollars.project, dollars)).toContain('description: ${API_TOKEN}\nforwards: {}\nexports:\n  A: ${API_TOKEN}\n')
  expect(text).toContain('namespace: ${PIN_TOKEN}')
})

test('what any variable holds is replaced by its name where a secret may be: in exports, links and descriptions', () => {
  const env = { DB: 'canary$1', EMPTY: '', USER: 'app' }
  const others = {
    'g.yaml':
      'exports: { URL: "pg://${USER}:${DB}@$(db.address)/$${x}${EMPTY:-none}" }\nforwards: { db: { target: svc/app, ports: [8080], description: "as $USER", links: { ui: "$(db.url)/?t=$DB" } } }',
  }
  const loaded = load('vars: { MORE: "x$DB" }\nexports: { M: "$MORE" }\ninclude: [{ path: g.yaml, prefix: p }]\nforwards: {}', env, others)
  const text = configText(loaded.project, loaded)
  expect(text).not.toContain('canary')
  // What the file itself says is no secret.
  expect(text).toContain('M: x${DB}\n')
  expect(text).toContain('URL: pg://${USER}:${DB}@$(p-db.address)/$${x}none\n')
  expect(text).toContain('ui: $(p-db.url)/?t=${DB}\n')
  expect(text).toContain('description: as ${USER}\n')
  // Where it is a name of the cluster it is shown.
  expect(text).toContain('target: service/app\n')
  expect(loaded.explain('vars.MORE').map(({ value }) => value)).toEqual(['x${DB}'])
  expect(JSON.stringify(loaded.explain('exports'))).not.toContain('canary')
  const again = load(text, env).project
  expect([again.exports, again.forwards[0]?.links]).toEqual([loaded.project.exports, loaded.project.forwards[0]?.links])
})

test.each([0, 1, 999, 1_000, 61_000, 5_400_000, 359_999_999])('%d ms are written as they are read', (ms) => {
  expect(durationMs(durationText(ms))).toBe(ms)
})

test('the layer and the place of a value are named', () => {
  const others = { 'sub/g.yaml': 'defaults: { namespace: sub }\nforwards: { b: svc/b 8081, c: { target: svc/c, ports: [8082] } }' }
  const text =
    'context: kind\nnamespace: $NS\ninclude: [{ path: sub/g.yaml, prefix: s }]\ndefaults:\n  hold: { timeout: 1s }\nforwards:\n  a: { target: svc/a, ports: ["8080:80"] }\n'
  const { explain } = load(text, { NS: 'shop' }, others)
  const lines = (path: string): readonly string[] =>
    explain(path).map(({ path: at, value, layer, file, line, column, variables }) =>
      `${at}=${String(value)} ${layer} ${file ?? '-'}:${line ?? '-'}:${column ?? '-'} ${variables.join()}`.trim(),
    )
  expect(lines('forwards.a')).toEqual([
    'forwards.a.target=svc/a forward f.yaml:7:16',
    'forwards.a.ports.0=8080:80 forward f.yaml:7:31',
    'forwards.a.hold.timeout=1s defaults f.yaml:5:20',
    'forwards.a.context=kind top level f.yaml:1:10',
    'forwards.a.namespace=shop top level f.yaml:2:12 NS',
  ])
  expect(lines('forwards.a.hold.timeout')).toEqual(['forwards.a.hold.timeout=1s defaults f.yaml:5:20'])
  expect(lines('forwards.a.drain.timeout')).toEqual(['forwards.a.drain.timeout=undefined built-in -:-:-'])
  expect(lines('forwards.s-b.namespace')).toEqual(['forwards.s-b.namespace=sub defaults sub/g.yaml:1:24'])
  expect(lines('forwards.s-c.context')).toEqual(['forwards.s-c.context=kind including file -:-:-'])
  expect(lines('forwards.s-b.target')).toEqual(['forwards.s-b=svc/b 8081 forward sub/g.yaml:2:16'])
  expect(lines('context')).toEqual(['context=kind top level f.yaml:1:10'])
  expect([lines('forwards.nobody'), lines('nothing.here')]).toEqual([[], []])
})
