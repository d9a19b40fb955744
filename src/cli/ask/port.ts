/** `kpf port` and `kpf url`: where a forward is, for scripts. */
import type { ForwardBody, PortBody } from '../../control/shapes.ts'
import { printable } from '../../file/printable.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { mistake } from '../mistake.ts'
import { unknownForward } from '../unknown-forward.ts'
import { statusOf } from './reach.ts'

/** Runs `kpf port NAME [PORT]`: `127.0.0.1:5432`. */
export function port(context: Context): Promise<number> {
  return printed(context, 'port', endpointOf)
}

/** Runs `kpf url NAME [PORT]`: `http://localhost:8080`. */
export function url(context: Context): Promise<number> {
  return printed(context, 'url', (found) => found.url)
}

async function printed(context: Context, verb: string, text: (found: PortBody, forward: ForwardBody) => string): Promise<number> {
  const found = await portOfWords(context, verb)
  if (typeof found === 'number') return found
  context.out(`${text(found.port, found.forward)}\n`)
  return exitCodes.done
}

/** The port that `kpf VERB NAME [PORT]` means, bound; or the exit code after it was said why there is none. */
export async function portOfWords(context: Context, verb: string): Promise<{ readonly port: PortBody; readonly forward: ForwardBody } | number> {
  const [name, wanted, ...more] = context.words
  if (name === undefined || more.length > 0) {
    return mistake(context, { message: `${verb} takes the name of a forward, and one of its ports if it has several`, fix: `write: kpf ${verb} NAME [PORT]` })
  }
  const found = await statusOf(context)
  if (found.kind === 'ended') return found.code
  const { forwards, project } = found.status
  const unknown = unknownForward([name], forwards, project.name)
  if (unknown !== undefined) return mistake(context, unknown)
  const forward = forwards.find((candidate) => candidate.name === name)
  const place = forward && portOf(forward, wanted)
  if (forward === undefined || place === undefined) {
    const known = forward?.ports.map((candidate) => candidate.name ?? `${candidate.remotePort}`) ?? []
    return mistake(context, { message: `forward "${name}" has no port "${printable(wanted ?? '')}"`, fix: `it has: ${known.join(', ')}` })
  }
  if (forward.listeners.length > 0) return { port: place, forward }
  context.err(`kpf: forward "${name}" has no local port now: ${forward.message ?? forward.phase}\n    ${forward.hint ?? 'see: kpf ps'}\n`)
  return exitCodes.notReady
}

/** The port that is meant without a word, or the one with that name, remote port or local port. */
export function portOf({ ports }: ForwardBody, wanted: string | undefined): PortBody | undefined {
  if (wanted === undefined) return ports.find(({ primary }) => primary) ?? ports[0]
  return (
    ports.find((port) => port.name === wanted) ?? ports.find((port) => `${port.remotePort}` === wanted) ?? ports.find((port) => `${port.localPort}` === wanted)
  )
}

/** `127.0.0.1:5432`, as it is bound. */
export function endpointOf({ address, localPort }: PortBody, { listeners }: ForwardBody): string {
  const host = address.includes(':') ? `[${address}]` : address
  return localPort === 0 ? (listeners[0] ?? `${host}:0`) : `${host}:${localPort}`
}
