/** The examples of `docs/file.md`: whole files, one for each group of fields. Data only; tests load and run them. */

/** One example. */
export interface FileExample {
  /** The section of the document that it closes. */
  readonly section: string
  readonly text: string
  /** Files beside it, by path. */
  readonly others?: Readonly<Record<string, string>>
}

/** In the order of the document. */
export const fileExamples: readonly FileExample[] = [
  {
    section: 'Top level',
    text: `apiVersion: kpf/v1
name: shop
description: What a developer of the shop needs
context: \${KPF_CONTEXT:-kind-dev}
namespace: \${TEAM}-\${STAGE:-dev}
envFile: [team.env]
vars: { STAGE: dev }
defaults:
  hold: { timeout: 20s }
settings:
  concurrency: 4
  portRange: 21000-21999
  watch: { debounce: 200ms }
exports:
  DATABASE_URL: postgres://app@$(db.address):$(db.port)/shop
  METRICS_URL: http://$(api.host):$(api.ports.metrics)/metrics
forwards:
  db: svc/postgres :5432
  api:
    target: svc/api
    ports:
      - { name: http, localPort: 8080, remotePort: http, primary: true }
      - { name: metrics, localPort: 9090, remotePort: metrics }
`,
    others: { 'team.env': 'TEAM=shop\n' },
  },
  {
    section: 'An entry of `include`',
    text: `context: kind-dev
include:
  - payments/forwards.yaml
  - { path: search/forwards.yaml, prefix: search, envFile: search/local.env, profiles: [search] }
forwards:
  web: -n shop-dev svc/web 3000:http
`,
    others: {
      'payments/forwards.yaml': 'namespace: shop-dev\nforwards:\n  ledger: svc/api 8081:http\n',
      'search/forwards.yaml': 'namespace: ${SEARCH_NAMESPACE}\nforwards:\n  index: svc/api 8082:http       # is "search-index" in the project\n',
      'search/local.env': 'SEARCH_NAMESPACE=shop-dev\n',
    },
  },
  {
    section: 'An entry of `clusters`',
    text: `clusters:
  dev: { context: kind-dev, namespace: shop-dev }
  prod:
    context: prod-eu
    namespace: shop
    protected: true                              # kpf up asks before it starts anything there
    expect: { server: https://k8s.prod.example.com:6443 }
    as: support
    asGroups: [read-only]
cluster: dev
forwards:
  web: svc/web 3000:http
  prod-web: { cluster: prod, target: svc/web, ports: [3100:http], profiles: [prod] }
`,
  },
  {
    section: 'A forward',
    text: `context: kind-dev
namespace: shop-dev
x-patient: &patient                              # a fragment, for whoever merges it
  hold: { timeout: 30s, window: 2m, maxConnections: 32 }
  timeouts: { dial: 30s, stream: 20s, halfClose: 30s }
forwards:
  db:
    <<: *patient
    target: svc/postgres
    ports: [15432:5432]
    description: The database of the shop
    addresses: [127.0.0.1]
    drain: { timeout: 1m }
    backoff: { initial: 500ms, factor: 1.5, max: 10s, jitter: 0.3, resetAfter: 1m }
    restart: on-failure:20
    limits: { maxConnections: 50 }
    pods: { requireReady: false }
    transport: { mode: auto, pingInterval: 5s }
    protected: false
  web:
    target: deploy/web
    namespace: shop-dev
    ports: [3000:http]
    dependsOn: [db]
    links: { home: "$(web.url)/", admin: "$(web.url)/admin" }
    transport: spdy
    hold: off
  grafana: { target: svc/grafana, context: kind-dev, ports: [3001:http], profiles: [observe], as: ada, asGroups: [dev] }
  legacy: { target: svc/legacy, ports: [3002:80], enabled: false }
`,
  },
  {
    section: '`target`, in full',
    text: `context: kind-dev
namespace: shop-dev
forwards:
  web: { target: svc/web, ports: [3000:http] }
  worker: { target: { labelSelector: "app=api", container: api }, ports: [6060:http] }
  first: { target: { kind: deployment, name: "we*" }, ports: [3003:http] }
`,
  },
  {
    section: 'An entry of `ports`, in full',
    text: `context: kind-dev
namespace: shop-dev
forwards:
  short: { target: svc/api, ports: ["8083:http", "127.0.0.1:9091:metrics"] }
  full:
    target: svc/api
    ports:
      - { name: ui, localPort: 8084, remotePort: http, appProtocol: http, primary: true, onConflict: fail }
      - { name: raw, localPort: auto, containerPort: 9090, addresses: [127.0.0.1] }
  range: deploy/api 8090-8091:8080-8081
`,
  },
]
