/** JSON requests to one API server: one object, one list, one review; within a time and a size. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../system/clock.ts'
import type { DialPhase } from '../tunnel/dialer.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { ruleFor } from './access-rule.ts'
import type { ClusterRequest, JsonAnswer } from './cluster-api.ts'
import type { ApiEndpoint } from './endpoint.ts'
import { answerFailure, connectionFailure } from './failure.ts'
import { isRecord } from './kube-object.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 64 * 1024 * 1024

/** What is asked, and how messages name it: `get service "api" in namespace "shop"`. */
export interface JsonAsk extends ClusterRequest {
  readonly what: string
}

/** Sends and parses; any 2xx is an answer. */
export async function requestJson(endpoint: ApiEndpoint, ask: JsonAsk, clock: Clock): Promise<JsonAnswer | Failure> {
  const { method, path, what, body, onPhase, signal } = ask
  const deadline = new AbortController()
  const ended = new AbortController()
  // The server's time begins when there is something to ask it with: a plugin, a person or an issuer has a limit of its own.
  const heard = (phase: DialPhase): void => {
    if (phase.kind === 'credential') void clock.sleep(TIMEOUT_MS, ended.signal).then((slept) => slept && deadline.abort())
    onPhase?.(phase)
  }
  try {
    const answer = await endpoint.send({
      method,
      path,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      onPhase: heard,
      signal: AbortSignal.any([signal, deadline.signal]),
    })
    if (answer.kind === 'failure') return deadline.signal.aborted && answer.class === 'connection' ? timedOut(endpoint) : answer
    if (answer.kind === 'upgraded') {
      answer.socket.destroy()
      return failure('KPF_CLUSTER_ERROR', `the API server upgraded a plain request to ${what}`)
    }
    const text = await readBody(answer.response, MAX_BYTES)
    if (answer.status < 200 || answer.status > 299) return answerFailure(answer.status, answer.response.headers, text, { what, rule: ruleFor(method, path) })
    return parsed(text, what)
  } catch (error) {
    return deadline.signal.aborted ? timedOut(endpoint) : connectionFailure(error, endpoint.server)
  } finally {
    ended.abort()
  }
}

function parsed(text: string, what: string): JsonAnswer | Failure {
  if (text.length >= MAX_BYTES) return failure('KPF_CLUSTER_ERROR', `the API server's answer to ${what} is longer than ${MAX_BYTES / 1024 / 1024} MiB`)
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? { kind: 'json', value } : failure('KPF_CLUSTER_ERROR', `the API server's answer to ${what} is no object`)
  } catch (cause) {
    return failure('KPF_CLUSTER_ERROR', `the API server's answer to ${what} is no JSON`, { cause })
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
