/**
 * What a refused upgrade and a line on an error stream mean.
 *
 * Pure, and the only file of `tunnel/` that reads text: the wire has nothing better
 * than a message for half of these. An unknown text never means more than that this
 * one try, or this one connection, failed.
 */
import type { PodRef, Transport, UpgradeRefusal } from './dialer.ts'
import { escapeForeign } from './escape.ts'
import { type Failure, type FailureCode, failure } from './failure.ts'
import { type HttpStatus, readStatus } from './refusal-status.ts'

/** What to do after a refused upgrade. */
export interface Refusal {
  /** Whether another transport could fare better, or this answer would come again. */
  readonly next: 'transport' | 'stop'
  readonly failure: Failure
  /** The pod object is gone for good. */
  readonly podGone?: boolean
}

/** A refusal with what was asked, and its body as a Kubernetes Status if it is one. */
interface Asked {
  readonly refusal: UpgradeRefusal
  readonly transport: Transport
  readonly status: HttpStatus | undefined
  /** The Status's message, else the body; escaped. */
  readonly text: string
  readonly pod: string
}

const NODE_UNREACHABLE = /error dialing backend|no agent available/i
const POD_NOT_RUNNING = /pod not found|sandbox container is not running|is not running/i
/** The second check of servers since 1.35: no reason after the colon. */
const NEEDS_CREATE = /is forbidden:\s*$/

/** A webhook or a policy said no, with words of its own. Source: apiserver, admission/plugin/webhook/errors and plugin/policy/validating. */
const ADMISSION = /^admission webhook .* denied the request|ValidatingAdmissionPolicy .* denied request|^admission webhook .* does not support/i
/** The runtime's list of port-forwards that wait is full. Source: kubelet, cri/streaming/errors.go. */
const RUNTIME_BUSY = /maximum number of in-flight requests exceeded/i

/** Classifies any answer to an upgrade but a good 101. */
export function classifyRefusal(refusal: UpgradeRefusal, transport: Transport, pod: PodRef): Refusal {
  const status = readStatus(refusal.body)
  const text = escapeForeign(status?.message ?? refusal.body)
  const asked = { refusal, transport, status, text, pod: `pod "${pod.namespace}/${pod.name}"` }
  // A webhook answers with any code of 4xx that it likes.
  if (status !== undefined && refusal.status >= 400 && refusal.status < 500 && ADMISSION.test(status.message)) return denied(asked)
  const rule = rules[refusal.status]
  return rule ? rule(asked) : otherwise(asked)
}

/** No other transport would fare better: each asks the same webhooks. */
function denied({ text, pod }: Asked): Refusal {
  return { next: 'stop', failure: failure('KPF_ADMISSION_DENIED', `the cluster denies port-forwards to ${pod}: ${text}`, { hint: hints.KPF_ADMISSION_DENIED }) }
}

/** What to do, where the answer itself does not say it. */
const hints = {
  KPF_ADMISSION_DENIED: 'ask who runs that webhook or policy; no role helps',
  KPF_AUTH_REFUSED: 'log in again, then kpf goes on by itself',
  KPF_CLUSTER_BUSY: 'nothing to do: kpf waits as asked',
  KPF_CLUSTER_TIMEOUT: 'check the network or VPN',
  KPF_FORBIDDEN: 'ask for a role that allows it',
  KPF_NODE_UNREACHABLE: 'check the node: kubectl get nodes; and the agents that tunnel to it, if the control plane uses them (konnectivity)',
  KPF_POD_NOT_RUNNING: 'see: kubectl describe pod',
  KPF_STREAM_REFUSED: 'check the remote port, and that the program in the pod is up',
  KPF_STREAM_RESET: 'see: kubectl logs',
  KPF_STREAM_TIMEOUT: 'check the node and its container runtime',
  KPF_TRANSPORT_REFUSED: 'leave transport at auto, or ask who runs the proxy before the server to pass upgrades',
} as const satisfies Partial<Record<FailureCode, string>>

function hintOf(code: FailureCode): { readonly hint?: string } {
  const found = Object.entries(hints).find(([name]) => name === code)?.[1]
  return found === undefined ? {} : { hint: found }
}

/** One rule a status code; what is not here is for {@link otherwise}. */
const rules: Readonly<Record<number, (asked: Asked) => Refusal>> = {
  101: nextTransport,
  200: nextTransport,
  400: badRequest,
  401: (asked) => stop('KPF_AUTH_REFUSED', asked, 'credentials refused'),
  403: forbidden,
  404: notFound,
  405: nextTransport,
  408: (asked) => stop('KPF_CLUSTER_TIMEOUT', asked, 'the API server gave up waiting'),
  426: nextTransport,
  429: busy,
  500: serverError,
  501: nextTransport,
  502: gateway,
  503: busy,
  504: gateway,
}

function badRequest(asked: Asked): Refusal {
  if (asked.status === undefined) return nextTransport(asked)
  if (/does not have a host assigned/.test(asked.text)) return stop('KPF_POD_NOT_RUNNING', asked, `${asked.pod} has no node yet`)
  // A proxy took the Upgrade header away.
  if (/upgrade request required/i.test(asked.text)) return nextTransport(asked)
  return stop('KPF_CLUSTER_ERROR', asked, 'the API server refused the request')
}

function forbidden(asked: Asked): Refusal {
  const { refusal, status, transport } = asked
  if ('x-accepted-stream-protocol-versions' in refusal.headers) return nextTransport(asked)
  // An old server that was offered a subprotocol it does not know: says nothing at all, so it is no RBAC.
  if (status === undefined && refusal.body.trim() === '' && transport !== 'spdy') return nextTransport(asked)
  if (status === undefined) return stop('KPF_FORBIDDEN', asked, 'forbidden')
  if (transport !== 'spdy' && /cannot get resource/.test(asked.text)) {
    return { next: 'transport', failure: needs('get and create', asked) }
  }
  if (/cannot create resource/.test(asked.text) || NEEDS_CREATE.test(status.message)) return { next: 'stop', failure: needs('create', asked) }
  return stop('KPF_FORBIDDEN', asked, 'forbidden')
}

function needs(verbs: string, asked: Asked): Failure {
  return failure('KPF_FORBIDDEN', `forbidden: needs ${verbs} on pods/portforward for ${asked.pod}`, {
    hint: 'ask for a role with the verbs get and create on pods/portforward',
  })
}

function notFound(asked: Asked): Refusal {
  if (asked.status === undefined) {
    // A kubelet that has just come back does not know its pods for about a second.
    const isTransient = /pod does not exist/i.test(asked.text)
    return isTransient ? stop('KPF_NODE_UNREACHABLE', asked, `the node does not know ${asked.pod} yet`) : nextTransport(asked)
  }
  if (/could not find the requested resource/.test(asked.text)) return stop('KPF_CLUSTER_ERROR', asked, 'not the API of a Kubernetes server')
  return { ...stop('KPF_POD_GONE', asked, `${asked.pod} is gone`), podGone: true }
}

function serverError(asked: Asked): Refusal {
  if (NODE_UNREACHABLE.test(asked.text)) return stop('KPF_NODE_UNREACHABLE', asked, `the control plane cannot reach the node of ${asked.pod}`)
  if (POD_NOT_RUNNING.test(asked.text)) return stop('KPF_POD_NOT_RUNNING', asked, `${asked.pod} is not running on its node`)
  return otherwise(asked)
}

/** 429 and 503: never a reason to ask again in another way. */
function busy(asked: Asked): Refusal {
  const seconds = Number(asked.refusal.headers['retry-after'] ?? asked.status?.retryAfterSeconds)
  const { failure: busyFailure } = NODE_UNREACHABLE.test(asked.text)
    ? stop('KPF_NODE_UNREACHABLE', asked, `the control plane cannot reach the node of ${asked.pod}`)
    : stop(
        'KPF_CLUSTER_BUSY',
        asked,
        RUNTIME_BUSY.test(asked.text) ? `the node of ${asked.pod} has too many port-forwards waiting` : 'the API server asks for patience',
      )
  return { next: 'stop', failure: seconds > 0 ? { ...busyFailure, retryAfterMs: seconds * 1000 } : busyFailure }
}

/** 502 and 504: a page of some proxy may hide that it does not pass upgrades; the class stays retryable. */
function gateway(asked: Asked): Refusal {
  const isPage = asked.refusal.body.trim() === '' || /^\s*<|text\/html/i.test(`${asked.refusal.headers['content-type'] ?? ''}${asked.refusal.body}`)
  const answer = serverError(asked)
  return isPage && asked.status === undefined ? { ...answer, next: 'transport' } : answer
}

function otherwise(asked: Asked): Refusal {
  return stop('KPF_CLUSTER_ERROR', asked, 'the API server refused the tunnel')
}

function nextTransport(asked: Asked): Refusal {
  return {
    next: 'transport',
    failure: failure('KPF_TRANSPORT_REFUSED', `${asked.transport} is not spoken here (${answerOf(asked)})`, hintOf('KPF_TRANSPORT_REFUSED')),
  }
}

function stop(code: FailureCode, asked: Asked, what: string): Refusal {
  return { next: 'stop', failure: failure(code, `${what} (${answerOf(asked)})`, hintOf(code)) }
}

function answerOf({ refusal, text }: Asked): string {
  return text === '' ? `HTTP ${refusal.status}` : `HTTP ${refusal.status}: ${text}`
}

/** What a text on an error stream says of its connection and of the pod. */
export interface StreamRefusal {
  readonly failure: Failure
  /** The app was provably never reached: no byte of this connection went anywhere. */
  readonly neverDialled: boolean
  /** The pod's sandbox ended: whoever wants the target must look for its next pod. */
  readonly podGone: boolean
}

const SANDBOX_GONE = /network namespace for sandbox .* is closed|sandbox .* is not running|failed to find sandbox|no such (container|sandbox)/i

/** The first row whose pattern is found names what happened. */
const streamRules: readonly (readonly [RegExp, FailureCode, string, Partial<StreamRefusal>])[] = [
  [SANDBOX_GONE, 'KPF_POD_GONE', 'the pod has ended', { neverDialled: true, podGone: true }],
  // A refused read or write of a running connection says "reset", never "refused"; only the dial says this.
  [/connection refused/i, 'KPF_STREAM_REFUSED', "nothing listens on the pod's port", { neverDialled: true }],
  [/connection reset by peer/i, 'KPF_STREAM_RESET', 'the app reset the connection', {}],
  [/broken pipe|EPIPE/i, 'KPF_STREAM_RESET', 'the app closed the connection', {}],
  [/timed out waiting for streams|i\/o timeout|deadline exceeded/i, 'KPF_STREAM_TIMEOUT', "the node could not reach the pod's port in time", {}],
]

/** Classifies the text of an error stream. */
export function classifyStreamError(text: string): StreamRefusal {
  const [, code, what, more] = streamRules.find(([pattern]) => pattern.test(text)) ?? [undefined, 'KPF_STREAM_FAILED' as const, 'the connection failed', {}]
  return { neverDialled: false, podGone: false, ...more, failure: failure(code, `${what} (${escapeForeign(text)})`, hintOf(code)) }
}
