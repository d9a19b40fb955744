/** What the file, the kubeconfig and the answers of the clusters mean. Pure. */
import { escapeForeign } from '../tunnel/escape.ts'
import type { ClusterFacts, Facts } from './facts.ts'
import { failed, type Finding } from './finding.ts'

const DAY_MS = 86_400_000
/** Certificates are renewed by people, tokens by programs. */
const CERTIFICATE_WARNING_MS = 7 * DAY_MS
const SERVER_WARNING_MS = 14 * DAY_MS
/** `discovery.k8s.io/v1`, which a Service without selector is followed by. */
const OLDEST_MINOR = 21

/** Findings about the forwards file. */
export function fileFindings({ file }: Pick<Facts, 'file'>): readonly Finding[] {
  const section = 'file'
  switch (file.kind) {
    case 'none':
      return [
        {
          id: 'file',
          section,
          severity: 'note',
          evidence: 'no forwards.yaml here or above: only the machine and the cluster are looked at',
          fix: 'name one with -f',
        },
      ]
    case 'read':
      return [{ id: 'file', section, severity: 'ok', about: file.shownAs, evidence: `${file.forwards} forward${file.forwards === 1 ? '' : 's'}, no problems` }]
    case 'rejected':
      return file.problems.map(({ file: name, line, column, code, message, fix, kind }) => ({
        id: 'file',
        section,
        severity: 'error',
        about: `${name}:${line}:${column}`,
        evidence: message,
        code,
        trouble: kind === 'approval' ? 'approval' : 'file',
        fix: fix ?? `see: kpf explain ${code}`,
      }))
  }
}

/** Findings about the kubeconfig: its files, its contexts, and how long the credentials last. */
export function kubeconfigFindings({
  kubeconfigs,
  contexts,
  clusters,
  timeMs,
}: Pick<Facts, 'kubeconfigs' | 'contexts' | 'clusters' | 'timeMs'>): readonly Finding[] {
  const section = 'kubeconfig'
  const files = kubeconfigs.map(({ path, state }): Finding => {
    const common = { id: 'kubeconfig', section, about: escapeForeign(path) } as const
    if (state === 'read') return { ...common, severity: 'ok', evidence: 'read' }
    if (state === 'unreadable') return { ...common, severity: 'warning', evidence: 'cannot be read', fix: `ls -l ${path}` }
    return { ...common, severity: 'note', evidence: 'is not there' }
  })
  const wrong = contexts.map(({ name, failure }) => failed(failure, { id: 'context', section, about: name }, contextFix(failure.code)))
  return [...files, ...wrong, ...clusters.flatMap((cluster) => credentialFindings(cluster, timeMs))]
}

function contextFix(code: string): string | undefined {
  return code === 'KPF_CONTEXT_UNKNOWN' ? 'see: kubectl config get-contexts; set one: kubectl config use-context NAME' : 'see: kubectl config view'
}

function credentialFindings({ contextName, credential }: ClusterFacts, timeMs: number): readonly Finding[] {
  if (credential === undefined) return []
  const common = { id: 'credential', section: 'kubeconfig', about: `context ${contextName}` } as const
  const what = `${credential.credential}, of ${escapeForeign(credential.source)}`
  const { expiresMs } = credential
  if (expiresMs === undefined) return [{ ...common, severity: 'ok', evidence: what }]
  const leftMs = expiresMs - timeMs
  const isCertificate = credential.credential === 'client certificate'
  if (leftMs <= 0) {
    const fix = isCertificate ? 'renew the certificate, or fetch the kubeconfig again' : 'log in again'
    return [{ ...common, severity: 'error', evidence: `${what}: ended ${spanText(-leftMs)} ago`, code: 'KPF_AUTH_REFUSED', trouble: 'auth', fix }]
  }
  const isSoon = isCertificate && leftMs < CERTIFICATE_WARNING_MS
  return [{ ...common, severity: isSoon ? 'warning' : 'ok', evidence: `${what}: ends in ${spanText(leftMs)}`, ...(isSoon && { fix: 'renew the certificate' }) }]
}

/** Findings about each cluster. */
export function clusterFindings({ clusters, timeMs }: Pick<Facts, 'clusters' | 'timeMs'>): readonly Finding[] {
  return clusters.flatMap((cluster) => [...reach(cluster), ...proxy(cluster), ...tls(cluster, timeMs), ...identity(cluster)])
}

function aboutOf({ contextName }: ClusterFacts): { readonly section: 'cluster'; readonly about: string } {
  return { section: 'cluster', about: `context ${contextName}` }
}

function reach(cluster: ClusterFacts): readonly Finding[] {
  const { version, server, contextName } = cluster
  const common = { id: 'server', ...aboutOf(cluster) }
  if (version.kind === 'version') {
    const old = version.minor !== undefined && version.minor < OLDEST_MINOR
    const evidence = `${server} answers, ${version.text}`
    return [
      old
        ? { ...common, severity: 'warning', evidence: `${evidence}, which is older than what kpf is tried on`, fix: 'upgrade the cluster' }
        : { ...common, severity: 'ok', evidence },
    ]
  }
  // Whoever may not ask for the version has reached the server all the same.
  if (version.code === 'KPF_FORBIDDEN') return [{ ...common, severity: 'note', evidence: `${server} answers, and does not tell its version to this user` }]
  return [failed(version, common, `see: kubectl --context ${contextName} get --raw /version; kpf explain ${version.code}`)]
}

function proxy(cluster: ClusterFacts): readonly Finding[] {
  return cluster.proxy === undefined
    ? []
    : [
        {
          id: 'proxy',
          ...aboutOf(cluster),
          severity: 'note',
          evidence: `the way goes through the proxy ${escapeForeign(cluster.proxy.url)} of ${cluster.proxy.from}`,
        },
      ]
}

function tls(cluster: ClusterFacts, timeMs: number): readonly Finding[] {
  const { tls: seen } = cluster
  if (seen === undefined) return []
  const common = { id: 'tls', ...aboutOf(cluster) }
  if (!seen.verified)
    return [
      {
        ...common,
        severity: 'warning',
        evidence: "the server's certificate is not verified",
        code: 'KPF_CLUSTER',
        fix: 'give the cluster its certificate-authority instead of insecure-skip-tls-verify',
      },
    ]
  const leftMs = (seen.validToMs ?? Number.POSITIVE_INFINITY) - timeMs
  const ends = Number.isFinite(leftMs) ? `, its certificate ends in ${spanText(leftMs)}` : ''
  const isSoon = leftMs < SERVER_WARNING_MS
  return [
    {
      ...common,
      severity: isSoon ? 'warning' : 'ok',
      evidence: `${seen.version}, verified${ends}`,
      ...(isSoon && { fix: 'whoever runs the cluster must renew it' }),
    },
  ]
}

function identity(cluster: ClusterFacts): readonly Finding[] {
  const { self, version, contextName } = cluster
  const common = { id: 'identity', ...aboutOf(cluster) }
  // A server that is away has said so already.
  if (self.kind === 'failure' && version.kind === 'failure' && version.code === self.code) return []
  // Servers before 1.28 do not know the question.
  if (self.kind === 'failure' && self.code !== 'KPF_AUTH_REFUSED')
    return [{ ...common, severity: 'note', evidence: `the server does not say who the user is (${self.message})` }]
  if (self.kind === 'failure') return [failed(self, common, `see: kubectl --context ${contextName} auth whoami`)]
  if (self.user === 'system:anonymous')
    return [{ ...common, severity: 'warning', evidence: 'the server knows nobody: system:anonymous', fix: 'give the context a user in the kubeconfig' }]
  return [{ ...common, severity: 'ok', evidence: `the user is ${self.user}` }]
}

/** `3 days`, `5 h`, `12 min`. */
function spanText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  if (minutes < 120) return `${minutes} min`
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60 / 24)} days`
}
