/** A control server over a project that exists on paper only. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask } from '../../src/control/client.ts'
import { History } from '../../src/control/history.ts'
import { unknownForward } from '../../src/cli/unknown-forward.ts'
import type { Controlled } from '../../src/control/routes.ts'
import { type ControlServer, serveControl, type ServerParts } from '../../src/control/server.ts'
import { API_VERSION, type StatusBody } from '../../src/control/shapes.ts'
import type { Event } from '../../src/supervisor/events.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { realClock } from '../../src/system/clock.ts'

export const START_MS = Date.UTC(2026, 0, 1)

/** An event number N, N seconds after the start. */
export function eventAt(seq: number, text = 'something'): Event {
  return { type: 'warning', forward: 'api', code: 'KPF_X', message: text, seq, time: isoTime(START_MS + seq * 1000) }
}

export function status(names: readonly string[] = ['api', 'db']): StatusBody {
  return {
    v: API_VERSION,
    version: '9.9.9',
    pid: 1,
    project: { name: 'shop', key: 'k', files: [] },
    mode: 'foreground',
    startedAt: isoTime(START_MS),
    now: isoTime(START_MS + 60_000),
    generation: 1,
    seq: 0,
    isStopping: false,
    forwards: names.map((name) => ({
      name,
      state: 'ready',
      phase: 'ready',
      reason: null,
      target: `svc/${name}:80`,
      local: 'localhost:8080',
      ports: [{ address: '127.0.0.1', localPort: 8080, remotePort: 80, url: 'http://localhost:8080' }],
      listeners: ['127.0.0.1:8080'],
      pod: `${name}-1`,
      connections: { open: 1, draining: 0, held: 0, served: 2, failed: 0 },
      restarts: 0,
      since: isoTime(START_MS),
      nextRetryAt: null,
    })),
  }
}

/** A project that notes what it is asked. */
export function controlled(asked: string[]): Controlled {
  const said = (what: string, names: readonly string[]): { names: readonly string[] } => {
    asked.push(`${what} ${names.join(' ')}`)
    return { names }
  }
  return {
    version: '9.9.9',
    unknownForward,
    status: () => status(),
    exports: () => ({ exports: { API_PORT: '8080' }, missing: {} }),
    drift: async () => [],
    apply: async (request) => {
      asked.push(`apply ${JSON.stringify(request)}`)
      return { kind: 'rejected', problems: [], needsApproval: false }
    },
    plan: async (request) => {
      asked.push(`plan ${JSON.stringify(request)}`)
      return { kind: 'planned', generation: 1, plan: [], kept: ['api'], resting: [] }
    },
    reload: async () => {
      throw new Error('reload fails')
    },
    start: (names) => said('start', names),
    stop: (names) => said('stop', names),
    restart: (names) => said('restart', names),
    kick: () => void asked.push('kick'),
    end: async (drainMs) => {
      asked.push(`end ${drainMs}`)
      return { project: 'shop', forwards: 2, served: 3, failed: 0, reset: 0 }
    },
  }
}

export class ControlWorld {
  readonly asked: string[] = []
  readonly history = new History(isoTime, () => undefined)
  readonly path: string
  readonly #dir: string
  #server: ControlServer | undefined
  #sockets: Socket[] = []

  private constructor(dir: string) {
    this.#dir = dir
    this.path = join(dir, 'a.sock')
  }

  static async start(limits: NonNullable<ServerParts['limits']> = {}): Promise<ControlWorld> {
    const world = new ControlWorld(await mkdtemp(join(tmpdir(), 'kpf-control-')))
    world.#server = await serveControl(world.path, { clock: realClock, controlled: controlled(world.asked), history: world.history, limits })
    return world
  }

  /** A connection that speaks no HTTP of its own. */
  async raw(text: string): Promise<Socket> {
    const socket = connect({ path: this.path })
    this.#sockets.push(socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }

  /** The project's end, as its clients see it. */
  async end(): Promise<void> {
    await this.#server?.close()
    this.#server = undefined
  }

  /** Answers what is asked now: until then everything before has gone its way. */
  async settled(): Promise<void> {
    await ask(this.path, { method: 'GET', path: '/v1/status' })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await this.#server?.close()
    await rm(this.#dir, { recursive: true, force: true })
  }
}
