/** Each server that kpf must live with: what carries the bytes there, and what breaks. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { echoed, fetchText, hammer, isRefused, open } from './clients.ts'
import { freePort, Up } from './kpf.ts'
import { type Cluster, startCluster } from './rig/cluster.ts'
import { type ContainerOptions, deployment, service } from './rig/manifests.ts'
import { askedMode, modes } from './rig/modes.ts'

type Transport = 'websocket' | 'spdy' | 'channel'

/** The API server keeps a record of upgrades only. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseComplete'],
  rules: [{ level: 'Metadata', resources: [{ group: '', resources: ['pods/portforward'] }] }, { level: 'None' }],
}

interface AuditLine {
  readonly verb: string
  readonly requestURI: string
}

/** A WebSocket is a GET, and the older channels name their ports; SPDY is a POST. */
function transportOf({ verb, requestURI }: AuditLine): Transport {
  if (verb === 'create') return 'spdy'
  return requestURI.includes('ports=') ? 'channel' : 'websocket'
}

const asked = askedMode()

/** Serves on for 2 s when its pod ends. */
function container(app: 'http' | 'echo', port: number): ContainerOptions {
  return { app, ports: { [app]: port }, env: { KPF_TERM_DELAY: '2s' } }
}

describe.each(asked === undefined ? modes : [asked])('mode %s', (mode) => {
  let cluster: Cluster
  let auditDir: string
  /** Upgrades asked for so far, in order. Which were refused is not told: the record has a 101 for a 400 that was passed on. */
  const upgrades = async (): Promise<readonly Transport[]> => {
    const text = await readFile(join(auditDir, 'log'), 'utf8').catch(() => '')
    return text.split('\n').flatMap((line) => (line === '' ? [] : [transportOf(JSON.parse(line) as AuditLine)]))
  }

  beforeAll(async () => {
    auditDir = await mkdtemp(join(tmpdir(), 'kpf-audit-'))
    await writeFile(join(auditDir, 'policy.json'), JSON.stringify(auditPolicy))
    const flags = [`--audit-policy-file=${join(auditDir, 'policy.json')}`, `--audit-log-path=${join(auditDir, 'log')}`]
    cluster = await startCluster({ mode, flags: flags.map((flag) => `--apiserver-arg=${flag}`) })
    await cluster.apply(
      deployment('web', { replicas: 2, graceSeconds: 5, containers: [container('http', 8080), container('echo', 7000)] }),
      service('web', {
        ports: [
          { name: 'http', port: 80, targetPort: 'http' },
          { name: 'echo', port: 7000, targetPort: 'echo' },
          { name: 'closed', port: 9999, targetPort: 9999 },
        ],
      }),
    )
    await cluster.waitFor('condition=Available', ['deployment/web'])
  }, 1_200_000)
  afterAll(async () => {
    await cluster.stop()
    await rm(auditDir, { recursive: true, force: true })
  })

  async function start(): Promise<{ up: Up; port: number; closed: number }> {
    const [port, closed] = [await freePort(), await freePort()]
    const text = `forwards:\n  web: { target: svc/web, ports: ["${port}:80", "${closed}:9999"], transport: auto, hold: { timeout: 30s } }\n`
    const up = await Up.start(text, { kubeconfig: cluster.kubeconfig })
    await up.ready('web')
    return { up, port, closed }
  }

  test('20 parallel requests are answered, over the newest transport that the server speaks', async () => {
    const { up, port } = await start()
    await using _up = up
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetchText(port, '/whoami')))
    expect(new Set(answers).size).toBe(1)
    await vi.waitFor(async () => expect((await upgrades()).at(-1)).toBe(mode === 'spdy-only' ? 'spdy' : 'websocket'))
    expect(await upgrades()).toEqual(mode === 'spdy-only' ? ['websocket', 'spdy'] : ['websocket'])
  })

  test('a WebSocket that is demanded works, or is told to be refused by the server', async () => {
    await using up = await Up.start(`forwards:\n  web: { target: svc/web, ports: ["${await freePort()}:80"], transport: websocket }\n`, {
      kubeconfig: cluster.kubeconfig,
    })
    if (mode === 'spdy-only') expect(await up.next('failed', ({ to }) => to === 'failed')).toMatchObject({ reason: 'KPF_TRANSPORT_REFUSED' })
    else await up.ready('web')
  })

  test('a refused port costs its own connections only', async () => {
    const { up, port, closed } = await start()
    await using _up = up
    const slow = fetchText(port, '/slow?ms=2000')
    const refused = await Promise.all(Array.from({ length: 3 }, () => fetchText(closed).catch((error: unknown) => String(error))))
    for (const error of refused) expect(error).toContain('ECONNRESET')
    await slow
    await up.next('told', ({ phase }) => phase === 'refused')
    const since = up.events.length
    await fetchText(port)
    await up.next('ready again', ({ to }) => to === 'ready', { since })
  })

  test('no connection fails when the serving pod is deleted under load', async () => {
    const { up, port } = await start()
    await using _up = up
    const podName = (await fetchText(port, '/whoami')).trim()
    const before = (await upgrades()).length
    const hammered = hammer(port, { everyMs: 20, forMs: 8_000, path: '/whoami' })
    await cluster.delete(['pod', podName], 'and go on')
    const result = await hammered
    console.info(mode, 'pod deleted', result)
    expect(result).toMatchObject({ failed: 0, errors: [] })
    await up.next('moved', ({ type, fromPod }) => type === 'forward-moved' && fromPod === podName)
    // What worked is asked for first from now on.
    expect(new Set((await upgrades()).slice(before))).toEqual(new Set([mode === 'spdy-only' ? 'spdy' : 'websocket']))
  })

  test('connections that come while the API server is dead for 3 s are answered when it is back', async () => {
    const { up, port } = await start()
    await using _up = up
    const since = up.events.length
    await cluster.kill('apiserver')
    const hammered = hammer(port, { everyMs: 200, forMs: 7_000, path: '/whoami' })
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await cluster.start('apiserver')
    const result = await hammered
    console.info(mode, 'API server killed for 3 s', result)
    expect(result).toMatchObject({ failed: 0, errors: [] })
    await up.next('ready again', ({ to }) => to === 'ready', { since })
    expect(up.events.slice(since).some(({ to }) => to === 'failed')).toBe(false)
  })
  test('an API server that ends gently carries what is open and refuses new tunnels; who waits for one is answered when it is back', async () => {
    const { up, port } = await start()
    await using _up = up
    const [echoPort, latePort] = [await freePort(), await freePort()]
    await using echo = await Up.start(`forwards:\n  echo: svc/web ${echoPort}:7000\n`, { kubeconfig: cluster.kubeconfig })
    await echo.ready('echo')
    const socket = await open(echoPort)
    socket.on('error', () => {})
    expect(await echoed(socket, 'before')).toBe('before')
    const since = up.events.length
    await cluster.signal('apiserver', 'TERM')
    await vi.waitFor(async () => expect(await isRefused(cluster.server)).toBe(true), { timeout: 5_000, interval: 50 })
    // A kpf that begins now has no tunnel to go on with.
    await using late = await Up.start(`forwards:\n  late: { target: svc/web, ports: ["${latePort}:80"], hold: { timeout: 30s } }\n`, {
      kubeconfig: cluster.kubeconfig,
    })
    await late.next('refused', ({ to }) => to === 'waiting')
    const held = [fetchText(latePort, '/whoami', 30_000)]
    for (let beat = 0; beat < 10; beat++) {
      expect(await echoed(socket, `beat ${beat}`)).toBe(`beat ${beat}`)
      await fetchText(port, '/whoami')
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    expect(up.events.slice(since).filter(({ type }) => type === 'forward-state-changed')).toEqual([])
    await cluster.kill('apiserver')
    await up.next('lost', ({ to }) => to === 'waiting', { since })
    held.push(fetchText(port, '/whoami', 30_000))
    await cluster.start('apiserver')
    for (const answer of await Promise.all(held)) expect(answer).toMatch(/^web-/)
    expect([...up.events.slice(since), ...late.events].some(({ to }) => to === 'failed')).toBe(false)
    socket.destroy()
  })
})
