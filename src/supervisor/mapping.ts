/**
 * One port of a forward on its local addresses: `localhost` is two endpoints, and they
 * stand or fall together.
 *
 * Browsers try ::1 first, so a `localhost` that is ours on 127.0.0.1 and somebody
 * else's on ::1 would serve the wrong program: when one is taken the other is let go.
 * It knows endpoints, not connections: those go to the forward as they come.
 */
import type { Socket } from 'node:net'
import type { PortMapping } from '../file/forward.ts'
import type { EndpointFacts } from './describe.ts'
import type { Claim, Endpoints } from './endpoints.ts'
import type { ListenerState } from './listener-machine.ts'

/** Whom a mapping tells, and how strict it is. */
export interface MappingOwner {
  readonly accepted: (socket: Socket, mapping: PortMapping) => void
  readonly changed: () => void
  /** One of the addresses is enough, as kubectl has it; a file's forward needs all. */
  readonly oneIsEnough: boolean
}

interface Slot {
  readonly address: string
  readonly ifPresent: boolean
  claim: Claim | undefined
  state: ListenerState
}

/** The claims of one port mapping. */
export class BoundMapping {
  readonly mapping: PortMapping
  readonly #endpoints: Endpoints
  readonly #owner: MappingOwner
  readonly #slots: Slot[]
  #released = false

  constructor(mapping: PortMapping, endpoints: Endpoints, owner: MappingOwner) {
    this.mapping = mapping
    this.#endpoints = endpoints
    this.#owner = owner
    this.#slots = mapping.addresses.map(({ address, ifPresent }) => ({ address, ifPresent, claim: undefined, state: { kind: 'binding' } }))
  }

  /** How each address stands; a missing `::1` is left out. */
  get facts(): readonly EndpointFacts[] {
    const wanted = this.#slots.filter((slot) => !isAbsent(slot))
    const shown = this.#owner.oneIsEnough && wanted.some((slot) => slot.state.kind === 'bound') ? wanted.filter((slot) => slot.state.kind === 'bound') : wanted
    return shown.map(({ address, state }) => ({ address, port: state.kind === 'bound' ? state.port : this.mapping.localPort, state }))
  }

  get isBound(): boolean {
    const facts = this.facts
    return facts.length > 0 && facts.every(({ state }) => state.kind === 'bound')
  }

  /** Whether nothing more will come: every address has answered. */
  get isSettled(): boolean {
    return this.#slots.every((slot) => slot.state.kind !== 'binding')
  }

  start(): void {
    this.#next()
  }

  release(): void {
    this.#released = true
    for (const slot of this.#slots) slot.claim?.release()
  }

  /** Claims the first address that has no claim yet: one after the other, so that port 0 is one number on all. */
  #next(): void {
    const slot = this.#slots.find((candidate) => candidate.claim === undefined)
    if (slot === undefined || this.#released) return
    const bound = this.#slots.find((candidate) => candidate.state.kind === 'bound')
    const port = this.mapping.localPort === 0 && bound?.state.kind === 'bound' ? bound.state.port : this.mapping.localPort
    slot.state = { kind: 'binding' }
    slot.claim = this.#endpoints.claim(
      { address: slot.address, port },
      { accepted: (socket) => this.#owner.accepted(socket, this.mapping), changed: (state) => this.#changed(slot, state) },
    )
  }

  #changed(slot: Slot, state: ListenerState): void {
    if (this.#released) return
    slot.state = state
    if (state.kind === 'binding' || state.kind === 'released') return
    if (state.kind === 'busy' && !this.#owner.oneIsEnough) this.#letGo(slot)
    else queueMicrotask(() => this.#next())
    this.#owner.changed()
  }

  /** The neighbours of a taken address are given back until it is free. */
  #letGo(taken: Slot): void {
    for (const slot of this.#slots) {
      if (slot === taken || slot.claim === undefined) continue
      slot.claim.release()
      slot.claim = undefined
      slot.state = { kind: 'binding' }
    }
  }
}

/** `::1` of `localhost` on a machine without it is no fault. */
function isAbsent(slot: Slot): boolean {
  return slot.ifPresent && slot.state.kind === 'refused' && (slot.state.errno === 'EADDRNOTAVAIL' || slot.state.errno === 'EAFNOSUPPORT')
}
