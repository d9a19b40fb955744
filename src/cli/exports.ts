/** The addresses of what runs, as variables and as a file for other programs. Pure. */
import type { ForwardBody, StatusBody } from '../control/shapes.ts'

/** One variable. */
export type Export = readonly [name: string, value: string]

/**
 * `KPF_<NAME>_HOST`, `_PORT` and `_ADDR` of each forward's first port, and
 * `KPF_<NAME>_<PORT>_PORT` of each further one by its name or remote port. Names are in
 * upper case, with `_` for every other character than a letter or digit of ASCII; of two
 * forwards whose names become one the first counts.
 */
export function exportsOf({ forwards }: Pick<StatusBody, 'forwards'>): readonly Export[] {
  const all = new Map<string, string>()
  for (const forward of forwards.filter(({ state }) => state !== 'stopped')) {
    for (const [name, value] of ofForward(forward)) if (!all.has(name)) all.set(name, value)
  }
  return [...all]
}

function ofForward({ name, ports, listeners }: ForwardBody): readonly Export[] {
  const [first, ...more] = ports
  if (first === undefined) return []
  const prefix = `KPF_${variable(name)}`
  const port = first.localPort === 0 ? Number(listeners[0]?.split(':').at(-1) ?? 0) : first.localPort
  const host = hostOf(first.address)
  return [
    [`${prefix}_HOST`, host],
    [`${prefix}_PORT`, `${port}`],
    [`${prefix}_ADDR`, `${host.includes(':') ? `[${host}]` : host}:${port}`],
    ...more.map((other): Export => [`${prefix}_${variable(other.name ?? `${other.remotePort}`)}_PORT`, `${other.localPort}`]),
  ]
}

/** What a program connects to: an address that is bound on all interfaces is reached by the loopback. */
function hostOf(address: string): string {
  return address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
}

function variable(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}

/** `--ports-file`: forward -> where it is. */
export function portsText({ forwards }: Pick<StatusBody, 'forwards'>): string {
  const entries = forwards
    .filter(({ state }) => state !== 'stopped')
    .map(({ name, ports, listeners }) => [name, { listeners, ports: ports.map((port) => ({ ...port, address: hostOf(port.address) })) }] as const)
  return `${JSON.stringify({ v: 1, forwards: Object.fromEntries(entries) }, undefined, 2)}\n`
}

export const shells = ['shell', 'fish', 'powershell', 'dotenv', 'json', 'github'] as const

/** A form that some program reads. */
export type Shell = (typeof shells)[number]

/** The variables as one text. Values are addresses and numbers; names hold nothing to quote. */
export function exportsText(all: readonly Export[], shell: Shell): string {
  switch (shell) {
    case 'shell':
      return lines(all, (name, value) => `export ${name}='${value}'`)
    case 'fish':
      return lines(all, (name, value) => `set -gx ${name} '${value}'`)
    case 'powershell':
      return lines(all, (name, value) => `$Env:${name} = '${value}'`)
    case 'dotenv':
      return lines(all, (name, value) => `${name}=${value}`)
    case 'github':
      return lines(all, (name, value) => `${name}=${value}`)
    case 'json':
      return `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`
  }
}

function lines(all: readonly Export[], line: (name: string, value: string) => string): string {
  return all.map(([name, value]) => `${line(name, value)}\n`).join('')
}
