/** Forwards held against each other: no two may bind one local endpoint. Pure. */
import type { Step } from './document.ts'
import type { Entry, ProblemSink } from './entry.ts'
import type { Forward } from './forward.ts'
import type { Unit } from './gather.ts'
import { limits } from './limits.ts'

/** A forward, and what it takes to point at a port of it. */
export interface Resolved {
  readonly forward: Forward
  readonly entry: Entry
  readonly unit: Unit
  /** Where it stands in its file. */
  readonly path: readonly Step[]
  /** Takes problems of its file. */
  readonly sink: ProblemSink
}

/** Who binds what. */
class Taken {
  readonly #exact = new Map<string, Forward>()
  readonly #byPort = new Map<string, Forward>()

  /** The forward that has this endpoint; a wildcard address is on every one, and `::` takes IPv4 too. */
  other(address: string, port: number): Forward | undefined {
    const family = address.includes(':') ? 6 : 4
    if (address === '::') return this.#byPort.get(`${port}`)
    const own = address === '0.0.0.0' ? this.#byPort.get(`${port} 4`) : this.#exact.get(`${address} ${port}`)
    return own ?? this.#exact.get(`:: ${port}`) ?? (family === 4 ? this.#exact.get(`0.0.0.0 ${port}`) : undefined)
  }

  add(address: string, port: number, forward: Forward): void {
    this.#exact.set(`${address} ${port}`, forward)
    this.#byPort.set(`${port}`, forward)
    if (!address.includes(':')) this.#byPort.set(`${port} 4`, forward)
  }
}

/** Tells each port that somebody above has; what is not enabled binds nothing. */
export function checkEndpoints(resolved: readonly Resolved[]): void {
  const count = resolved.reduce((sum, { forward }) => sum + forward.ports.length, 0)
  if (count > limits.ports)
    return resolved[0]?.sink(['forwards'], 'KPF_YAML_LIMIT', `${count} ports, the limit is ${limits.ports}`, { key: true, fix: 'split the project' })
  const taken = new Taken()
  for (const one of resolved) {
    const { forward } = one
    if (!forward.enabled) continue
    for (const [index, { localPort, addresses: named }] of forward.ports.entries()) {
      // A free port is nobody else's, as is an address that is the forward's own.
      if (localPort === 0) continue
      const addresses = named.map(({ address }) => ({ address: address === 'auto' ? `auto ${forward.name}` : address }))
      for (const { address } of addresses) {
        const first = taken.other(address, localPort)
        if (first === undefined) continue
        const whose =
          first === forward ? `twice by forward "${forward.name}"` : `by forward "${first.name}" (${placeText(first, forward)}) and forward "${forward.name}"`
        const { path, inside } = portPlace(one, index)
        one.sink(path, 'KPF_PORT_TAKEN', `${endpointText(address.replace(/ .*/, ''), localPort)} is bound ${whose}`, {
          ...inside,
          fix: 'give one of them another local port',
        })
        break
      }
      for (const { address } of addresses) taken.add(address, localPort, forward)
    }
  }
}

/** `127.0.0.1:8080`, `[::1]:8080`. */
export function endpointText(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** `line 4`, or with its file when that is another one. */
function placeText(first: Forward, second: Forward): string {
  const { file, line } = first.position
  return file === second.position.file ? `line ${line}` : `${file}:${line}`
}

/** Where a port stands: in its list, or as a word of the line. */
export function portPlace({ path, entry }: Pick<Resolved, 'path' | 'entry'>, index: number): { path: readonly Step[]; inside: { inside?: number } } {
  const word = entry.words.ports[index]?.[1]
  const listed = entry.listed?.[index] ?? index
  return word === undefined ? { path: [...path, 'ports', listed], inside: {} } : { path, inside: { inside: word } }
}
