/**
 * One step of a connection each: TCP, TLS, and whatever has its own end. Each has its
 * time, is told when it is done, and leaves no socket when it fails.
 */
import { lookup, type LookupAddress } from 'node:dns'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '../system/clock.ts'
import type { OnPhase } from './phases.ts'

/** What every step is given. */
export interface StepParts {
  readonly clock: Clock
  readonly onPhase?: OnPhase | undefined
  /** Nobody waits for the connection any more. */
  readonly signal: AbortSignal
}

/** A step that took too long. */
export class StepTimeout extends Error {
  readonly code = 'KPF_TIMEOUT'
  /** `the TLS handshake`: what was waited for. */
  readonly step: string
  readonly limitMs: number

  constructor(step: string, limitMs: number) {
    super(`${step} took more than ${limitMs} ms`)
    this.step = step
    this.limitMs = limitMs
  }
}

/** Rule B8: TCP and TLS have a limit each; a peer that accepts and says nothing is no server. */
const LOOKUP_MS = 5_000
const TCP_MS = 5_000
const TLS_MS = 5_000
const KEEP_ALIVE_MS = 15_000
/** After so long the next address of a name is tried (RFC 8305, section 5). */
const NEXT_ADDRESS_MS = 250

/** Connects to the first address of a name that answers. */
export async function openTcp({ host, port }: { readonly host: string; readonly port: number }, parts: StepParts): Promise<Socket> {
  const addresses = isIP(host) > 0 ? [host] : await addressesOf(host, parts)
  const common = { port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
  const socket = await race(addresses, (address) => connectTcp({ ...common, host: address }), parts)
  parts.onPhase?.({ kind: 'tcp', address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 })
  return socket
}

async function addressesOf(host: string, parts: StepParts): Promise<readonly string[]> {
  const found = await inTime({ name: 'the look-up of the name', limitMs: LOOKUP_MS }, everyAddressOf(host), parts)
  const addresses = interleaved(found)
  parts.onPhase?.({ kind: 'lookup', host, addresses })
  return addresses
}

/** With callbacks: `node:dns/promises` makes a resolver when it is read, and a start has no time for it. */
function everyAddressOf(host: string): Promise<readonly LookupAddress[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly LookupAddress[]>()
  lookup(host, { all: true }, (error, found) => (error ? reject(error) : resolve(found)))
  return promise
}

/** The families in turn, so that one of them being cut off costs a quarter of a second (RFC 8305, section 4). */
function interleaved(found: readonly { readonly address: string; readonly family: number }[]): readonly string[] {
  const own = found.filter(({ family }) => family === found[0]?.family)
  const others = found.filter(({ family }) => family !== found[0]?.family)
  return Array.from({ length: found.length }, (_entry, index) => [own[index], others[index]])
    .flat()
    .flatMap((entry) => (entry ? [entry.address] : []))
}

/**
 * The first of some connections to stand; the others are ended.
 *
 * Node's own way to do this gives an address up when it tries the next: a server that is
 * 300 ms away, and has a second address that leads nowhere, is then never reached.
 */
export async function race(addresses: readonly string[], open: (address: string) => Socket, parts: StepParts): Promise<Socket> {
  const tried: Socket[] = []
  const over = new AbortController()
  let winner: Socket | undefined
  const opened = (address: string): Socket => {
    const socket = open(address)
    tried.push(socket)
    return socket
  }
  try {
    const first = firstOf(addresses, opened, { clock: parts.clock, signal: over.signal })
    winner = await inTime({ name: 'the TCP connection', limitMs: TCP_MS }, first, parts)
    return winner
  } finally {
    over.abort()
    for (const socket of tried) if (socket !== winner) socket.destroy()
  }
}

/** Starts the next one after a while, or as soon as one has failed. */
async function firstOf(addresses: readonly string[], open: (address: string) => Socket, { clock, signal }: StepParts): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const errors: unknown[] = []
  let failures = 0
  const start = async (): Promise<void> => {
    for (const [index, address] of addresses.entries()) {
      const failed = new AbortController()
      const socket = open(address)
      socket.once('connect', () => resolve(socket))
      // Stays: an error that comes between two owners must not end the process.
      socket.on('error', (error) => {
        errors[index] = error
        failed.abort()
        if (++failures === addresses.length) reject(failures === 1 ? error : new AggregateError(errors))
      })
      await clock.sleep(NEXT_ADDRESS_MS, AbortSignal.any([failed.signal, signal]))
      if (signal.aborted) return
    }
  }
  void start()
  return promise
}

/** TLS over a connection that stands. */
export async function openTls(socket: Socket, options: ConnectionOptions, parts: StepParts): Promise<TLSSocket> {
  const secure = connectTls({ ...options, socket })
  await within(secure, { name: 'the TLS handshake', limitMs: TLS_MS, done: 'secureConnect' }, parts)
  return secure
}

/** A step that is over with an event of the socket, or with a promise about it. */
export interface Step<T> {
  readonly name: string
  readonly limitMs: number
  readonly done: string | Promise<T>
}

/** Waits for the end of a step of a socket; when it fails the socket is destroyed. */
export async function within<T>(socket: Socket, { name, limitMs, done }: Step<T>, parts: StepParts): Promise<T | undefined> {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const closed = (): void => reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }))
  // Stays, as above.
  socket.on('error', reject)
  socket.once('close', closed)
  const finished = typeof done === 'string' ? new Promise<undefined>((resolve) => void socket.once(done, () => resolve(undefined))) : done
  try {
    return await inTime({ name, limitMs }, Promise.race([finished, failed]), parts)
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    socket.off('close', closed)
  }
}

async function inTime<T>({ name, limitMs }: Pick<Step<T>, 'name' | 'limitMs'>, done: Promise<T>, { clock, signal }: StepParts): Promise<T> {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const over = new AbortController()
  const aborted = (): void => reject(Object.assign(new Error('not waited for any more'), { code: 'ABORT_ERR' }))
  signal.addEventListener('abort', aborted, { once: true })
  if (signal.aborted) aborted()
  void clock.sleep(limitMs, over.signal).then((slept) => slept && reject(new StepTimeout(name, limitMs)))
  try {
    return await Promise.race([done, failed])
  } finally {
    over.abort()
    signal.removeEventListener('abort', aborted)
  }
}
