/** The diagram: its whole text, and that nothing in a name can change what is drawn. */
import mermaidPackage from 'mermaid'
import { expect, test } from 'vitest'
import type { Account, Step } from '../../src/trace/account.ts'
import { mermaid } from '../../src/trace/mermaid.ts'
import { accounts, step } from './accounts.ts'
import { parsed } from './checked.ts'

test('a trace that got through', async () => {
  expect(await parsed(mermaid(accounts.through))).toMatchInlineSnapshot(`
    "sequenceDiagram
      participant files as files
      participant plugin as credential plugin
      participant kpf as kpf
      participant server as API server<br/>10.0.0.1:6443
      participant node as kubelet<br/>node-a
      participant runtime as container runtime
      participant program as program in<br/>api-7c9d2
      rect rgba(127, 127, 127, 0.1)
      Note over files,program: Initialization
      kpf->>files: read forwards.yaml
      files-->>kpf: forward "api" in line 7 (12 ms)
      kpf->>files: read ~/.kube/config
      files-->>kpf: context dev, server 10.0.0.1:6443, namespace<br/>shop (3.2 ms)
      end
      rect rgba(127, 127, 127, 0.1)
      Note over files,program: Authentication #38; Authorization
      kpf->>plugin: credential of dev
      plugin-->>kpf: aws was run, until<br/>2026-01-01T01:00:00Z<br/>(1.2 s)
      kpf->>server: TCP connection
      server-->>kpf: 10.0.0.1:6443 (0.4 ms)
      kpf->>server: TLS handshake
      server-->>kpf: TLSv1.3,<br/>CN=kube-apiserver<br/>(12 ms)
      kpf->>server: GET /version
      server-->>kpf: v1.36.3 (12 ms)
      kpf->>server: who am I?<br/>(SelfSubjectReview)
      server-->>kpf: dev (12 ms)
      kpf->>server: may I?<br/>(SelfSubjectAccessReview)
      server-->>kpf: yes: list and watch<br/>pods, create<br/>pods/portforward (12 ms)
      end
      rect rgba(127, 127, 127, 0.1)
      Note over files,program: Information retrieval for the pod
      kpf->>server: list what svc/api:http<br/>is, and the pods of<br/>namespace shop
      server-->>kpf: found, 2 pods behind it<br/>(12 ms)
      Note over kpf: choose a pod: api-7c9d2,<br/>port 8080, on node<br/>node-a
      end
      rect rgba(127, 127, 127, 0.1)
      Note over files,program: Port-forwarding session establishment
      kpf->>server: GET portforward, upgrade<br/>to SPDY inside WebSocket
      server--)node: passes the upgrade on
      node--)runtime: passes it on, for pod<br/>api-7c9d2
      server-->>kpf: 101 (12 ms)
      kpf->>runtime: SPDY ping through the tunnel
      runtime-->>kpf: answered (12 ms)
      end
      rect rgba(127, 127, 127, 0.1)
      Note over files,program: Inside the node
      kpf->>runtime: open a stream for port 8080
      runtime-->>kpf: accepted (12 ms)
      runtime--)program: connect to<br/>127.0.0.1:8080 in the<br/>pod's network namespace
      program-->>runtime: connected
      end
      rect rgba(127, 127, 127, 0.1)
      Note over files,program: SPDY/WebSocket session
      kpf->>program: GET /
      program-->>kpf: "HTTP/1.1 200 OK" (12 ms)
      kpf->>server: close the tunnel
      end
      Note over files,program: through to port 8080 by websocket in 1.4 s
    "
  `)
})

test('a right that is missing', async () => {
  expect(await parsed(mermaid(accounts.forbidden))).toMatchInlineSnapshot(`
    "sequenceDiagram
      participant files as files
      participant plugin as credential plugin
      participant kpf as kpf
      participant server as API server<br/>10.0.0.1:6443
      rect rgba(127, 127, 127, 0.1)
      Note over files,server: Initialization
      kpf->>files: read forwards.yaml
      files-->>kpf: forward "api" in line 7 (12 ms)
      kpf->>files: read ~/.kube/config
      files-->>kpf: context dev, server 10.0.0.1:6443, namespace<br/>shop (3.2 ms)
      end
      rect rgba(220, 40, 40, 0.2)
      Note over files,server: Authentication #38; Authorization
      kpf->>plugin: credential of dev
      plugin-->>kpf: aws was run, until<br/>2026-01-01T01:00:00Z<br/>(1.2 s)
      kpf->>server: TCP connection
      server-->>kpf: 10.0.0.1:6443 (0.4 ms)
      kpf->>server: TLS handshake
      server-->>kpf: TLSv1.3,<br/>CN=kube-apiserver<br/>(12 ms)
      kpf->>server: GET /version
      server-->>kpf: v1.36.3 (12 ms)
      kpf->>server: who am I?<br/>(SelfSubjectReview)
      server-->>kpf: dev (12 ms)
      kpf-xserver: may I?<br/>(SelfSubjectAccessReview)
      Note over kpf,server: ✗ FAILED: KPF_FORBIDDEN<br/>not allowed in namespace<br/>"shop": create<br/>pods/portforward
      end
      Note over files,server: broken in "Authentication #38; Authorization", at authorization: ask for<br/>this role: kpf rbac
    "
  `)
})

test('a port where nothing listens is a crossed arrow in a red section, and says so', async () => {
  const text = await parsed(mermaid(accounts.refused))
  expect(text.slice(text.indexOf('  rect rgba(220'))).toMatchInlineSnapshot(`
    "  rect rgba(220, 40, 40, 0.2)
      Note over files,program: Inside the node
      kpf->>runtime: open a stream for port 8080
      runtime-->>kpf: accepted (12 ms)
      runtime--xprogram: connect to<br/>127.0.0.1:8080 in the<br/>pod's network namespace
      Note over runtime,program: ✗ FAILED:<br/>KPF_STREAM_REFUSED<br/>nothing listens on the<br/>port (connection<br/>refused)
      end
      Note over files,program: broken in "Inside the node", at node-dial: check the port in the pod
    "
  `)
})

test('a trace that was stopped', async () => {
  const text = await parsed(mermaid(accounts.stopped))
  expect(text.slice(text.lastIndexOf('  rect'))).toMatchInlineSnapshot(`
    "  rect rgba(127, 127, 127, 0.1)
      Note over files,server: Authentication #38; Authorization
      kpf-xserver: TCP connection
      Note over kpf: stopped here
      end
      Note over files,server: stopped in "Authentication #38; Authorization", at<br/>tcp
    "
  `)
})

test('a transport that was not taken is told, and its section is not red', async () => {
  const failure = { code: 'KPF_TRANSPORT_REFUSED', message: 'the server does not take it' }
  const refused = step(['establishment', 'upgrade', 'kpf', 'server', 'GET portforward', '400'], { result: 'warned', failure })
  const text = await parsed(mermaid({ ...accounts.through, steps: [refused, ...accounts.through.steps.filter(({ section }) => section === 'establishment')] }))
  expect(text.replaceAll('<br/>', ' ')).toContain(
    '  kpf-xserver: GET portforward\n  Note over kpf,server: goes on: KPF_TRANSPORT_REFUSED the server does not take it\n',
  )
  expect(text).not.toContain('rgba(220')
})

const hostile = [
  'a; kpf->>kpf: x',
  '#',
  '# comment',
  '%% comment',
  '<br/><script>',
  'a>b',
  'end',
  'a\nend\nkpf->>kpf: x',
  '\u202egnp.exe',
  ':::',
  '{"a":1}',
  '\\',
  '💥',
  '"',
  '',
  '  ',
  'x'.repeat(400),
]

/** An account in which everything that comes from outside is `text`. */
function filledWith(text: string): Account {
  const { through } = accounts
  const failure = { code: 'KPF_STREAM_FAILED', message: text, hint: text }
  const steps = [...through.steps, step(['node', 'node-dial', 'runtime', 'program', 'connect'], { result: 'failed', failure })].map(
    (one): Step => ({ ...one, what: text, ...(one.answer !== undefined && { answer: text }) }),
  )
  const outcome = { kind: 'broken', section: 'node', step: 'node-dial', failure } as const
  return { ...through, server: text, pod: text, node: text, context: text, namespace: text, steps, outcome }
}

/** What Mermaid would draw, without the words. */
async function drawn(account: Account): Promise<readonly string[]> {
  const { db } = await mermaidPackage.mermaidAPI.getDiagramFromText(mermaid(account))
  // The sequence diagram's own model has no published type.
  const model = db as unknown as { getActors(): Map<string, object>; getMessages(): { from?: string; to?: string; type: number }[] }
  return [...model.getActors().keys(), ...model.getMessages().map(({ from, to, type }) => `${from} ${to} ${type}`)]
}

test.each(hostile)('"%s" in every name changes nothing of what is drawn', async (text) => {
  expect(await drawn(filledWith(text))).toEqual(await drawn(filledWith('harmless')))
})

test.each(hostile)('"%s" brings no control, no direction mark and no tag into the diagram', (text) => {
  expect(mermaid(filledWith(text)).replaceAll('<br/>', '')).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|<|#(?!\d+;)/u)
})
