/**
 * One step of a connection each: TCP, TLS, and whatever has its own end. Each has its
 * time, is told when it is done, and leaves no socket when it fails.
 */
import { connect as connectTcp, Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '../system/clock.ts'
import { type OnPhase, tellConnection } from './phases.ts'

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
const TCP_MS = 5_000
const TLS_MS = 5_000
const KEEP_ALIVE_MS = 15_000
/** After so long the next address of a name is tried (RFC 8305, section 5). */
const NEXT_ADDRESS_MS = 250

/** Connects; every address of a name has its turn. */
export async function openTcp({ host, port }: { readonly host: string; readonly port: number }, parts: StepParts): Promise<Socket> {
  const socket = connectTcp({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
  })
  if (parts.onPhase) tellConnection(socket, parts.onPhase)
  await within(socket, { name: 'the TCP connection', limitMs: TCP_MS, done: 'connect' }, parts)
  return socket
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

/** Waits for the end of a step; a socket whose step fails is destroyed. */
export async function within<T>(socket: Socket, { name, limitMs, done }: Step<T>, { clock, signal }: StepParts): Promise<T | undefined> {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const over = new AbortController()
  const closed = (): void => reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }))
  const aborted = (): void => reject(Object.assign(new Error('not waited for any more'), { code: 'ABORT_ERR' }))
  // Stays: an error that comes between two owners must not end the process.
  socket.on('error', reject)
  socket.once('close', closed)
  signal.addEventListener('abort', aborted, { once: true })
  if (signal.aborted) aborted()
  void clock.sleep(limitMs, over.signal).then((slept) => slept && reject(new StepTimeout(name, limitMs)))
  const finished = typeof done === 'string' ? new Promise<undefined>((resolve) => void socket.once(done, () => resolve(undefined))) : done
  try {
    return await Promise.race([finished, failed])
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    over.abort()
    socket.off('close', closed)
    signal.removeEventListener('abort', aborted)
  }
}
