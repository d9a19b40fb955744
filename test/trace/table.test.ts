/** The account as text, whole. */
import { expect, test } from 'vitest'
import { wrapped } from '../../src/output/wrapped.ts'
import { timeText, traceTable } from '../../src/trace/table.ts'
import { accounts } from './accounts.ts'

const plain = { isUtf8: true, explains: false, isVerbose: false }

test('a trace that got through', () => {
  expect(traceTable(accounts.through, plain)).toMatchInlineSnapshot(`
    "api: svc/api:http  context dev  namespace shop

    Initialization
      ✓  file           read forwards.yaml: forward "api" in line 7          12 ms
      ✓  kubeconfig     read ~/.kube/config: context dev, server            3.2 ms
                        10.0.0.1:6443, namespace shop

    Authentication & Authorization
      ✓  credential     credential of dev: aws was run, until                1.2 s
                        2026-01-01T01:00:00Z
      ✓  tcp            TCP connection: 10.0.0.1:6443                       0.4 ms
      ✓  tls            TLS handshake: TLSv1.3, CN=kube-apiserver            12 ms
      ✓  version        GET /version: v1.36.3                                12 ms
      ✓  authentication who am I? (SelfSubjectReview): dev                   12 ms
      ✓  authorization  may I? (SelfSubjectAccessReview): yes: list and      12 ms
                        watch pods, create pods/portforward

    Information retrieval for the pod
      ✓  object         list what svc/api:http is, and the pods of           12 ms
                        namespace shop: found, 2 pods behind it
      ✓  pods           choose a pod: api-7c9d2, port 8080, on node         0.1 ms
                        node-a
         not api-b41fe: Pending

    Port-forwarding session establishment
      ✓  upgrade        GET portforward, upgrade to SPDY inside              12 ms
                        WebSocket: 101
      ✓  ping           SPDY ping through the tunnel: answered               12 ms

    Inside the node
      ✓  stream         open a stream for port 8080: accepted                12 ms
      ✓  node-dial      connect to 127.0.0.1:8080 in the pod's network
                        namespace: connected

    SPDY/WebSocket session
      ✓  first-byte     GET /: "HTTP/1.1 200 OK"                             12 ms
      ✓  close          close the tunnel                                    0.0 ms

    through to port 8080 of pod api-7c9d2 by websocket in 1.4 s"
  `)
})

test('a port where nothing listens, without UTF-8', () => {
  expect(traceTable(accounts.refused, { ...plain, isUtf8: false })).toMatchInlineSnapshot(`
    "svc/api:http  context dev  namespace shop

    Initialization
      ok file           read forwards.yaml: forward "api" in line 7          12 ms
      ok kubeconfig     read ~/.kube/config: context dev, server            3.2 ms
                        10.0.0.1:6443, namespace shop

    Authentication & Authorization
      ok credential     credential of dev: aws was run, until                1.2 s
                        2026-01-01T01:00:00Z
      ok tcp            TCP connection: 10.0.0.1:6443                       0.4 ms
      ok tls            TLS handshake: TLSv1.3, CN=kube-apiserver            12 ms
      ok version        GET /version: v1.36.3                                12 ms
      ok authentication who am I? (SelfSubjectReview): dev                   12 ms
      ok authorization  may I? (SelfSubjectAccessReview): yes: list and      12 ms
                        watch pods, create pods/portforward

    Information retrieval for the pod
      ok object         list what svc/api:http is, and the pods of           12 ms
                        namespace shop: found, 2 pods behind it
      ok pods           choose a pod: api-7c9d2, port 8080, on node         0.1 ms
                        node-a
         not api-b41fe: Pending

    Port-forwarding session establishment
      ok upgrade        GET portforward, upgrade to SPDY inside              12 ms
                        WebSocket: 101
      ok ping           SPDY ping through the tunnel: answered               12 ms

    Inside the node
      ok stream         open a stream for port 8080: accepted                12 ms
      x  node-dial      connect to 127.0.0.1:8080 in the pod's network       12 ms
                        namespace
         KPF_STREAM_REFUSED  nothing listens on the port (connection refused)
         check the port in the pod

    broken in "Inside the node", at node-dial: KPF_STREAM_REFUSED
      nothing listens on the port (connection refused)
      check the port in the pod"
  `)
})

test('a right that is missing, with explanations', () => {
  expect(traceTable(accounts.forbidden, { ...plain, explains: true })).toMatchInlineSnapshot(`
    "svc/api:http  context dev  namespace shop

    Initialization
      ✓  file           read forwards.yaml: forward "api" in line 7          12 ms
      ✓  kubeconfig     read ~/.kube/config: context dev, server            3.2 ms
                        10.0.0.1:6443, namespace shop

      Everything begins with two files. The forwards file says what is wanted; the
      kubeconfig says which API server that is on, and as whom to ask. A context is
      a name for one server, one user and one namespace. Nothing has been sent so
      far.

    Authentication & Authorization
      ✓  credential     credential of dev: aws was run, until                1.2 s
                        2026-01-01T01:00:00Z
      ✓  tcp            TCP connection: 10.0.0.1:6443                       0.4 ms
      ✓  tls            TLS handshake: TLSv1.3, CN=kube-apiserver            12 ms
      ✓  version        GET /version: v1.36.3                                12 ms
      ✓  authentication who am I? (SelfSubjectReview): dev                   12 ms
      ✗  authorization  may I? (SelfSubjectAccessReview): no: create         12 ms
                        pods/portforward
         KPF_FORBIDDEN  not allowed in namespace "shop": create pods/portforward
         ask for this role: kpf rbac

      kpf gets a credential (a certificate, a token, or what a plugin prints),
      connects to the API server, and the server says who that is: authentication.
      What this user may do is another question, authorization: roles grant verbs on
      resources in a namespace. A port-forward needs the verbs to find the pod, and
      get or create on pods/portforward.

    broken in "Authentication & Authorization", at authorization: KPF_FORBIDDEN
      not allowed in namespace "shop": create pods/portforward
      ask for this role: kpf rbac"
  `)
})

test('a server that is not there', () => {
  expect(traceTable(accounts.dead, plain)).toMatchInlineSnapshot(`
    "svc/api:http  context dev  namespace shop

    Initialization
      ✓  kubeconfig     read ~/.kube/config: context dev, server             12 ms
                        10.0.0.1:6443, namespace shop

    Authentication & Authorization
      ✓  credential     credential of dev: token                            0.1 ms
      ✗  tcp            TCP connection                                      3.3 ms
         KPF_CLUSTER_UNREACHABLE  cluster unreachable (ECONNREFUSED 10.0.0.1:6443)
         check that the cluster runs, and the network or VPN

    broken in "Authentication & Authorization", at tcp: KPF_CLUSTER_UNREACHABLE
      cluster unreachable (ECONNREFUSED 10.0.0.1:6443)
      check that the cluster runs, and the network or VPN"
  `)
})

test('what the runtime says is broken into lines that fit', () => {
  const message = `nothing listens on the pod's port (error forwarding port 9999 to pod ${'5d98963ad26f'.repeat(5)}, uid : failed to connect: connection refused)`
  const failure = { code: 'KPF_STREAM_REFUSED', message, hint: 'check the remote port, and that the program in the pod is up' }
  const steps = accounts.refused.steps.slice(-1).map((one) => ({ ...one, failure }))
  expect(traceTable({ ...accounts.refused, steps, outcome: { ...accounts.refused.outcome, failure } }, plain)).toMatchInlineSnapshot(`
    "svc/api:http  context dev  namespace shop

    Inside the node
      ✗  node-dial      connect to 127.0.0.1:8080 in the pod's network       12 ms
                        namespace
         KPF_STREAM_REFUSED  nothing listens on the pod's port (error forwarding
         port 9999 to pod
         5d98963ad26f5d98963ad26f5d98963ad26f5d98963ad26f5d98963ad26f, uid :
         failed to connect: connection refused)
         check the remote port, and that the program in the pod is up

    broken in "Inside the node", at node-dial: KPF_STREAM_REFUSED
      nothing listens on the pod's port (error forwarding port 9999 to pod
      5d98963ad26f5d98963ad26f5d98963ad26f5d98963ad26f5d98963ad26f, uid : failed
      to connect: connection refused)
      check the remote port, and that the program in the pod is up"
  `)
})

test('a trace that was stopped', () => {
  expect(traceTable(accounts.stopped, plain)).toMatchInlineSnapshot(`
    "svc/api:http  context dev  namespace shop

    Initialization
      ✓  kubeconfig     read ~/.kube/config: context dev, server             12 ms
                        10.0.0.1:6443, namespace shop

    Authentication & Authorization
      -  tcp            TCP connection                                       8.0 s

    stopped in "Authentication & Authorization", at tcp, after 8.0 s"
  `)
})

test('with --verbose every fact of every step is told', () => {
  const { steps, ...rest } = accounts.through
  const told = steps.filter(({ id }) => id === 'file' || id === 'pods' || id === 'upgrade')
  expect(traceTable({ ...rest, steps: told }, { ...plain, isVerbose: true })).toMatchInlineSnapshot(`
    "api: svc/api:http  context dev  namespace shop

    Initialization
      ✓  file           read forwards.yaml: forward "api" in line 7          12 ms
         file: forwards.yaml
         line: 7

    Information retrieval for the pod
      ✓  pods           choose a pod: api-7c9d2, port 8080, on node         0.1 ms
                        node-a
         rejected: api-b41fe: Pending

    Port-forwarding session establishment
      ✓  upgrade        GET portforward, upgrade to SPDY inside              12 ms
                        WebSocket: 101
         transport: websocket
         method: GET
         path: /api/v1/namespaces/shop/pods/api-7c9d2/portforward
         request: authorization: Bearer
         request: upgrade: websocket
         status: 101

    through to port 8080 of pod api-7c9d2 by websocket in 1.4 s"
  `)
})

test.each([
  [0, '0.0 ms'],
  [0.44, '0.4 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [12.3, '12 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [1_250, '1.3 s'],
])('%d ms are written %s', (ms, text) => {
  expect(timeText(ms)).toBe(text)
})

test.each<[string, number, readonly string[]]>([
  ['one', 10, ['one']],
  ['one two three', 7, ['one two', 'three']],
  ['one two three', 6, ['one', 'two', 'three']],
  ['a-word-that-is-too-long b', 5, ['a-word-that-is-too-long', 'b']],
  ['', 5, ['']],
])('"%s" is broken between words at %d', (text, width, lines) => {
  expect(wrapped(text, width)).toEqual(lines)
})
