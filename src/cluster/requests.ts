/** JSON requests to one API server: one object, one list; within a time and a size. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../system/clock.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import type { ApiEndpoint } from './endpoint.ts'
import { answerFailure, connectionFailure } from './failure.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 64 * 1024 * 1024

/** A parsed answer. */
export interface JsonAnswer {
  readonly kind: 'json'
  readonly value: Record<string, unknown>
}

/** GETs `path`; `what` names it for messages: `get service "api" in namespace "shop"`. */
export async function getJson(
  endpoint: ApiEndpoint,
  path: string,
  what: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<JsonAnswer | Failure> {
  const deadline = new AbortController()
  const ended = new AbortController()
  void clock.sleep(TIMEOUT_MS, ended.signal).then((slept) => slept && deadline.abort())
  try {
    const answer = await endpoint.send({ method: 'GET', path, signal: AbortSignal.any([signal, deadline.signal]) })
    if (answer.kind === 'failure') return deadline.signal.aborted && answer.class === 'connection' ? timedOut(endpoint) : answer
    if (answer.kind === 'upgraded') {
      answer.socket.destroy()
      return failure('KPF_CLUSTER_ERROR', `the API server upgraded a plain request to ${what}`)
    }
    const body = await readBody(answer.response, MAX_BYTES)
    if (answer.status !== 200) return answerFailure(answer.status, answer.response.headers, body, what)
    if (body.length >= MAX_BYTES) return failure('KPF_CLUSTER_ERROR', `the API server's answer to ${what} is longer than ${MAX_BYTES / 1024 / 1024} MiB`)
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { kind: 'json', value: { ...value } }
    return failure('KPF_CLUSTER_ERROR', `the API server's answer to ${what} is no object`)
  } catch (error) {
    if (error instanceof SyntaxError) return failure('KPF_CLUSTER_ERROR', `the API server's answer to ${what} is no JSON`, { cause: error })
    return deadline.signal.aborted ? timedOut(endpoint) : connectionFailure(error, endpoint.server)
  } finally {
    ended.abort()
  }
}

/** The whole body as text; one that is longer than `maxBytes` is cut. */
export async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk)
    chunks.push(bytes)
    size += bytes.length
    if (size >= maxBytes) {
      response.destroy()
      break
    }
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8')
}

function timedOut(endpoint: ApiEndpoint): Failure {
  return failure('KPF_CLUSTER_TIMEOUT', `${endpoint.server} did not answer within ${TIMEOUT_MS / 1000} s`, { hint: 'check the network or VPN' })
}
