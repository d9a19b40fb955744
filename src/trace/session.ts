/**
 * The last part of a trace: the tunnel is proven, one stream is opened, the program in
 * the pod is reached or not, and everything is closed again.
 *
 * Sends nothing to the program unless a probe is asked for.
 */
import type { Clock } from '../system/clock.ts'
import type { DialParts } from '../tunnel/dial.ts'
import type { Upgraded } from '../tunnel/dialer.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { openTunnel } from '../tunnel/open-tunnel.ts'
import type { StreamEnd, StreamSink } from '../tunnel/stream.ts'
import type { Tunnel } from '../tunnel/tunnel.ts'
import type { Recorder } from './recorder.ts'

/** What is said to the program: nothing, or one HTTP request. */
export type Probe = 'none' | 'http'

/** What a session needs. */
export interface SessionParts extends DialParts {
  readonly recorder: Recorder
  readonly podPort: number
  readonly streamMs: number
  readonly probe: Probe
  readonly signal: AbortSignal
}

/** A program that is not there is told of at once; one that is there may be silent, so nobody waits long for its first word. */
const SILENCE_MS = 250
const PROBE_MS = 5_000
const PONG_MS = 6_000
const HTTP_PROBE = 'GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kpf-trace\r\nConnection: close\r\n\r\n'

/** Walks the session; true when the program was reached. */
export async function traceSession(upgraded: Upgraded, parts: SessionParts): Promise<boolean> {
  const { recorder } = parts
  const proof = await prove(upgraded, parts)
  if (proof.kind === 'failure') return false
  const { tunnel } = proof
  const isReached = await traceStream(tunnel, parts)
  const sinceMs = recorder.atMs
  tunnel.close(failure('KPF_STREAM_RESET', 'the trace is over'))
  recorder.add(
    { id: 'close', section: 'session', from: 'kpf', to: 'server', what: 'close the tunnel', facts: { bytesIn: tunnel.bytesIn, bytesOut: tunnel.bytesOut } },
    sinceMs,
  )
  return isReached
}

/** The ping that a runtime, or for channels the API server, answers: the way is proven up to there. */
async function prove(upgraded: Upgraded, parts: SessionParts): Promise<{ readonly kind: 'proven'; readonly tunnel: Tunnel } | Failure> {
  const { recorder, clock, signal } = parts
  const sinceMs = recorder.atMs
  const isChannel = upgraded.transport === 'channel'
  const proven = Promise.withResolvers<Failure | undefined>()
  const tunnel = openTunnel(
    upgraded,
    { ...parts, pingIntervalMs: 10_000 },
    { opened: () => proven.resolve(undefined), ended: (why) => proven.resolve(why), overdue() {}, answered() {}, streamEnded() {} },
  )
  const late = new AbortController()
  const silent = failure('KPF_TUNNEL_SILENT', `no answer to a ping within ${PONG_MS / 1000} s`, { hint: 'check the node and its container runtime' })
  const why = await Promise.race([proven.promise, afterMs(PONG_MS, { clock, signal: AbortSignal.any([late.signal, signal]), value: silent })])
  late.abort()
  const step = {
    id: 'ping',
    section: 'establishment',
    from: 'kpf',
    to: isChannel ? 'server' : 'runtime',
    what: isChannel ? 'WebSocket ping' : 'SPDY ping through the tunnel',
  } as const
  recorder.add(why ? { ...step, failure: why } : { ...step, answer: 'answered' }, sinceMs)
  if (why === undefined) return { kind: 'proven', tunnel }
  tunnel.close(why)
  return why
}

/** What became of a stream, as it is told. */
interface Heard {
  readonly answered: Promise<void>
  readonly spoke: Promise<Buffer>
  readonly ended: Promise<StreamEnd>
}

async function traceStream(tunnel: Tunnel, parts: SessionParts): Promise<boolean> {
  const { recorder, podPort, probe, streamMs } = parts
  const { sink, heard } = listen()
  const sinceMs = recorder.atMs
  const stream = tunnel.openStream(podPort, [], sink)
  const isAnswered = await firstOf(
    parts,
    streamMs + 1_000,
    heard.answered.then(() => 'answered' as const),
    heard.ended,
  )
  const opened = {
    id: 'stream',
    section: 'node',
    from: 'kpf',
    to: 'runtime',
    what: `open a ${tunnel.transport === 'channel' ? 'WebSocket of its own' : 'stream'} for port ${podPort}`,
  } as const
  if (isAnswered !== 'answered') {
    recorder.add({ ...opened, failure: failureOf(isAnswered) }, sinceMs)
    return false
  }
  recorder.add({ ...opened, answer: 'accepted', facts: { port: podPort, transport: tunnel.transport } }, sinceMs)
  // Only now: together with the opening its answer would be timed from somewhere else.
  if (probe === 'http') stream.write(Buffer.from(HTTP_PROBE))
  const isReached = await traceProgram(heard, parts)
  stream.reset()
  return isReached
}

async function traceProgram(heard: Heard, parts: SessionParts): Promise<boolean> {
  const { recorder, podPort, probe, signal } = parts
  const sinceMs = recorder.atMs
  const limitMs = probe === 'http' ? PROBE_MS : SILENCE_MS
  const first = await firstOf(parts, limitMs, heard.spoke, heard.ended)
  const dialled = {
    id: 'node-dial',
    section: 'node',
    from: 'runtime',
    to: 'program',
    what: `connect to 127.0.0.1:${podPort} in the pod's network namespace`,
    seen: false,
  } as const
  const spoken = { id: 'first-byte', section: 'session', from: 'kpf', to: 'program', what: probe === 'http' ? 'GET /' : 'listen' } as const
  if (first === undefined && signal.aborted) {
    recorder.add({ ...dialled, failure: failureOf(undefined) }, sinceMs)
    return false
  }
  if (first !== undefined && !Buffer.isBuffer(first) && first.kind === 'failed') {
    // A reset may come from the program, which was reached then, or from the node: of the dial nothing is known.
    const isReset = first.failure.code === 'KPF_STREAM_RESET'
    recorder.add({ ...(isReset ? spoken : dialled), failure: first.failure }, sinceMs)
    return false
  }
  // Nobody tells when the program was reached, only what came afterwards.
  recorder.add({ ...dialled, answer: first === undefined ? `not refused within ${limitMs} ms` : 'connected', isTimed: false }, sinceMs)
  recorder.add({ ...spoken, answer: firstWord(first, limitMs), facts: Buffer.isBuffer(first) ? { bytes: first.length } : {} }, sinceMs)
  return true
}

function firstWord(first: Buffer | StreamEnd | undefined, limitMs: number): string {
  if (first === undefined) return `silent for ${limitMs} ms, as most programs are until they are asked`
  return Buffer.isBuffer(first) ? `"${escapeForeign(first.toString('latin1').split('\r\n')[0] ?? '', 60)}"` : 'it closed the connection'
}

function listen(): { readonly sink: StreamSink; readonly heard: Heard } {
  const [answered, spoke, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<Buffer>(), Promise.withResolvers<StreamEnd>()]
  const sink: StreamSink = {
    answered: () => answered.resolve(),
    data: (bytes) => spoke.resolve(bytes),
    writable() {},
    halfClosed: () => ended.resolve({ kind: 'finished' }),
    ended: (end) => ended.resolve(end),
  }
  return { sink, heard: { answered: answered.promise, spoke: spoke.promise, ended: ended.promise } }
}

/** Whichever comes first; undefined when nothing does within the time. */
async function firstOf<A, B>({ clock, signal }: SessionParts, limitMs: number, a: Promise<A>, b: Promise<B>): Promise<A | B | undefined> {
  const late = new AbortController()
  const first = await Promise.race([a, b, afterMs(limitMs, { clock, signal: AbortSignal.any([late.signal, signal]), value: undefined })])
  late.abort()
  return first
}

async function afterMs<T>(ms: number, { clock, signal, value }: { readonly clock: Clock; readonly signal: AbortSignal; readonly value: T }): Promise<T> {
  await clock.sleep(ms, signal)
  return value
}

function failureOf(end: StreamEnd | undefined): Failure {
  if (end?.kind === 'failed') return end.failure
  return failure('KPF_STREAM_TIMEOUT', 'the node did not take the stream in time', { hint: 'check the node and its container runtime' })
}
