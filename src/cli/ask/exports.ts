/** Variables of a run, and the places of its forwards, as texts for shells and other programs. Pure. */
import type { ForwardBody } from '../../control/shapes.ts'
import type { Export } from '../../file/references.ts'

/** `--ports-file`: where each forward is, and the variables. */
export function portsText(forwards: readonly ForwardBody[], exports: Readonly<Record<string, string>>): string {
  const entries = forwards
    .filter(({ state }) => state !== 'stopped')
    .map(({ name, ports, listeners }) => [name, { listeners, ports: ports.map((port) => ({ ...port, address: reachable(port.address) })) }] as const)
  return `${JSON.stringify({ v: 1, forwards: Object.fromEntries(entries), exports }, undefined, 2)}\n`
}

/** What a program connects to: an address that is bound on all interfaces is reached by the loopback. */
function reachable(address: string): string {
  return address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
}

export const shells = ['shell', 'fish', 'powershell', 'dotenv', 'json', 'github'] as const

/** A form that some program reads. */
export type Shell = (typeof shells)[number]

/** The variables as one text. Values are what a file says, whatever their characters. */
export function exportsText(all: readonly Export[], shell: Shell): string {
  switch (shell) {
    case 'shell':
      return lines(all, (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    case 'fish':
      return lines(all, (name, value) => `set -gx ${name} '${value.replaceAll(/[\\']/g, '\\$&')}'`)
    case 'powershell':
      // PowerShell takes typographic quotes for quotes (about_Quoting_Rules).
      return lines(all, (name, value) => `$Env:${name} = '${value.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`)
    case 'dotenv':
      return lines(all, (name, value) => `${name}=${dotenvValue(value)}`)
    case 'github':
      return lines(all, githubLines)
    case 'json':
      return `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`
  }
}

function lines(all: readonly Export[], line: (name: string, value: string) => string): string {
  return all.map(([name, value]) => `${line(name, value)}\n`).join('')
}

/** Bare where every reader takes it so; in single quotes all readers take every character for itself. */
function dotenvValue(value: string): string {
  if (/^[\w./:@%+,?&=-]*$/.test(value)) return value
  if (!/['\r\n]/.test(value)) return `'${value}'`
  const escaped = value
    .replaceAll(/["$\\]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
  return `"${escaped}"`
}

/** A value of several lines stands between two marks of which it holds none (docs.github.com: workflow commands, multiline strings). */
function githubLines(name: string, value: string): string {
  if (!/[\r\n]/.test(value)) return `${name}=${value}`
  let mark = 'end'
  while (value.includes(mark)) mark += '_end'
  return `${name}<<${mark}\n${value}\n${mark}`
}
