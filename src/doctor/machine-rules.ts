/** What the machine's facts mean for the forwards. Pure. */
import { escapeForeign } from '../tunnel/escape.ts'
import type { ClusterFacts, MachineFacts, PortFacts } from './facts.ts'
import type { Finding } from './finding.ts'

/** Fewer open files than this, and a page of a browser may use them up. */
const FEW_DESCRIPTORS = 1_024
/** What Linux gave before 5.11, and editors use up (kernel, fs/notify/inotify/inotify_user.c). */
const FEW_WATCHES = 8_192
const FEW_INSTANCES = 128
/** API servers give tokens a leeway of a minute at most. */
const SKEW_MS = 60_000

/** A finding about the machine. */
export type Draft = Omit<Finding, 'section'>

/** All findings about the machine. */
export function machineFindings(machine: MachineFacts, clusters: readonly ClusterFacts[]): readonly Finding[] {
  const drafts: readonly Draft[] = [
    ...supervisor(machine),
    ...ports(machine.ports),
    descriptors(machine),
    ...ipv6(machine),
    ...inotify(machine),
    ...clock(clusters),
    ...program(machine),
    ...machine.aliases.map(alias),
  ]
  return drafts.map((draft) => ({ ...draft, section: 'machine' }))
}

function supervisor({ silentPid }: MachineFacts): readonly Draft[] {
  if (silentPid === undefined) return []
  const evidence = `the project runs (pid ${silentPid}), and does not answer: what it shows and serves may stand still`
  return [{ id: 'supervisor', severity: 'warning', evidence, fix: `if it stays so: kill ${silentPid}, then kpf up` }]
}

function ports(all: readonly PortFacts[]): readonly Draft[] {
  const wanted = all.filter(({ errno, ifPresent }) => !(ifPresent && errno === 'EADDRNOTAVAIL'))
  const bad = badPorts(all)
  const ours = wanted.filter(({ isOurs }) => isOurs).length
  const free = wanted.filter(({ errno }) => errno === undefined).length
  const running =
    ours === 0 ? '' : `${free > 0 ? ', and ' : ''}${ours}${free > 0 ? '' : ` of ${wanted.length} local endpoints`} held by this project, which runs`
  const evidence = `${free > 0 ? `${free} of ${wanted.length} local endpoints are free` : ''}${running}`
  return [...(evidence === '' ? [] : [{ id: 'local-port', severity: 'ok' as const, evidence }]), ...bad.map(portDraft)]
}

/** Endpoints that cannot be had: not those that the machine lacks and need not have, nor those that the project has itself. */
export function badPorts(all: readonly PortFacts[]): readonly PortFacts[] {
  return merged(all.filter(({ errno, ifPresent, isOurs }) => errno !== undefined && !isOurs && !(ifPresent && errno === 'EADDRNOTAVAIL')))
}

/** One program on 127.0.0.1 and ::1 is one finding. */
function merged(bad: readonly PortFacts[]): readonly PortFacts[] {
  const seen = new Set<string>()
  return bad.filter(({ forward, port, errno, holder }) => {
    const key = JSON.stringify([forward, port, errno, holder?.pid])
    const isNews = !seen.has(key)
    seen.add(key)
    return isNews
  })
}

/** What is wrong with an endpoint, and what helps. */
export function portDraft({ forward, place, address, port: number, errno, holder }: PortFacts): Draft & { readonly code: string; readonly fix: string } {
  const endpoint = address.includes(':') ? `[${address}]:${number}` : `${address}:${number}`
  const common = { id: 'local-port', severity: 'error', about: forward, trouble: 'bind' } as const
  const where = place === undefined ? 'choose another local port' : `choose another localPort (${place})`
  if (errno === 'EADDRINUSE') {
    const by = holder === undefined ? 'another program' : `${escapeForeign(holder.command)} (pid ${holder.pid})`
    const stop = holder === undefined ? `find it: ss -ltnp 'sport = :${number}'` : `stop it: kill ${holder.pid}`
    return { ...common, evidence: `${endpoint} is used by ${by}`, code: 'KPF_PORT_BUSY', fix: `${stop}; or ${where}` }
  }
  const why = errno === 'EACCES' ? 'not permitted (EACCES)' : errno === 'EADDRNOTAVAIL' ? 'this machine does not have that address' : `${errno}`
  const fix = errno === 'EADDRNOTAVAIL' ? 'see the addresses of this machine: ip address' : where
  return { ...common, evidence: `cannot listen on ${endpoint}: ${why}`, code: 'KPF_BIND_REFUSED', fix }
}

function descriptors({ descriptors: limit }: MachineFacts): Draft {
  const id = 'open-files'
  if (limit === undefined) return { id, severity: 'note', evidence: 'the limit of open files cannot be told here' }
  const number = Number(limit)
  if (Number.isNaN(number) || number >= FEW_DESCRIPTORS) return { id, severity: 'ok', evidence: `open files: ${limit} at most` }
  return {
    id,
    severity: 'warning',
    evidence: `open files: ${limit} at most, which is few`,
    code: 'KPF_CONNECTIONS_HIGH',
    fix: `ulimit -n ${FEW_DESCRIPTORS * 4}`,
  }
}

function ipv6({ hasIpv6Loopback }: MachineFacts): readonly Draft[] {
  if (hasIpv6Loopback) return [{ id: 'ipv6', severity: 'ok', evidence: 'there is an IPv6 loopback: localhost is 127.0.0.1 and ::1' }]
  return [{ id: 'ipv6', severity: 'note', evidence: 'there is no IPv6 loopback: localhost is 127.0.0.1 alone' }]
}

function inotify({ inotify: limits }: MachineFacts): readonly Draft[] {
  const low = [
    ['max_user_watches', FEW_WATCHES],
    ['max_user_instances', FEW_INSTANCES],
  ] as const
  return low.flatMap(([name, least]): readonly Draft[] => {
    const value = limits[name]
    if (value === undefined || value >= least) return []
    const fix = `sudo sysctl fs.inotify.${name}=${least * 8}`
    return [{ id: 'inotify', severity: 'warning', evidence: `fs.inotify.${name} is ${value}: edits of the file may be seen late`, code: 'KPF_WATCH', fix }]
  })
}

function clock(clusters: readonly ClusterFacts[]): readonly Draft[] {
  const told = clusters.flatMap(({ contextName, skewMs }) => (skewMs === undefined ? [] : [{ contextName, skewMs }]))
  const [worst] = told.toSorted((a, b) => Math.abs(b.skewMs) - Math.abs(a.skewMs))
  if (worst === undefined) return []
  const seconds = Math.round(Math.abs(worst.skewMs) / 1_000)
  if (Math.abs(worst.skewMs) < SKEW_MS) return [{ id: 'clock', severity: 'ok', evidence: 'the clock agrees with that of the API servers' }]
  const direction = worst.skewMs > 0 ? 'behind' : 'ahead of'
  const evidence = `the clock is ${seconds} s ${direction} the API server of context ${worst.contextName}: tokens and certificates may be refused`
  return [{ id: 'clock', severity: 'warning', evidence, fix: 'set it: sudo timedatectl set-ntp true' }]
}

function program({ programs, self }: MachineFacts): readonly Draft[] {
  const [first] = programs
  if (first === undefined || first === self) return []
  const fix = `put the directory of ${self} first in PATH, or remove the other: rm ${first}`
  return [{ id: 'path', severity: 'warning', evidence: `another program named kpf comes first in PATH: ${escapeForeign(first)}`, fix }]
}

function alias({ file, kind }: MachineFacts['aliases'][number]): Draft {
  if (kind === 'alias')
    return {
      id: 'alias',
      severity: 'warning',
      evidence: `${escapeForeign(file)} makes kpf an alias of something else`,
      fix: 'unalias kpf, and remove it there',
    }
  const evidence = `${escapeForeign(file)} loads the kubectl plugin of Oh My Zsh, in which kpf is "kubectl port-forward"`
  return { id: 'alias', severity: 'note', evidence, fix: 'if kpf answers like kubectl: unalias kpf, below that line' }
}
