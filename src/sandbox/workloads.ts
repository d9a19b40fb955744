/**
 * The programs of the sample cluster: pods that answer HTTP or echo, on loopback
 * ports of their own, and a controller that replaces a pod that goes.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../system/clock.ts'
import type { Objects, SandboxObject } from './objects.ts'

/** What runs in a pod, by container port. */
export interface App {
  readonly name: string
  /** Without it the sample cluster's own. */
  readonly namespace?: string
  /** The pods of a StatefulSet are numbered. Default: a Deployment. */
  readonly kind?: 'Deployment' | 'StatefulSet'
  /** Labels of the pods, besides `app`. */
  readonly labels?: Readonly<Record<string, string>>
  readonly image: string
  readonly ports: Readonly<Record<number, { readonly name: string; readonly speaks: 'http' | 'echo' }>>
  readonly replicas: number
}

interface RunningPod {
  readonly app: App
  readonly servers: ReadonlyMap<number, Server>
  readonly sockets: Set<Socket>
  isGone: boolean
}

const START_MS = 300
const DRAIN_MS = 2_000

/** The node and its controller. */
export class Workloads {
  readonly #objects: Objects
  readonly #clock: Clock
  readonly #namespace: string
  readonly #pods = new Map<string, RunningPod>()
  readonly #closed = new AbortController()

  constructor(objects: Objects, clock: Clock, namespace: string) {
    this.#objects = objects
    this.#clock = clock
    this.#namespace = namespace
  }

  /** Makes a Deployment or StatefulSet, its Service and its pods, ready at once. */
  async deploy(app: App): Promise<void> {
    const labels = { app: app.name }
    const metadata = this.#metadata(app.name, app)
    const kind = app.kind ?? 'Deployment'
    const spec = { replicas: app.replicas, selector: { matchLabels: labels }, template: { metadata: { labels: { ...labels, ...app.labels } } } }
    this.#objects.put(`${kind.toLowerCase()}s`, { kind, metadata, spec })
    const ports = Object.entries(app.ports).map(([number, { name }]) => ({
      name,
      port: name === 'http' ? 80 : Number(number),
      targetPort: name,
      protocol: 'TCP',
    }))
    this.#objects.put('services', { kind: 'Service', metadata, spec: { selector: labels, clusterIP: '10.96.0.10', ports } })
    for (let index = 0; index < app.replicas; index++) await this.#start(app, { isReady: true, index })
  }

  /** Names of the pods of an app. */
  podsOf(appName: string): readonly string[] {
    return [...this.#pods].flatMap(([name, { app }]) => (app.name === appName ? [name] : []))
  }

  /** Deletes a pod as kubectl does: it drains and serves on while its successor starts. */
  async delete(name: string): Promise<void> {
    const pod = this.#pods.get(name)
    const object = pod && this.#objects.get('pods', this.#namespaceOf(pod.app), name)
    if (pod === undefined || object === undefined) return
    this.#objects.put('pods', { ...object, metadata: { ...object.metadata, deletionTimestamp: this.#now() }, status: podStatus('Running', false, this.#now()) })
    const successor = this.#start(pod.app, { isReady: false, index: this.podsOf(pod.app.name).indexOf(name) })
    await this.#clock.sleep(DRAIN_MS, this.#closed.signal)
    this.#end(name, pod)
    this.#objects.remove('pods', this.#namespaceOf(pod.app), name)
    await successor
  }

  /** A connection to a port inside a pod; rejects in the runtime's own words. */
  async dial(podName: string, port: number): Promise<Socket> {
    const pod = this.#pods.get(podName)
    const address = pod?.servers.get(port)?.address()
    if (pod === undefined || typeof address !== 'object' || address === null) {
      const id = 'sandbox'
      throw new Error(
        `error forwarding port ${port} to pod ${id}, uid : failed to execute portforward in network namespace "/var/run/netns/cni-${id}": failed to connect to localhost:${port} inside namespace "${id}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused `,
      )
    }
    const socket = connect({ host: '127.0.0.1', port: address.port, allowHalfOpen: true, noDelay: true })
    await once(socket, 'connect')
    return socket
  }

  /** The runtime's words for a pod that has ended. */
  goneText(podName: string, port: number): string | undefined {
    return this.#pods.get(podName)?.isGone === false
      ? undefined
      : `error forwarding port ${port} to pod sandbox, uid : network namespace for sandbox "sandbox" is closed`
  }

  close(): void {
    this.#closed.abort()
    for (const [name, pod] of [...this.#pods]) this.#end(name, pod)
  }

  #namespaceOf({ namespace }: App): string {
    return namespace ?? this.#namespace
  }

  #metadata(name: string, app: App): SandboxObject['metadata'] {
    const labels = { app: app.name, ...app.labels }
    return { name, namespace: this.#namespaceOf(app), uid: randomUUID(), labels, creationTimestamp: this.#now() }
  }

  async #start(app: App, { isReady, index }: { readonly isReady: boolean; readonly index: number }): Promise<void> {
    const name = `${app.name}-${app.kind === 'StatefulSet' ? index : randomUUID().slice(0, 5)}`
    const ports = Object.entries(app.ports).map(([containerPort, { name: portName }]) => ({
      name: portName,
      containerPort: Number(containerPort),
      protocol: 'TCP',
    }))
    const object: SandboxObject = {
      kind: 'Pod',
      metadata: this.#metadata(name, app),
      spec: { nodeName: 'sample-node', containers: [{ name: app.name, image: app.image, ports }] },
      status: podStatus('Pending', false, this.#now()),
    }
    this.#objects.put('pods', object)
    const sockets = new Set<Socket>()
    const servers = new Map<number, Server>()
    for (const [port, { speaks }] of Object.entries(app.ports)) servers.set(Number(port), await serve(name, app, { speaks, sockets }))
    this.#pods.set(name, { app, servers, sockets, isGone: false })
    if (!isReady && !(await this.#clock.sleep(START_MS, this.#closed.signal))) return
    this.#objects.put('pods', { ...object, status: podStatus('Running', true, this.#now()) })
  }

  #end(name: string, pod: RunningPod): void {
    pod.isGone = true
    this.#pods.delete(name)
    for (const server of pod.servers.values()) server.close()
    for (const socket of pod.sockets) socket.destroy()
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString()
  }
}

async function serve(podName: string, app: App, { speaks, sockets }: { speaks: 'http' | 'echo'; sockets: Set<Socket> }): Promise<Server> {
  const server =
    speaks === 'http'
      ? createHttpServer((_request, response) => {
          response.setHeader('content-type', 'text/plain')
          response.end(`hello from pod ${podName} (${app.image})\n`)
        })
      : createServer((socket) => socket.pipe(socket))
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function podStatus(phase: string, isReady: boolean, now: string): object {
  return {
    phase,
    conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: now }],
    containerStatuses: [{ restartCount: 0, ready: isReady, state: {} }],
  }
}
