/**
 * All local endpoints of the process, each bound once, whoever wants it.
 *
 * Claims on one endpoint are stacked and the newest gets the connections, so a port
 * moves between forwards without being closed: the new owner claims, the old one
 * releases, in that order.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../system/clock.ts'
import { type Endpoint, Listener } from './listener.ts'
import type { Holder, ListenerState } from './listener-machine.ts'

/** Who gets the connections of an endpoint, and hears how it stands. */
export interface EndpointOwner {
  readonly accepted: (socket: Socket) => void
  readonly changed: (state: ListenerState) => void
}

/** A hold on one endpoint. */
export interface Claim {
  readonly state: ListenerState
  release(): void
}

/** What the registry needs of the machine. */
export interface EndpointsParts {
  readonly clock: Clock
  readonly findHolder: (endpoint: Endpoint) => Promise<Holder | undefined>
}

interface Entry {
  readonly listener: Listener
  readonly owners: EndpointOwner[]
  state: ListenerState
}

/** The registry; the only maker of listeners. */
export class Endpoints {
  readonly #parts: EndpointsParts
  readonly #entries = new Map<string, Entry>()
  readonly #heard = new Set<() => void>()
  #anonymous = 0

  constructor(parts: EndpointsParts) {
    this.#parts = parts
  }

  /** How many endpoints are claimed: 0 after a stop. */
  get size(): number {
    return this.#entries.size
  }

  /** Binds the endpoint, or joins it when it is bound already. Port 0 is never shared. */
  claim(endpoint: Endpoint, owner: EndpointOwner): Claim {
    const key = `${endpoint.address} ${endpoint.port === 0 ? `any ${++this.#anonymous}` : endpoint.port}`
    const entry = this.#entries.get(key) ?? this.#make(key, endpoint)
    entry.owners.push(owner)
    if (entry.owners.length === 1) entry.listener.start()
    else owner.changed(entry.state)
    let released = false
    return {
      get state() {
        return entry.state
      },
      release: () => {
        if (released) return
        released = true
        entry.owners.splice(entry.owners.indexOf(owner), 1)
        if (entry.owners.length > 0) return
        this.#entries.delete(key)
        entry.listener.release()
      },
    }
  }

  /** Calls back when an endpoint stands otherwise and its owners know it; returns the way to stop. */
  onChange(heard: () => void): () => void {
    this.#heard.add(heard)
    return () => this.#heard.delete(heard)
  }

  /** What was refused may be had now: an address has come, or the user asks. */
  retry(): void {
    for (const { listener } of this.#entries.values()) listener.networkChanged()
  }

  #make(key: string, endpoint: Endpoint): Entry {
    const owners: EndpointOwner[] = []
    const listener = new Listener(endpoint, {
      clock: this.#parts.clock,
      findHolder: this.#parts.findHolder,
      // A socket accepted while the last claim is being released has no owner any more.
      accepted: (socket) => (owners.at(-1) ? owners.at(-1)?.accepted(socket) : socket.resetAndDestroy()),
      changed: (state) => {
        entry.state = state
        for (const owner of [...owners]) owner.changed(state)
        for (const heard of this.#heard) heard()
      },
    })
    const entry: Entry = { listener, owners, state: { kind: 'binding' } }
    this.#entries.set(key, entry)
    return entry
  }
}
