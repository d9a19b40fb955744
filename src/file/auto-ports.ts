/**
 * Local ports and addresses that nobody chose: found once, and the same ever after.
 *
 * A port begins at a place that its name is hashed to, so that it is the same on every
 * machine as long as nothing is in the way, and is then remembered. Whether a port is free
 * is asked of whoever calls.
 */
import type { Forward, LocalAddress, PortMapping, Project } from './forward.ts'

/** What was chosen, by forward and port. */
export interface Chosen {
  readonly ports: Readonly<Record<string, number>>
  readonly addresses: Readonly<Record<string, string>>
}

/** How to choose. */
export interface ChoiceOptions {
  /** Of earlier runs. */
  readonly remembered: Chosen
  /** Of this run: those ports are our own, and so not free. */
  readonly live: Chosen
  readonly isFree: (port: number, addresses: readonly string[]) => Promise<boolean>
}

/** A project without open choices, what was chosen, and what to remember. */
export interface Assigned {
  readonly project: Project
  readonly live: Chosen
  readonly remembered: Chosen
}

/** Below the ports that systems hand out by themselves, and those of Kubernetes' nodes. */
const DEFAULT_RANGE = { first: 20_000, last: 29_999 }

/** Before anything was chosen. */
export const nothingChosen: Chosen = { ports: {}, addresses: {} }

/** Whether a port or an address of it is still to be chosen. */
export function isOpen({ ports }: Forward): boolean {
  return ports.some(({ localPort, addresses }) => localPort === 0 || addresses.some(({ address }) => address === 'auto'))
}

/** Chooses what the project leaves open. */
export async function assigned(project: Project, options: ChoiceOptions): Promise<Assigned> {
  const choice = new Choice(project, options)
  const forwards: Forward[] = []
  for (const forward of project.forwards) forwards.push(await choice.forward(forward))
  const { live } = choice
  const { remembered } = options
  return {
    project: { ...project, forwards },
    live,
    // What is in the way today may be gone tomorrow: the first choice stays.
    remembered: { ports: { ...live.ports, ...remembered.ports }, addresses: { ...live.addresses, ...remembered.addresses } },
  }
}

class Choice {
  readonly #project: Project
  readonly #options: ChoiceOptions
  readonly #taken: Set<number>
  readonly #addresses = new Set<string>()
  readonly #ports: Record<string, number> = {}
  readonly #hosts: Record<string, string> = {}

  constructor(project: Project, options: ChoiceOptions) {
    this.#project = project
    this.#options = options
    this.#taken = new Set(project.forwards.flatMap(({ ports }) => ports.map(({ localPort }) => localPort)))
  }

  get live(): Chosen {
    return { ports: this.#ports, addresses: this.#hosts }
  }

  async forward(forward: Forward): Promise<Forward> {
    if (!isOpen(forward)) return forward
    const ports: PortMapping[] = []
    for (const [index, port] of forward.ports.entries()) {
      const addresses = port.addresses.map((address) => (address.address === 'auto' ? { ...address, address: this.#address(forward.name) } : address))
      const key = `${forward.name}/${port.name ?? port.remotePort}`
      const isSecond = forward.ports.findIndex((other) => (other.name ?? other.remotePort) === (port.name ?? port.remotePort)) !== index
      const localPort = port.localPort === 0 ? await this.#port(isSecond ? `${key}#${index}` : key, addresses) : port.localPort
      ports.push({ ...port, addresses, localPort })
    }
    return { ...forward, ports }
  }

  async #port(key: string, addresses: readonly LocalAddress[]): Promise<number> {
    const { live, remembered } = this.#options
    // `localhost` is two addresses: a port that one of them has not is no port for both.
    const isFree = (port: number): Promise<boolean> =>
      this.#options.isFree(
        port,
        addresses.map(({ address }) => address),
      )
    const own = live.ports[key]
    if (own !== undefined && !this.#taken.has(own)) return this.#take(key, own)
    const before = remembered.ports[key]
    if (before !== undefined && !this.#taken.has(before) && (await isFree(before))) return this.#take(key, before)
    const { first, last } = this.#project.settings.portRange ?? DEFAULT_RANGE
    const size = last - first + 1
    const others = new Set([...Object.entries(remembered.ports), ...Object.entries(live.ports)].filter(([other]) => other !== key).map(([, port]) => port))
    const start = hash(`${this.#project.name}/${key}`) % size
    for (let step = 0; step < size; step++) {
      const port = first + ((start + step) % size)
      if (!this.#taken.has(port) && !others.has(port) && (await isFree(port))) return this.#take(key, port)
    }
    // Any other is better than none.
    return 0
  }

  #take(key: string, port: number): number {
    this.#taken.add(port)
    this.#ports[key] = port
    return port
  }

  /** An address of 127.0.0.0/8, away from those that people choose by hand. */
  #address(name: string): string {
    const known = this.#hosts[name] ?? this.#options.live.addresses[name] ?? this.#options.remembered.addresses[name]
    if (known !== undefined && (this.#hosts[name] === known || !this.#addresses.has(known))) return this.#own(name, known)
    for (let seed = hash(`${this.#project.name}/${name}`); ; seed = (seed + 1) >>> 0) {
      const address = `127.${64 + ((seed >>> 16) & 63)}.${(seed >>> 8) & 255}.${1 + (seed % 254)}`
      if (!this.#addresses.has(address)) return this.#own(name, address)
    }
  }

  #own(name: string, address: string): string {
    this.#addresses.add(address)
    this.#hosts[name] = address
    return address
  }
}

/** FNV-1a: short, and the same everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0
  return value
}
