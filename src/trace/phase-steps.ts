/**
 * The steps of one request's way, made of the phases that the cluster tells; and which
 * step a failure belongs to, by the last phase before it. Pure.
 */
import type { AnswerPhase, CredentialPhase, DialPhase, RequestPhase, TlsPhase } from '../tunnel/dialer.ts'
import { escapeForeign } from '../tunnel/escape.ts'
import type { Failure } from '../tunnel/failure.ts'
import type { Facts, Party, Step, StepId } from './account.ts'
import type { Draft } from './recorder.ts'

type StepPhase = Exclude<DialPhase, RequestPhase | AnswerPhase>

/** A step without its section. */
export type PhaseDraft = Omit<Draft, 'section'>

/** What a phase of the connection looks like as a step. */
export function phaseStep(phase: StepPhase, isoTime: (ms: number) => string): PhaseDraft {
  switch (phase.kind) {
    case 'credential':
      return credentialStep(phase, isoTime)
    case 'lookup': {
      const addresses = phase.addresses.join(', ')
      return {
        id: 'dns',
        from: 'kpf',
        to: 'dns',
        what: `look up ${phase.host}`,
        answer: addresses || 'no address',
        facts: { host: phase.host, addresses: phase.addresses },
      }
    }
    case 'tcp':
      return {
        id: 'tcp',
        from: 'kpf',
        to: 'server',
        what: 'TCP connection',
        answer: hostPort(phase.address, phase.port),
        facts: { address: phase.address, port: phase.port },
      }
    case 'proxy':
      return {
        id: 'proxy',
        from: 'kpf',
        to: 'proxy',
        what: `through the ${phase.proxy} proxy ${phase.url}`,
        answer: 'connected',
        facts: { url: phase.url, kind: phase.proxy },
      }
    case 'tls':
      return tlsStep(phase, isoTime)
  }
}

function credentialStep({ credential, source, plugin, expiresMs }: CredentialPhase, isoTime: (ms: number) => string): PhaseDraft {
  const run = plugin && (plugin.from === 'run' ? `${plugin.command} was run` : `${plugin.command}, from its last run`)
  const ends = expiresMs === undefined ? '' : `, until ${isoTime(expiresMs)}`
  return {
    id: 'credential',
    from: 'kpf',
    to: plugin?.from === 'run' ? 'plugin' : 'files',
    what: `credential of ${source}`,
    answer: `${escapeForeign(run ?? credential)}${ends}`,
    facts: {
      kind: credential,
      source,
      ...(plugin && { command: plugin.command, from: plugin.from }),
      ...(expiresMs !== undefined && { expires: isoTime(expiresMs) }),
    },
  }
}

function tlsStep(phase: TlsPhase, isoTime: (ms: number) => string): PhaseDraft {
  const peer = phase.subject === '' ? '' : `, ${escapeForeign(phase.subject)}`
  const doubt = phase.verified ? '' : ', not verified'
  const facts: Facts = {
    version: phase.version,
    cipher: phase.cipher,
    ...(phase.subject !== '' && { subject: escapeForeign(phase.subject), issuer: escapeForeign(phase.issuer) }),
    ...(phase.validToMs !== undefined && { validTo: isoTime(phase.validToMs) }),
    ...(phase.serverName !== undefined && { serverName: phase.serverName }),
    resumed: phase.resumed,
    verified: phase.verified,
  }
  const what = `TLS handshake${phase.resumed ? ' (resumed)' : ''}`
  return {
    id: 'tls',
    from: 'kpf',
    to: 'server',
    what,
    answer: `${phase.version}${peer}${doubt}`,
    facts,
    ...(phase.verified ? {} : { result: 'warned' as const }),
  }
}

/** `[::1]:443` */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Headers as lines, as they may be shown. */
export function headerLines(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${escapeForeign(value)}`)
}

const byCode: Readonly<Partial<Record<Failure['code'], StepId>>> = {
  KPF_KUBECONFIG: 'credential',
  KPF_KUBECONFIG_UNSUPPORTED: 'credential',
  KPF_AUTH_PLUGIN: 'credential',
  KPF_CLUSTER_DNS: 'dns',
  KPF_PROXY_UNREACHABLE: 'proxy',
  KPF_PROXY_AUTH: 'proxy',
  KPF_PROXY_REFUSED: 'proxy',
  KPF_PROXY_GATEWAY: 'proxy',
  KPF_PROXY_URL: 'proxy',
  KPF_TLS_VERIFY: 'tls',
  KPF_TLS_FAILED: 'tls',
  KPF_FORBIDDEN: 'authorization',
}

const afterPhase: Readonly<Record<DialPhase['kind'], StepId>> = {
  credential: 'tcp',
  lookup: 'tcp',
  tcp: 'tls',
  proxy: 'tls',
  tls: 'version',
  request: 'version',
  answer: 'version',
}

/** The step in which a request failed: by its code where that says it, else the one after the last that was finished. */
export function failedStep(failure: Failure, last: DialPhase['kind'] | undefined): StepId {
  const named = byCode[failure.code]
  if (named !== undefined) return named
  // A credential that could not be had never became a phase.
  if (failure.class === 'auth') return last === undefined ? 'credential' : 'authentication'
  return last === undefined ? 'tcp' : afterPhase[last]
}

const parties: Readonly<Partial<Record<StepId, Party>>> = { credential: 'files', dns: 'dns', proxy: 'proxy' }

const failedWords: Readonly<Partial<Record<StepId, string>>> = {
  credential: 'get the credential',
  dns: "look up the server's name",
  tcp: 'TCP connection',
  proxy: 'through the proxy',
  tls: 'TLS handshake',
}

/** What a request is called that came as far as the server. */
export interface RequestStep {
  readonly id: StepId
  readonly what: string
}

/** The step in which a request failed, as it is told: the request itself, or one on the way to it. */
export function failedWay(
  failure: Failure,
  last: DialPhase['kind'] | undefined,
  request: RequestStep,
): RequestStep & { readonly from: 'kpf'; readonly to: Party } {
  const id = failedStep(failure, last)
  if (id === 'version') return { id: request.id, from: 'kpf', to: 'server', what: request.what }
  if (id === 'authentication') return { id, from: 'kpf', to: 'server', what: `${request.what}, with the credential` }
  const to = failure.code === 'KPF_AUTH_PLUGIN' ? 'plugin' : (parties[id] ?? 'server')
  return { id, from: 'kpf', to, what: failedWords[id] ?? request.what }
}

/** A TCP connection that a proxy follows on was one to the proxy. */
export function throughProxies(steps: readonly Step[]): readonly Step[] {
  return steps.map((step, index) => (step.id === 'tcp' && steps[index + 1]?.id === 'proxy' ? { ...step, to: 'proxy' } : step))
}
