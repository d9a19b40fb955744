/** The upgrade of a trace: each transport in its turn, with what was asked and answered. */
import type { Cluster } from '../cluster/cluster-api.ts'
import { withRoleHint } from '../cluster/role-hint.ts'
import type { Clock } from '../system/clock.ts'
import type { DialPhase, PodRef, Transport, Upgraded } from '../tunnel/dialer.ts'
import { type Failure, failure } from '../tunnel/failure.ts'
import { transportOrder } from '../tunnel/negotiate.ts'
import { classifyRefusal } from '../tunnel/refusals.ts'
import type { Facts } from './account.ts'
import { failedWay, headerLines, phaseStep } from './phase-steps.ts'
import type { Recorder } from './recorder.ts'

/** What the upgrade needs. */
export interface EstablishmentParts {
  readonly cluster: Cluster
  readonly recorder: Recorder
  readonly isoTime: (ms: number) => string
  readonly clock: Clock
  readonly pod: PodRef
  readonly podPort: number
  readonly dialMs: number
  readonly mode: 'auto' | Transport
  /** What `kpf rbac` is asked for, to get the roles that are missing. */
  readonly rbacWords: string
  readonly signal: AbortSignal
}

/** How a transport is named to people. */
export const transportNames: Readonly<Record<Transport, string>> = { websocket: 'SPDY inside WebSocket', spdy: 'SPDY/3.1', channel: 'WebSocket channels' }

/** The upgraded connection, or undefined when no transport was taken. */
export async function traceEstablishment(parts: EstablishmentParts): Promise<Upgraded | undefined> {
  const order = transportOrder(parts.mode, undefined)
  for (const [index, transport] of order.entries()) {
    const answer = await attempt(transport, index === order.length - 1, parts)
    if (answer !== 'next') return answer
  }
  return undefined
}

async function attempt(transport: Transport, isLast: boolean, parts: EstablishmentParts): Promise<Upgraded | undefined | 'next'> {
  const { cluster, pod, podPort, recorder } = parts
  const facts: { [name: string]: Facts[string] } = { transport }
  let sinceMs = recorder.atMs
  let last: DialPhase['kind'] | undefined
  const onPhase = (phase: DialPhase): void => {
    last = phase.kind
    if (phase.kind === 'request')
      Object.assign(facts, { method: phase.method, path: phase.path, request: headerLines(phase.headers), reusedConnection: phase.reused })
    else if (phase.kind === 'answer')
      Object.assign(facts, {
        status: phase.status,
        answer: headerLines(phase.headers),
        ...(phase.subprotocol !== undefined && { subprotocol: phase.subprotocol }),
      })
    else if (phase.kind !== 'credential' && phase.kind !== 'lookup') recorder.add({ ...phaseStep(phase, parts.isoTime), section: 'establishment' }, sinceMs)
    if (phase.kind !== 'answer') sinceMs = recorder.atMs
  }
  const ports = transport === 'channel' ? { ports: [podPort] } : {}
  const over = new AbortController()
  const signal = AbortSignal.any([parts.signal, over.signal])
  void parts.clock.sleep(parts.dialMs, signal).then((isLate) => isLate && over.abort())
  const answer = await cluster.dialer.open({ pod, transport, ...ports, onPhase, signal })
  const step = {
    id: 'upgrade',
    section: 'establishment',
    from: 'kpf',
    to: 'server',
    what: `${transport === 'spdy' ? 'POST' : 'GET'} portforward, upgrade to ${transportNames[transport]}`,
    facts,
  } as const
  if (answer.kind === 'upgraded') {
    // The connection outlives this wait.
    over.abort()
    recorder.add({ ...step, answer: `101${facts['subprotocol'] === undefined ? '' : ` ${String(facts['subprotocol'])}`}` }, sinceMs)
    return answer
  }
  const refused = answer.kind === 'refused' ? classifyRefusal(answer, transport, pod) : { next: 'stop' as const, failure: late(answer, over.signal, parts) }
  over.abort()
  const goesOn = refused.next === 'transport' && !isLast
  const at = answer.kind === 'refused' ? step : { ...step, ...failedWay(refused.failure, last, step) }
  recorder.add(
    {
      ...at,
      ...(answer.kind === 'refused' && { answer: `${answer.status}` }),
      failure: withRoleHint(refused.failure, parts.rbacWords),
      ...(goesOn && { result: 'warned' as const }),
    },
    sinceMs,
  )
  return goesOn ? 'next' : undefined
}

function late(why: Failure, over: AbortSignal, { dialMs }: EstablishmentParts): Failure {
  return over.aborted ? failure('KPF_CLUSTER_TIMEOUT', `no answer to the upgrade within ${dialMs / 1000} s`) : why
}
