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

/** How a mapping stands, for those who wait for its ports. */
export interface Bound {
  readonly listeners: readonly { readonly address: string; readonly port: number }[]
  /** Each address is bound, or one was refused: nothing is on its way. */
  readonly isDecided: boolean
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
  /** A taken port ended it: nothing is claimed until it is asked to try again. */
  #gaveUp = false

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
    return shown.map(({ address, state }) => ({ address, port: state.kind === 'bound' ? state.port : this.mapping.localPort, state, fails: this.#fails }))
  }

  get isBound(): boolean {
    const facts = this.facts
    return facts.length > 0 && facts.every(({ state }) => state.kind === 'bound')
  }

  get bound(): Bound {
    const { facts } = this
    return {
      listeners: facts.flatMap(({ address, state }) => (state.kind === 'bound' ? [{ address, port: state.port }] : [])),
      isDecided: facts.every(({ state }) => state.kind !== 'binding') || facts.some(({ state }) => state.kind === 'busy' || state.kind === 'refused'),
    }
  }

  start(): void {
    this.#claimNext()
  }

  /** Begins again when a taken port had ended it. */
  retry(): void {
    if (!this.#gaveUp || this.#released) return
    this.#gaveUp = false
    for (const slot of this.#slots) slot.state = { kind: 'binding' }
    this.#claimNext()
  }

  get #fails(): boolean {
    return this.mapping.onConflict === 'fail'
  }

  release(): void {
    this.#released = true
    for (const slot of this.#slots) slot.claim?.release()
  }

  /**
   * Claims what has no claim yet, one address after the other so that port 0 is one number
   * on all. An endpoint that is bound already answers at once, and the next follows without
   * a pause: whoever gives it up now must find it claimed.
   */
  #claimNext(): void {
    for (const slot of this.#slots) {
      if (slot.claim !== undefined) continue
      if (this.#gaveUp || this.#released || !this.#claim(slot)) return
    }
  }

  /** Whether the next may follow now. */
  #claim(slot: Slot): boolean {
    const bound = this.#slots.find((candidate) => candidate.state.kind === 'bound')
    const port = this.mapping.localPort === 0 && bound?.state.kind === 'bound' ? bound.state.port : this.mapping.localPort
    slot.state = { kind: 'binding' }
    slot.claim = this.#endpoints.claim(
      { address: slot.address, port },
      { accepted: (socket) => this.#owner.accepted(socket, this.mapping), changed: (state) => this.#changed(slot, state) },
    )
    this.#giveUp(slot)
    return slot.state.kind !== 'binding' && !this.#stops(slot)
  }

  #giveUp(slot: Slot): void {
    if (!this.#fails || !this.#stops(slot) || slot.claim === undefined) return
    this.#gaveUp = true
    slot.claim.release()
    slot.claim = undefined
    this.#letGo(slot)
  }

  #stops(slot: Slot): boolean {
    return slot.state.kind === 'busy' && !this.#owner.oneIsEnough
  }

  #changed(slot: Slot, state: ListenerState): void {
    // A busy port that is asked for again stays busy until it answers.
    if (this.#released || state.kind === 'binding' || state.kind === 'released') return
    slot.state = state
    this.#giveUp(slot)
    if (this.#stops(slot)) this.#letGo(slot)
    // Within a claim the claimer goes on by itself.
    else if (slot.claim !== undefined) this.#claimNext()
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

/** What tells mappings apart that are bound: one that is equal is kept. */
export function keyOf(mapping: BoundMapping): string {
  const { localPort, addresses, onConflict = 'wait' } = mapping.mapping
  return `${localPort} ${onConflict} ${addresses.map(({ address, ifPresent }) => `${address}${ifPresent ? '?' : ''}`).join(' ')}`
}
